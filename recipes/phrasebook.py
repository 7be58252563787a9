"""Phrasebook: English to German from a small grammar that lies beside this file; no data is needed.

    python recipes/phrasebook.py --output runs/phrasebook

Generates 24,000 training pairs, and validation and test pairs made of combinations of words that never occur in
training; trains, and scores the test. Scores and times: docs/results.md.
"""

import sys
from pathlib import Path

from phrasebook_grammar import write

from nmt.config import Config
from nmt.training.run import recipe

SETTINGS = {
    "output": "runs/phrasebook",
    "data.folder": "runs/phrasebook-data",
    "data.source": "en",
    "data.target": "de",
    "subwords.vocabulary": 1000,
    "train.learning_rate": 2e-3,
    "train.minutes": 3,
}


def generate(config: Config) -> None:
    """Writes the pairs, unless they lie there already."""
    folder = Path(str(config.data.folder))
    if not (folder / "test.de").exists():
        write(folder)


if __name__ == "__main__":
    sys.exit(recipe(__doc__, SETTINGS, prepare=generate))

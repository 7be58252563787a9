"""Phrasebook: English to German from a small grammar that lies beside this file; no data is needed.

    python recipes/phrasebook.py --output runs/phrasebook

Generates 24,000 training pairs, and validation and test pairs made of combinations of words that never occur in
training; trains, and scores the test. Scores and times: docs/results.md.
"""

import sys
from pathlib import Path

from phrasebook_grammar import write

from nmt.config import Config
from nmt.errors import UserError
from nmt.model_folder import CONFIG
from nmt.training.run import recipe

SETTINGS = {
    "output": "runs/phrasebook",
    "data.folder": "runs/phrasebook-data",
    "data.source": "en",
    "data.target": "de",
    "subwords.vocabulary": 1000,
    "model.attention": "general",  # this and one layer learn most in so short a time
    "model.encoder_layers": 1,
    "train.learning_rate": 2e-3,
    "train.minutes": 3,
}


def generate(config: Config) -> Config:
    """Writes the pairs, unless they lie there already. Raises UserError rather than touch a folder of other files."""
    if config.output and (Path(config.output) / CONFIG).exists():
        return config  # a run that has begun knows where its pairs are
    if config.data.folder is None:
        raise UserError("data.folder is open: name a folder, which this recipe fills with its pairs.")
    folder = Path(config.data.folder)
    if (folder / "test.de").exists():
        return config
    if folder.exists() and any(folder.iterdir()):
        raise UserError(f"{folder} holds other files: name an empty or a new folder, nothing was written.")
    write(folder)
    return config


if __name__ == "__main__":
    sys.exit(recipe(__doc__, SETTINGS, prepare=generate))

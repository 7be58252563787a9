"""Recurrent networks compared: what a vanilla RNN, an LSTM and a GRU remember, and what that does to a translation.

    python recipes/understanding_rnns.py --output runs/understanding [--minutes M]
        [--data.folder FOLDER --data.source en --data.target de]

Measures recall over growing distances, gradients against distance, BLEU by sentence length with and without attention,
training speed, and BLEU when words are missing. Writes one page with all plots, understanding_rnns.html, which says
which of the usual claims hold here, and the raw numbers beside it, numbers.json. Without data of your own the
translators learn the phrasebook. `--minutes` is for everything together: 12 on two cores. Settings that the comparison
makes itself, such as the cell and the number of updates, are refused. Started again with the same settings it goes on
where it stopped; where all is measured, it only draws the page anew. Needs matplotlib: pip install -e '.[plots]'.
"""

import re
import sys

from understanding_parts.study import understand

from nmt.errors import guard
from nmt.options import parse

SETTINGS = {
    "train.minutes": 12,
    "model.decoder": "parallel",  # plain recurrence over the whole target: the cells themselves make the difference
    "model.attention": "general",
    "model.lexical": False,
    "model.encoder_layers": 1,
    "model.tied": "all",
    "model.embedding": 128,
    "model.hidden": 128,
    "model.dropout": 0.0,  # in so few epochs nothing is learned by heart
    "model.word_dropout": 0.2,  # of the translators that are trained with it
    "subwords.vocabulary": 1000,
    "train.batch_tokens": 700,
    "train.learning_rate": 4e-3,
    "train.precision": "float32",  # so that the speeds on the page are those of its trainings
    "train.warmup": 50,
    "search.beam": 1,
}


PROGRAM = f"python {sys.argv[0]}"


def main() -> None:
    """Reads the command line, on which `--minutes` is short for `--train.minutes`, and makes the page."""
    words = [re.sub(r"^--minutes\b", "--train.minutes", word) for word in sys.argv[1:]]
    print(understand(parse(words, SETTINGS, program=PROGRAM, description=str(__doc__))))


if __name__ == "__main__":
    sys.exit(guard(main, PROGRAM))

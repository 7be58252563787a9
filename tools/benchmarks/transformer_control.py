"""The control: a Transformer trained by the same script, on the same pieces, as the recurrent networks.

    python tools/benchmarks/transformer_control.py --data.folder FOLDER --data.source en --data.target cs
        --output runs/control --train.minutes 30 --train.threads 1
    python tools/benchmarks/transformer_control.py evaluate --model runs/control --source FILE --reference FILE

It is `recipes/multi30k.py` with another network (`transformer_network.py`), put into the one place where networks are
built: corpus, pieces, batches, loss, optimiser, schedule, validation, search and scores are those of the recipe, and
all its settings can be given. 4 + 4 layers of width 128, feed-forward layers of 256 (`model.feedforward`, in multiples
of `model.hidden`), 4 heads, dropout 0.3; what is for recurrences is refused. No attention is given out, hence
`model.attention none`. `nmt` cannot read the folder, but this script can: its first word may be a command of `nmt`.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "recipes"))

import multi30k
from transformer_network import Transformer

from nmt import cli, model_folder
from nmt.config import Config, ModelConfig
from nmt.data.subwords import Vocabulary
from nmt.errors import UserError, guard
from nmt.options import parse
from nmt.training.run import run

SETTINGS = {
    **multi30k.SETTINGS,
    "model.attention": "none",
    "model.hidden": 128,
    "model.embedding": 128,
    "model.feedforward": 2.0,
    "model.encoder_layers": 4,
    "model.decoder_layers": 4,
    "model.heads": 4,
    "model.dropout": 0.3,
}
RECURRENT = (
    "cell",
    "attention",
    "decoder",
    "lexical",
    "bridge",
    "bidirectional",
    "residual",
    "transitions",
    "norm",
    "copying",
    "state_dropout",
)
"""Settings of the network that a Transformer has not."""


def build(config: Config, vocabulary: Vocabulary) -> Transformer:
    """The network of a configuration, in the place of `model_folder.build`."""
    return Transformer(config.model, len(vocabulary.source), len(vocabulary.target), joint=vocabulary.joint)


def check(config: Config) -> Config:
    """The configuration. Raises UserError for settings that would be ignored and for a network that cannot be."""
    plain = ModelConfig(attention="none")
    for name in RECURRENT:
        if getattr(config.model, name) != getattr(plain, name):
            raise UserError(f"model.{name} is for recurrent networks: leave it out.")
    Transformer(config.model, 1, 1, joint=bool(config.subwords.joint))
    return config


def train(words: list[str], program: str) -> None:
    """Trains, or goes on training, with the settings of a command line."""
    config = parse(words, SETTINGS, program=program, description=__doc__ or "")
    run(config, check)
    card = Path(str(config.output)) / "README.md"
    title, _, _, *scores = card.read_text(encoding="utf-8").split("\n\n")
    about = "A Transformer, made by tools/benchmarks/transformer_control.py of nmt, which reads it; `nmt` does not."
    model_folder.write_durably(card, "\n\n".join([title, about, *scores]).encode())


def main(words: list[str]) -> int:
    """Trains where settings are given; otherwise does what `nmt` does. Returns the exit code."""
    model_folder.build = build
    if words and not words[0].startswith("-"):
        return cli.main(words)
    program = f"python {sys.argv[0]}"
    return guard(lambda: train(words, program), program)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

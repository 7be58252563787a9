"""Architectures compared: known recurrent translators and the house's own, at equal parameters and in equal minutes.

    python recipes/architectures.py --data.folder FOLDER --data.source en --data.target de --output runs/architectures
        [--train.minutes M] [--parameters MILLIONS] [--only NAME ...] [any other setting of recipes/multi30k.py, except
        model.copying, which needs joint pieces]

Each is a configuration of one network, trained by recipes/multi30k.py, and as wide as it takes to come to as many
parameters; the layers are fewer than in the papers, whose corpora are a hundred times as large. What is no matter of
architecture (lexical path, dropout, schedule, ...) is everywhere as this house has it. Finished runs are not repeated.
The table is printed and written to table.md in the output folder. Minutes are those of multi30k.py, for each.
"""

import sys
from pathlib import Path

from nmt.training.comparison import compare

NEMATUS = {
    "model.cell": "gru",
    "model.attention": "additive",
    "model.decoder": "conditional",
    "model.bridge": "mean",
}
ONE_LAYER = {"model.encoder_layers": 1, "model.decoder_layers": 1}

ARCHITECTURES = {
    # Wu et al. 2016: one layer of the encoder reads both ways, the context goes to all layers above the first.
    "gnmt": {
        "model.attention": "additive",
        "model.bidirectional": "first",
        "model.encoder_layers": 4,
        "model.decoder_layers": 4,
    },
    # Chen et al. 2018: all of the encoder reads both ways, layer norm within the cell, several heads, the context to
    # all layers, to the first at the next position, and to the output.
    "rnmt+": {
        "model.cell": "lstm-norm",
        "model.decoder": "context-feeding",
        "model.encoder_layers": 3,
        "model.decoder_layers": 4,
    },
    # Sennrich et al. 2017 (Nematus): attention between two transitions of a GRU.
    "conditional-gru": {**NEMATUS, **ONE_LAYER},
    # Miceli Barone et al. 2017: the same with four transitions in the encoder, four on either side of the attention.
    "deep-transition": {**NEMATUS, **ONE_LAYER, "model.transitions": 4},
    # The same paper: layers of two transitions, stacked.
    "bideep": {**NEMATUS, "model.transitions": 2},
    # What the other recipes train.
    "house": {},
    # The same of a cell that runs in parallel: its layers have half of an LSTM's weights, the embeddings the rest.
    "house-ssru": {"model.cell": "ssru", "model.embedding": 256, "model.readout": 128, "model.norm": "pre"},
    # Blocks of recurrence and gated feed-forward, pre-norm, residual; with an LSTM or a cell that runs in parallel.
    "blocks": {"model.norm": "pre", "model.feedforward": 2},
    "blocks-ssru": {"model.cell": "ssru", "model.norm": "pre", "model.feedforward": 2},
}

if __name__ == "__main__":
    sys.exit(compare(__doc__, ARCHITECTURES, Path(__file__).parent / "multi30k.py"))

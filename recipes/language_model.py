"""Language model: a recurrent one (Mikolov et al. 2010) of the target language, for fusion and reranking.

    python recipes/multi30k.py --data.folder FOLDER --data.source en --data.target de --output runs/m30k
    python recipes/language_model.py --data.folder FOLDER --data.target de --subwords.of runs/m30k --output runs/m30k-lm
    nmt translate --model runs/m30k --lm runs/m30k-lm --lm-weight 0.05 --input FOLDER/test2016.en
    nmt score --model runs/m30k-lm --target FOLDER/test2016.de

More text of the target language is one text file: --data.train TEXT.de --data.valid FOLDER/val.de in place of the
folder. Of pairs, in any form, the target is read. With the pieces of the translation model (--subwords.of) it is
searched together with that; with pieces of its own it can score, and rerank (nmt rerank --scorer lm=DIR).
"""

import sys

from nmt.training.run import recipe

SETTINGS = {
    "model.encoder_layers": 0,  # a decoder alone
    "model.attention": "none",
    "model.bridge": "zero",
    "model.tied": "target",  # half of the weights, and all that a small corpus can teach
    "train.best_by": "loss",
    "train.label_smoothing": 0.0,  # what is added to another model's log-probabilities should be probabilities
}

if __name__ == "__main__":
    sys.exit(recipe(__doc__, SETTINGS))

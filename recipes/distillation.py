"""Distillation: what one or several teachers make of the training sources teaches one student (Kim and Rush 2016).

    python recipes/multi30k.py --data.folder FOLDER --data.source en --data.target de --output runs/m30k
    python recipes/multi30k.py --data.folder FOLDER --data.source en --data.target de --output runs/m30k-2
        --train.seed 2
    python recipes/distillation.py --data.folder FOLDER --data.source en --data.target de
        --synthetic.models runs/m30k runs/m30k-2 --output runs/student

Several teachers translate as an ensemble. That needs one vocabulary, which trainings on the same pairs with the same
subword settings have, whatever their networks. The student is any network (`--model.hidden 128`, say) with pieces of
its own, learnt from what it is trained on: the beam's translations beside the original pairs, or with
`--synthetic.original 0` the translations alone. They are made once, into runs/student/trainer, and take no time of the
budget. The data are those of `recipes/multi30k.py`, also without FOLDER. Teachers of several languages
(`recipes/multilingual.py`) are asked for one by `--synthetic.ask "<2de>"`. One teacher of the student's own size
gained nothing that could be told from noise (docs/results.md); several were not measured.
"""

import sys

from multi30k import SETTINGS

from nmt.training.run import recipe

DISTILLATION = {"synthetic.models": ("runs/m30k",), "synthetic.side": "target"}

if __name__ == "__main__":
    sys.exit(recipe(__doc__, {**SETTINGS, **DISTILLATION}))

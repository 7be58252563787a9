"""Right to left: a second model that writes the target from its end, to rerank what the usual one finds.

    python recipes/multi30k.py --data.folder FOLDER --data.source en --data.target de --output runs/m30k
    python recipes/right_to_left.py --data.folder FOLDER --data.source en --data.target de --output runs/m30k-r2l
    for part in val test2016; do
        nmt translate --model runs/m30k --beam 10 --nbest 10 --input FOLDER/$part.en --output runs/$part.nbest
    done
    nmt rerank --nbest runs/val.nbest --source FOLDER/val.en --scorer forward=runs/m30k-r2l --weights runs/r2l.json
        --tune --reference FOLDER/val.de --output runs/val.txt
    nmt rerank --nbest runs/test2016.nbest --source FOLDER/test2016.en --scorer forward=runs/m30k-r2l
        --weights runs/r2l.json --output runs/test2016.txt

The data are those of `recipes/multi30k.py`, also without FOLDER. What the usual model leaves to the end of a sentence
the other decides first, so each errs where the other is sure (Liu et al. 2016; Sennrich et al. 2016, WMT). No score
is expected here: it was not measured. It trains 20 minutes, as the usual one.
"""

import sys

from multi30k import SETTINGS

from nmt.training.run import recipe

if __name__ == "__main__":
    sys.exit(recipe(__doc__, {**SETTINGS, "subwords.right_to_left": True}))

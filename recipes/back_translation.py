"""Back-translation: text of the target language alone, with sources that a model of the other direction makes
(Sennrich et al. 2016).

    python recipes/multi30k.py --data.folder FOLDER --data.source de --data.target en --output runs/m30k-de-en
    python recipes/back_translation.py --data.folder FOLDER --data.source en --data.target de
        --synthetic.models runs/m30k-de-en --synthetic.text MONOLINGUAL.de --output runs/back

The text has a sentence a line. Its made sources begin with <bt>, so that the student knows them from real ones, which
have none, as what is translated later (Caswell et al. 2019); `--synthetic.tag none` leaves it out. Sources are the
beam's; `--synthetic.method sampled` draws them, `noised` takes words from the beam's, blanks and moves them (Edunov et
al. 2018). With much text, `--synthetic.original 4` reads the real pairs four times as often. They are made once, into
runs/back/trainer, and take no time of the budget. The other data are those of `recipes/multi30k.py`, also without
FOLDER.
"""

import sys

from multi30k import SETTINGS

from nmt.training.run import recipe

BACK_TRANSLATION = {
    "synthetic.models": ("runs/m30k-de-en",),
    "synthetic.side": "source",
    "synthetic.text": ("monolingual.de",),
    "synthetic.tag": "<bt>",
}

if __name__ == "__main__":
    sys.exit(recipe(__doc__, {**SETTINGS, **BACK_TRANSLATION}))

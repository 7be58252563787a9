"""Multilingual: one model from English into every other language of a folder, told by a tag which (Johnson et al. 2017;
Aharoni et al. 2019).

    python recipes/multilingual.py --data.folder FOLDER --data.source en --output runs/multilingual
    nmt translate --model runs/multilingual --tag "<2fr>" --input FOLDER/test2016.en
    nmt evaluate --model runs/multilingual --test runs/multilingual/trainer/mixtures/test.toml --format markdown

FOLDER holds train.en, val.en, test2016.en and so on, and the same in German, French, Czech. Languages are mixed at a
temperature of 5, by which small ones are read more often than their size asks (Arivazhagan et al. 2019). All are
validated together; every test set is scored by itself. With `--data.target en` in place of `--data.source en` it goes
from all into English, without both from each into each. Files of another kind are named in mixtures of your own, whose
corpora are scored each by itself, too: `--data.train train.toml --data.valid valid.toml --data.test test.toml`, as
nmt/data/corpus/mixture.py has it. In its 30 minutes on one core of an AMD EPYC with bfloat16 instructions, beside other
work, from Multi30k's English: test2016 34.8 into German, 51.3 into French, 27.6 into Czech, beam 5
(nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0): some 4 BLEU behind a model for each (docs/results.md).
"""

import sys
from functools import partial

from nmt.training.multilingual import in_mixtures
from nmt.training.run import recipe

SETTINGS = {"train.minutes": 30}

if __name__ == "__main__":
    sys.exit(recipe(__doc__, SETTINGS, prepare=partial(in_mixtures, temperature=5)))

#!/usr/bin/env bash
# From nothing to a translator: installs, trains the embedded phrasebook, scores it on unseen combinations, translates
# a file, and says how to open the REPL. About five minutes on two cores.
set -euo pipefail
source "$(dirname "$0")/environment.sh"

model=runs/phrasebook
python recipes/phrasebook.py --output "$model"

echo "Scores on unseen combinations of known words, beam 5:" >&2
nmt evaluate --model "$model" --source "$model-data/test.en" --reference "$model-data/test.de"

head -n 5 "$model-data/test.en" > "$model/sample.en"
nmt translate --model "$model" --input "$model/sample.en" --output "$model/sample.de"
echo "Five of its translations ($model/sample.de):" >&2
paste "$model/sample.en" "$model/sample.de" >&2

cat >&2 <<END

Ready. Translate a file, or talk to it:
  source .venv/bin/activate
  nmt translate --model $model --input FILE --output FILE
  nmt repl --model $model
END

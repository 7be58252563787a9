"""Makes a model folder of the mean of several weights of one run: often better than any of them.

    python tools/average_checkpoints.py --run runs/mine --output runs/mine-mean --last 2
    python tools/average_checkpoints.py --run runs/mine --output runs/mine-mean --best 4

`--last` takes the newest checkpoints, of which a run keeps `train.keep`; `--best` those of the weights kept by
`train.average` that validated best. Score the result on validation data before you prefer it.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from nmt import model_folder
from nmt.arguments import positive
from nmt.errors import UserError, guard
from nmt.training import averaging
from nmt.training.checkpoints import read_progress


def weights(run: Path, last: int | None, best: int | None) -> list[Path]:
    """The files to average. Raises UserError when the run has not so many."""
    checkpoints = sorted(run.glob("trainer/checkpoint-?????????"))
    if not checkpoints:
        raise UserError(f"{run} has no checkpoints: give the folder of a training run.")
    if last is not None:
        found = [folder / model_folder.WEIGHTS for folder in checkpoints][-last:]
        kept, setting = f"{len(checkpoints)} checkpoints", "train.keep"
    else:
        scores = read_progress(checkpoints[-1]).validated_scores
        found = [run / "trainer" / "validated" / name for name in averaging.chosen(scores, best or 1, "best")]
        kept, setting = f"{len(scores)} validated weights", "train.average"
    if len(found) < (last or best or 1):
        raise UserError(f"{run} keeps {kept}: ask for fewer, or train with a larger {setting}.")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--last", type=positive, metavar="K")
    which.add_argument("--best", type=positive, metavar="K")
    arguments = parser.parse_args()
    run, output = arguments.run, arguments.output
    if output.exists():
        raise UserError(f"{output} exists: choose another --output, nothing was written.")
    paths = weights(run, arguments.last, arguments.best)
    mean = averaging.mean(paths)
    output.mkdir(parents=True)
    for path in (run / model_folder.CONFIG, *run.glob("*.spm")):
        shutil.copy(path, output)
    model_folder.write_tensors(output / model_folder.WEIGHTS, mean)
    names = "".join(f"- {path.relative_to(run)}\n" for path in paths)
    (output / "README.md").write_text(f"# The mean of {len(paths)} weights of {run}\n\n{names}")
    model_folder.load(output)
    print(f"{output}: the mean of {len(paths)} weights of {run}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(guard(main, f"python {sys.argv[0]}"))

"""From run folders to the file of the report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nmt import plots
from nmt.data.lines import open_output
from nmt.errors import UserError
from nmt.report.gather import observe, read_run
from nmt.report.page import render


def build(
    folder: Path,
    compare: Path | None,
    output: Path,
    *,
    test: str | None = None,
    chosen: Sequence[int] = (),
    device: str = "auto",
) -> None:
    """Writes the report of a run, beside another if there is one. Raises UserError where a folder is no run, or has no
    test set of that name, or where what plots need is not installed."""
    plots.require()
    runs = [read_run(one, device) for one in (folder, compare) if one is not None]
    if len(runs) == 2 and runs[0].name == runs[1].name:
        if runs[0].folder.resolve() == runs[1].folder.resolve():
            raise UserError(f"{folder} is compared with itself: give another run as --compare.")
        for run in runs:
            run.name = str(run.folder)
    with open_output(output) as file:  # before the work: a place that cannot be written is told at once
        for run in runs:
            observe(run, test)
        file.write(render(runs, chosen).encode("utf-8"))

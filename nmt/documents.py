"""Whole documents through a translator, which may be interrupted and gone on with."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator

from nmt.config import SearchConfig
from nmt.data.lines import Report, read_lines
from nmt.data.progress import COMPARED, Progress
from nmt.errors import UserError
from nmt.formats import Format
from nmt.pipeline import Answer, Pipeline


def translate_document(
    pipeline: Pipeline,
    raw_lines: Iterable[bytes],
    progress: Progress,
    how: Format,
    *,
    search: SearchConfig,
    window: int,
    report: Report,
    prefixes: Iterable[str] | None = None,
    attention: bool = False,
    done: Callable[[], object] = lambda: None,
) -> None:
    """Writes the translation of a document, from where its output stands on; see `open_progress`. `window` lines are
    translated together, `done` is called after each. Raises UserError when what is there already is not the beginning
    of this translation."""
    source = iter(raw_lines)
    skipped = sum(1 for _ in itertools.islice(source, progress.kept))
    if prefixes is not None:
        prefixes = itertools.islice(prefixes, progress.kept, None)

    def report_there(number: int, problem: str) -> None:
        report(skipped + number, problem)

    lines = read_lines(source, report_there, first=skipped == 0)
    answers = pipeline.stream(lines, search, report_there, window, prefixes, first=skipped + 1)
    written = _written(answers, how, skipped, attention)
    again = list(itertools.islice(written, len(progress.again)))
    if skipped < progress.kept or len(again) < len(progress.again):
        raise UserError(
            f"the output has {progress.kept + len(progress.again):,} lines, the input {skipped + len(again):,}: "
            "it is not of this input. Leave out --resume to start anew."
        )
    _compare(progress.again, again)
    progress.go_on()
    for lines_of_one in itertools.chain(again, written):
        progress.file.write(lines_of_one)
        progress.file.flush()  # whoever reads at the other end may be waiting, or gone
        done()


def _written(answers: Iterable[Answer], how: Format, first: int, attention: bool) -> Iterator[bytes]:
    for number, answer in enumerate(answers, first):
        yield "".join(f"{line}\n" for line in how.write(number, answer, attention)).encode("utf-8")


def _compare(before: list[bytes], again: list[bytes]) -> None:
    """Raises UserError if none of some lines is as it was; the last, which may have grown, does not count."""
    both = [(one, other) for one, other in zip(before[:-1], again[:-1], strict=True) if one.strip() or other.strip()]
    both = both[:COMPARED]
    if both and all(one != other for one, other in both):
        raise UserError(
            "the output was not made by this model with these settings of this input: leave out --resume to start anew."
        )

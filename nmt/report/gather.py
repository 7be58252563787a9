"""What a run folder holds, and what its model tells of the test set."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nmt import model_folder
from nmt.config import Config
from nmt.data.encoded import EncodedCorpus
from nmt.data.lines import open_input, read_lines
from nmt.errors import UserError
from nmt.evaluation.cases import (
    PAIRS,
    Case,
    Counts,
    Looked,
    cases,
    count_encoded,
    count_words,
    looked_at,
    normalised,
)
from nmt.scoring import Scored
from nmt.training.corpora import Corpora, locate
from nmt.training.tracking import LOG, read_log
from nmt.translator import Translator

FALLBACK = "validation"
"""What is analysed where a run has no test set."""

Record = dict[str, Any]
Texts = list[tuple[str, str]]


@dataclass
class Run:
    """A run folder as it was read. `left_out`: what the page has to do without, and why."""

    name: str
    folder: Path
    config: Config
    log: list[Record]
    scores: dict[str, Any]
    corpora: Corpora | None
    translator: Translator | None = None
    counted: str = ""
    left_out: list[str] = field(default_factory=list)
    counts: Counts | None = None
    test: str = ""
    pairs: Texts = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    seen: list[Scored] = field(default_factory=list)

    def records(self, kind: str) -> list[Record]:
        """The records of a kind in the log, train or valid."""
        return [record for record in self.log if record["kind"] == kind]


def read_run(folder: Path, device: str = "auto") -> Run:
    """What lies in a run folder. Raises UserError where it is none; what else is missing is noted in the run."""
    config = model_folder.load_config(folder)
    name = folder.absolute().name
    run = Run(name, folder, config, read_log(folder), _scores(folder / "scores.json"), None)
    try:
        run.corpora = locate(config.data, texts=config.model.is_language_model)
    except UserError as error:
        run.left_out.append(f"what needs the data of {name}: {error}")
    if not run.log:
        run.left_out.append(f"the learning curves of {name}: it has no {LOG}")
    try:
        run.translator = Translator.load(folder, device)
    except UserError as error:
        run.left_out.append(f"what needs the model of {name}: {error}")
    return run


def observe(run: Run, test: str | None) -> None:
    """Reads, or makes, the translations of a test set, and looks at them. Raises UserError where the run has no set of
    the name that was asked for."""
    if run.corpora is None:
        return
    names = list(run.corpora.tests)
    if test is not None and test not in [*names, FALLBACK]:
        raise UserError(f"{run.folder} has no test set {test!r}: choose {' or '.join([*names, FALLBACK])}.")
    run.test = test or next(iter(names), FALLBACK)
    try:
        part = run.corpora.valid if run.test == FALLBACK else run.corpora.tests[run.test]
        run.pairs = list(run.corpora.pairs(run.test, part))
    except UserError as error:
        run.left_out.append(f"the analyses of {run.name}: {error}")
        return
    translations = _translations(run)
    if translations is None:
        return
    run.counts = _counts(run)
    sources, references = ([pair[side] for pair in run.pairs] for side in (0, 1))
    looked = _look(run, translations)
    spelled = sources if run.translator is None else normalised(run.translator.vocabulary, sources)
    run.cases = cases(sources, references, translations, run.counts, looked, spelled)


def _scores(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _translations(run: Run) -> list[str] | None:
    """The translations that the training left, or else those that the model makes now; None without both."""
    path = run.folder / f"{run.test}.translations.txt"
    if path.exists():
        with open_input(path) as raw_lines:
            lines = list(read_lines(raw_lines, lambda number, problem: None))
        if len(lines) == len(run.pairs):
            return lines
        run.left_out.append(
            f"the translations that {run.name} has of {run.test}: they are {len(lines):,}, the test pairs "
            f"{len(run.pairs):,}"
        )
    if run.translator is None:
        return None
    return [translation.text for translation in run.translator.translate([source for source, _ in run.pairs])]


def _counts(run: Run) -> Counts | None:
    """How often the training had each source word: counted in the pairs that it left, decoded, or in its files."""
    left = sorted((run.folder / "trainer").glob("train-*.arrow"), key=lambda path: path.stat().st_mtime)
    if left and run.translator is not None:
        corpus = EncodedCorpus(left[-1])
        counts, counted = count_encoded(corpus, run.translator.vocabulary)
        run.counted = f"{counted:,} of {len(corpus):,} training pairs"
        return counts
    try:
        if run.corpora is not None:
            pairs = list(run.corpora.clean(run.config.data)[1])[:PAIRS]
            run.counted = f"{len(pairs):,} training pairs"
            return count_words(source for source, _ in pairs)
    except UserError as error:
        run.left_out.append(f"how often training had each word, for {run.name}: {error}")
    return None


def _look(run: Run, translations: Sequence[str]) -> list[Looked | None]:
    """What the model looked at while it made the translations."""
    if run.translator is None:
        return [None] * len(translations)
    sources = [source for source, _ in run.pairs]
    run.seen = list(run.translator.stream_scores(zip(sources, translations, strict=True)))
    vocabulary = run.translator.vocabulary
    looked = [looked_at(vocabulary, *texts) for texts in zip(sources, translations, run.seen, strict=True)]
    unscored = sum(math.isnan(one.log_probability) for one in run.seen)
    if not any(looked):
        run.left_out.append(f"coverage, reordering and attention of {run.name}: its model has no attention")
    elif unscored:
        run.left_out.append(f"coverage and reordering of {unscored:,} sentences of {run.name}: they are too long")
    return looked

"""What the data of a run tell: how much there is, what was left out, and what of the test set training has seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from nmt.errors import UserError
from nmt.report.gather import FALLBACK, PAIRS, Run, Texts


class Finding(NamedTuple):
    """A fact about the data, or a warning; with an example where one says more. `value` is ready to be read."""

    level: str  # fact or warning
    name: str
    value: str
    example: str = ""


def data_findings(run: Run) -> list[Finding]:
    """What is found in the data of a run; nothing where they are gone."""
    if run.corpora is None:
        return []
    try:
        cleaner, pairs = run.corpora.clean(run.config.data)
        train = [tuple(pair) for _, pair in zip(range(PAIRS), pairs, strict=False)]
        valid = list(run.corpora.pairs(FALLBACK, run.corpora.valid))
    except UserError as error:
        run.left_out.append(f"the data findings of {run.name}: {error}")
        return []
    kept = f"the first {PAIRS:,} pairs" if len(train) == PAIRS else str(cleaner.report)
    test = run.pairs if run.test != FALLBACK else []
    found = [Finding("fact", "Training pairs", kept), Finding("fact", "Validation pairs", f"{len(valid):,}")]
    found += [Finding("fact", f"Test pairs ({run.test})", f"{len(test):,}")] if test else []
    found += [*_repeated(train), *_overlap(train, valid, "validation"), *_overlap(train, test, run.test)]
    return [*found, *_lengths(run, test or valid), *_coverage(run)]


def _repeated(train: Sequence[tuple[str, ...]]) -> list[Finding]:
    counts = Counter(train)
    repeated = sum(count - 1 for count in counts.values())
    if not repeated:
        return [Finding("fact", "Training pairs that repeat another", "none")]
    pair, times = counts.most_common(1)[0]
    share = repeated / len(train)
    level = "warning" if share > 0.1 else "fact"
    example = f"{times:,} times: {pair[0]}"
    return [Finding(level, "Training pairs that repeat another", f"{repeated:,} ({share:.1%})", example)]


def _overlap(train: Sequence[tuple[str, ...]], some: Texts, name: str) -> list[Finding]:
    """Sources of a set that training has: scores on them tell what was remembered, not what was learned."""
    if not some:
        return []
    sources = {pair[0] for pair in train}
    seen = [source for source, _ in some if source in sources]
    share = len(seen) / len(some)
    value = f"{len(seen):,} of {len(some):,} ({share:.1%})" if seen else "none"
    return [
        Finding("warning" if share > 0.01 else "fact", f"Sources of {name} in training", value, seen[0] if seen else "")
    ]


def _lengths(run: Run, some: Texts) -> list[Finding]:
    if run.translator is None or not some:
        return []
    found = []
    sides = zip(run.translator.vocabulary, (run.config.data.source, run.config.data.target), (0, 1), strict=True)
    for subwords, language, side in sides:
        texts = [pair[side] for pair in some]
        words = max(1, sum(len(text.split()) for text in texts))
        pieces = sum(map(len, subwords.encode(texts, end=False)))
        value = f"{words / len(texts):.1f} words a sentence, {pieces / words:.2f} pieces a word"
        found.append(Finding("fact", f"Length and pieces ({language or ('source', 'target')[side]})", value))
    return found


def _coverage(run: Run) -> list[Finding]:
    """How many words of the test sources training had."""
    known = [case for case in run.cases if case.frequencies is not None]
    total = sum(len(case.frequencies or ()) for case in known)
    if not total:
        return []
    unseen = sum(case.unseen or 0 for case in known)
    sentences = sum(bool(case.unseen) for case in known)
    worst = max(known, key=lambda case: case.unseen or 0)
    value = f"{unseen:,} of {total:,} ({unseen / total:.1%}), in {sentences:,} sentences"
    name = f"Source words of {run.test} never seen in training"
    return [Finding("warning" if unseen > 0.1 * total else "fact", name, value, worst.source if unseen else "")]

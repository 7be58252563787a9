"""What cleaning drops, what it keeps, and that it counts every pair exactly once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nmt.data.cleaning import FILTERS, Cleaner, CleaningReport

relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy

GOOD = ("A dog runs over the grass.", "Ein Hund läuft über das Gras.")
DROPPED_BY = {
    "empty": ("", "Ein Hund."),
    "overlong": ("a" * 101, "b" * 101),
    "length_ratio": ("No.", "Das steht nirgends in der Vorlage, und niemand hat es je gesagt."),
}
"""A pair for each filter that this filter alone drops."""


def cleaner() -> Cleaner:
    return Cleaner(max_characters=100, max_ratio=9.0)


@pytest.mark.parametrize("name", FILTERS)
def test_every_filter_drops_its_example_and_counts_it(name: str) -> None:
    clean = cleaner()
    assert list(clean([GOOD, DROPPED_BY[name], GOOD])) == [GOOD, GOOD]
    assert clean.report.kept == 2
    assert clean.report.dropped == {other: int(other == name) for other in FILTERS}


@pytest.mark.parametrize("blank", ["", "  ", "\t", "\u00a0", "\u2028", "\u200b", "\ufeff", " \u200b \x00"])
@pytest.mark.parametrize("side", [0, 1])
def test_a_side_with_nothing_to_see_is_empty(blank: str, side: int) -> None:
    clean = cleaner()
    assert list(clean([(blank, "text") if side == 0 else ("text", blank)])) == []
    assert clean.report.dropped["empty"] == 1


@pytest.mark.parametrize("text", ["a", "।", "日本", "🐕", "?", "1"])
def test_one_visible_character_is_not_empty(text: str) -> None:
    assert list(cleaner()([(text, text)])) == [(text, text)]


def test_a_pair_at_a_limit_is_kept_and_one_beyond_it_is_dropped() -> None:
    at_the_limits = [("a" * 100, "b" * 100), ("a" * 10, "b" * 90), ("a" * 90, "b" * 10)]
    beyond = [("a" * 101, "b" * 100), ("a" * 10, "b" * 91), ("a" * 91, "b" * 10)]
    assert list(cleaner()(at_the_limits + beyond)) == at_the_limits


def test_short_pairs_may_have_any_ratio() -> None:
    assert list(cleaner()([("a", "b" * 20), ("a", "b" * 21)])) == [("a", "b" * 20)]


@relaxed
@given(st.lists(st.tuples(st.text(max_size=150), st.text(max_size=150)), max_size=20))
def test_every_pair_is_kept_unchanged_and_in_order_or_counted_once(pairs: list[tuple[str, str]]) -> None:
    clean = cleaner()
    kept = list(clean(pairs))
    remaining = iter(pairs)
    assert all(pair in remaining for pair in kept)  # `in` consumes: the kept ones are a subsequence
    assert clean.report.kept == len(kept)
    assert clean.report.kept + sum(clean.report.dropped.values()) == len(pairs)


@relaxed
@given(st.lists(st.tuples(st.text(max_size=150), st.text(max_size=150)), max_size=20))
def test_cleaning_twice_drops_nothing_more(pairs: list[tuple[str, str]]) -> None:
    once = list(cleaner()(pairs))
    assert list(cleaner()(once)) == once


def test_pairs_stream_one_by_one() -> None:
    def endless() -> Iterator[tuple[str, str]]:
        while True:
            yield GOOD
            yield "", ""

    clean = cleaner()
    kept = clean(endless())
    assert [next(kept), next(kept)] == [GOOD, GOOD]
    assert clean.report == CleaningReport(2, {"empty": 1, "overlong": 0, "length_ratio": 0})


def test_counts_add_up_over_several_corpora() -> None:
    clean = cleaner()
    for _ in range(3):
        list(clean([GOOD, ("", "")]))
    assert (clean.report.kept, clean.report.dropped["empty"]) == (3, 3)


def test_the_report_is_one_line_with_what_was_dropped_and_why() -> None:
    report = CleaningReport(28_990, {"empty": 3, "overlong": 0, "length_ratio": 7})
    assert str(report) == "kept 28,990 of 29,000 pairs; dropped: empty 3, length_ratio 7"
    assert str(CleaningReport(5, {"empty": 0})) == "kept 5 of 5 pairs"


def test_the_report_tells_on_how_many_sides_control_characters_were_read_as_spaces() -> None:
    clean = cleaner()
    list(clean([GOOD]))
    for number in (1, 1, 4):
        clean.note_spaced(number, "a control character")
    assert str(clean.report) == "kept 1 of 1 pairs; control characters read as spaces in 3 lines"

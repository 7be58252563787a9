"""Where lines are lost between two parallel files is found from their lengths alone."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nmt.data.drift import drift, not_parallel

relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy


def sentence_lengths(count: int) -> tuple[list[int], list[int]]:
    """Lengths of sentences and of their translations, which are longer by a tenth, give or take a fifth."""
    chance = random.Random(5)
    source = [chance.randint(20, 150) for _ in range(count)]
    return source, [round(length * chance.uniform(0.9, 1.3)) for length in source]


@pytest.mark.parametrize("lost", [0, 411, 1_500])
@pytest.mark.parametrize("many", [1, 4, 40])
@pytest.mark.parametrize("side", [0, 1])
def test_the_error_of_unequal_files_tells_where_lines_are_lost(lost: int, many: int, side: int) -> None:
    sides = sentence_lengths(2_000)
    del sides[side][lost : lost + many]
    told = str(not_parallel(["train.de", "train.en"], sides))
    counts = f"train.de has {len(sides[0]):,} lines, train.en has {len(sides[1]):,}"
    assert told.startswith(f"{counts}: they must be parallel.")
    near = int(told.rpartition("near line ")[2].rstrip(".").replace(",", ""))
    assert abs(near - (lost + 1)) <= 5


def test_a_stretch_out_of_step_that_recovers_is_not_taken_for_the_lost_line() -> None:
    source, target = sentence_lengths(2_000)
    target[200:300] = target[202:302]
    del target[1_400]
    found = drift(np.array(source, float), np.array(target, float))
    assert found == pytest.approx(1_401, abs=5)


@relaxed
@given(st.lists(st.integers(1, 300)), st.lists(st.integers(1, 300)))
def test_any_two_columns_of_lengths_drift_at_a_line_of_the_files_or_nowhere(a: list[int], b: list[int]) -> None:
    found = drift(np.array(a, float), np.array(b, float))
    assert found is None or 1 <= found <= min(len(a), len(b))

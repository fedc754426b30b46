"""The adaptive throughput baseline."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.performance.baseline import Baseline

RATES = st.lists(st.floats(0.0, 1e5), min_size=1, max_size=50)


def learnt(*rates: float, weight: float = 0.1, in_trouble: bool = False) -> Baseline:
    """Return the baseline after these measurements."""
    baseline = Baseline()
    for rate in rates:
        baseline = baseline.learn(rate, weight, in_trouble)
    return baseline


def test_it_says_nothing_before_enough_samples_nor_about_a_trickle() -> None:
    """However far a measurement is below it."""
    assert learnt(100.0, 100.0).drop_percent(0.0, 3, 1.0) is None
    assert learnt(100.0, 100.0, 100.0).drop_percent(0.0, 3, 1.0) == 100.0
    assert learnt(0.5, 0.5, 0.5).drop_percent(0.0, 3, 1.0) is None
    assert learnt(0.0, 0.0, 0.0).drop_percent(0.0, 3, 0.0) is None


def test_the_first_measurements_count_equally() -> None:
    """A wild first one does not dominate."""
    assert learnt(10.0, 20.0, 30.0).rps == pytest.approx(20.0)


def test_more_than_usual_is_no_drop() -> None:
    """A rise is nobody's trouble here."""
    assert learnt(100.0).drop_percent(300.0, 1, 1.0) == 0.0
    assert learnt(100.0).drop_percent(25.0, 1, 1.0) == pytest.approx(75.0)


def test_in_trouble_it_learns_a_tenth_as_fast_and_an_outage_never_becomes_normal() -> None:
    """A lasting change does in the end; nothing at all stays a drop of 100 percent."""
    usual = learnt(*[100.0] * 20)
    quick, slow = usual.learn(50.0, 0.1, False), usual.learn(50.0, 0.1, True)
    assert 100.0 - slow.rps == pytest.approx((100.0 - quick.rps) / 10)
    for _ in range(300):
        slow, usual = slow.learn(50.0, 0.1, True), usual.learn(0.0, 0.1, True)
    assert slow.drop_percent(50.0, 1, 1.0) == pytest.approx(4.7, abs=0.2)
    assert usual.drop_percent(0.0, 1, 1.0) == 100.0


@given(RATES, st.floats(0.0, 0.99), st.booleans())
def test_it_stays_between_the_extremes_of_what_it_saw(rates: list[float], weight: float, in_trouble: bool) -> None:
    """And from a rate within them, its drop is a percentage."""
    baseline = learnt(rates[0]).learn(rates[-1], weight, in_trouble)
    low, high = min(rates[0], rates[-1]), max(rates[0], rates[-1])
    assert low * (1 - 1e-9) - 1e-9 <= baseline.rps <= high * (1 + 1e-9) + 1e-9
    drop = baseline.drop_percent(low, 1, 0.0)
    assert drop is None or 0.0 <= drop <= 100.0

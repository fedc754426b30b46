"""Levels and hysteresis, as properties."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from tocsin.performance.level import Level, Limits, level_of

AMOUNTS = st.floats(0.0, 1e6, allow_nan=False)
MARGINS = st.floats(0.0, 0.99)
LEVELS = st.sampled_from(list(Level))


@st.composite
def limits(draw: st.DrawFn) -> Limits:
    """Two limits in order, either of which may be off."""
    warning, critical = sorted((draw(AMOUNTS), draw(AMOUNTS)))
    return Limits(
        warning if draw(st.booleans()) else None,
        critical if draw(st.booleans()) else None,
    )


@given(limits(), MARGINS, st.lists(AMOUNTS, min_size=1, max_size=30))
def test_within_the_margin_nothing_flaps(limits: Limits, margin: float, values: list[float]) -> None:
    """Between a limit and its margin, whatever the path, what was reached stays reached, and nothing else is."""
    level = Level.FINE
    for value in values:
        after = level_of(value, limits, level, margin)
        for reached in (Level.WARNING, Level.CRITICAL):
            limit = limits.of(reached)
            if limit * (1.0 - margin) < value <= limit:
                assert (after >= reached) == (level >= reached)
        level = after


@given(limits(), MARGINS, AMOUNTS, LEVELS)
def test_the_same_value_again_changes_nothing(limits: Limits, margin: float, value: float, before: Level) -> None:
    """A steady metric has a steady level: judging twice is judging once."""
    once = level_of(value, limits, before, margin)
    assert level_of(value, limits, once, margin) == once


@given(limits(), MARGINS, AMOUNTS, AMOUNTS, LEVELS)
def test_more_is_never_better(limits: Limits, margin: float, less: float, more: float, before: Level) -> None:
    """From the same level, a worse value never gives a better one."""
    assume(less <= more)
    assert level_of(less, limits, before, margin) <= level_of(more, limits, before, margin)


@given(limits(), MARGINS, LEVELS)
def test_nothing_bad_at_all_is_always_fine(limits: Limits, margin: float, before: Level) -> None:
    """Every alert can end, whatever its limit: even one of zero."""
    assert level_of(0.0, limits, before, margin) is Level.FINE


def test_the_exact_edges() -> None:
    """A level is reached beyond its limit, and left at the limit less the margin; critical falls to warning first."""
    limits = Limits(warning=80.0, critical=90.0)
    assert level_of(80.0, limits, Level.FINE, 0.25) is Level.FINE
    assert level_of(80.1, limits, Level.FINE, 0.25) is Level.WARNING
    assert level_of(60.1, limits, Level.WARNING, 0.25) is Level.WARNING
    assert level_of(60.0, limits, Level.WARNING, 0.25) is Level.FINE
    assert level_of(67.6, limits, Level.CRITICAL, 0.25) is Level.CRITICAL
    assert level_of(67.5, limits, Level.CRITICAL, 0.25) is Level.WARNING
    assert level_of(0.0, limits, Level.CRITICAL, 0.25) is Level.FINE

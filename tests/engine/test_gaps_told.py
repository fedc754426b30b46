"""Who watches the watchman hears of every gap: given up once, muted for others, or lasting for hours."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine.harness import Bench, Sent, channel, configuration, fired, loaded, rule

from tocsin import GapFound, GapKind, InhibitionRule, LabelMatcher, MatchOperator, Outcome
from tocsin.engine.gaps import GAP_ALERT
from tocsin.model.watchdog import Watchdog

DELIVERED = Outcome.delivered()
DOWN = Outcome.unavailable("down")
GONE = Outcome.rejected("gone")
HOUR = 3600.0


def bench(*channels: Any, answer: Outcome | None = None, **options: Any) -> Bench:
    """A bench whose gaps are told on ``watch``."""
    options.setdefault("rules", [rule("all", "dev")])
    config = configuration(
        *(channels or ("dev", "watch")), aggregator="none", watchdog=Watchdog("watch", 300.0), **options
    )
    return loaded(config, answer=answer)


def heard(made: Bench) -> list[tuple[float, list[str], list[str]]]:
    """Return what the watchdog's channel was told."""
    return [
        (at, [one.removeprefix(GAP_ALERT) for one in firing], [one.removeprefix(GAP_ALERT) for one in resolved])
        for at, _, firing, resolved in made.told("watch")
    ]


def meets(label: str, value: str) -> LabelMatcher:
    """Return a matcher of a label's value."""
    return LabelMatcher(label, MatchOperator.REGEX, value)


def inhibits(source: str, target: str, *equal: str) -> InhibitionRule:
    """Return a rule by which one severity inhibits others."""
    return InhibitionRule(
        source_matchers=(meets("severity", source),), target_matchers=(meets("severity", target),), equal=equal
    )


# --- a gap that was given up


def test_a_gap_that_was_given_up_is_told_when_it_is_met_again() -> None:
    made = bench()
    (told,) = made.outcome(made.fire("a"), GONE)
    made.outcome(told, Outcome.rejected("401"))
    made.wake(1800)
    (again,) = made.outcome(made.fire("b"), GONE)
    assert (again.name == told.name, again.firing) == (False, [f"{GAP_ALERT}undelivered:dev"])
    made.deliver(again)
    made.wake(2000)
    assert made.outcome(made.fire("c"), GONE) == []


@pytest.mark.parametrize("end", [None, DOWN])
def test_one_that_is_still_being_told_is_not_told_beside(end: Outcome | None) -> None:
    made = bench()
    (told,) = made.outcome(made.fire("a"), GONE)
    if end is not None:
        made.outcome(told, end)
    assert made.outcome(made.fire("b"), GONE) == []


def test_one_that_the_fallback_channel_told_is_not_told_again() -> None:
    made = bench("dev", channel("watch", fallback="spare"), "spare")
    (told,) = made.outcome(made.fire("a"), GONE)
    (elsewhere,) = made.outcome(told, GONE)
    assert elsewhere.channel_id == "spare"
    made.deliver(elsewhere)
    assert made.outcome(made.fire("b"), GONE) == []


def test_a_silence_still_keeps_a_gap_back_until_it_ends() -> None:
    made = bench(answer=DELIVERED)
    made.silence("s", until=1000.0, gap="backend_failed")
    made.step(GapFound(GapKind.BACKEND_FAILED, "x", "raised"))
    made.step(GapFound(GapKind.BACKEND_FAILED, "x", "raised"))
    made.wake(999)
    assert heard(made) == []
    made.wake(1001)
    assert heard(made) == [(1000, ["backend_failed:x"], [])]


# --- what is meant for others


def test_alerts_of_users_do_not_inhibit_a_gap() -> None:
    made = bench(answer=DELIVERED, inhibition_rules=[inhibits("critical", "warning|error", "service")])
    made.fire("a", "critical")
    made.step(GapFound(GapKind.BACKEND_FAILED, "x", "raised"))
    assert heard(made) == [(0, ["backend_failed:x"], [])]


def test_a_gap_inhibits_no_alert_of_users_also_after_a_restart() -> None:
    made = bench(answer=DELIVERED, inhibition_rules=[inhibits("error", "info", "service")])
    made.step(GapFound(GapKind.BACKEND_FAILED, "x", "raised"))
    made.fire("a", "info")
    made.restart()
    made.fire("b", "info")
    made.reload(configuration("dev", "watch", inhibition_rules=[inhibits("error", "info|warning", "service")]))
    made.fire("c", "warning")
    assert [one.firing for one in made.on("dev")] == [["a"], ["b"], ["c"]]


@pytest.mark.parametrize("least", ["critical", "emergency"])
def test_a_gap_passes_the_minimum_severity_of_its_channel(least: str) -> None:
    made = bench("dev", channel("watch", min_severity=least), answer=DELIVERED)
    made.step(GapFound(GapKind.BACKEND_FAILED, "x", "raised"))
    assert heard(made) == [(0, ["backend_failed:x"], [])]


def test_a_gap_about_something_else_of_the_channels_name_is_told() -> None:
    made = bench(answer=DELIVERED, rules=[rule("all", "dev", policy="watch")])
    made.fire("a")
    assert heard(made) == [(0, ["missing_policy:watch"], [])]


@pytest.mark.parametrize(
    "kind", [GapKind.UNDELIVERED, GapKind.LATE, GapKind.CIRCUIT_OPEN, GapKind.BACKEND_FAILED, GapKind.HEARTBEAT_FAILED]
)
def test_a_gap_about_the_channel_itself_is_only_counted(kind: GapKind) -> None:
    made = bench(answer=DELIVERED)
    made.step(GapFound(kind, "watch", "of its own"))
    made.wake(10)
    assert (heard(made), made.gaps(kind)) == ([], ["watch"])


# --- an open circuit


def down(made: Bench, *sent: Sent) -> None:
    """Let every attempt on ``dev`` fail, and all others arrive."""
    left = list(sent)
    while left:
        one = left.pop(0)
        left += made.outcome(one, DOWN if one.channel_id == "dev" else DELIVERED)


def test_an_open_circuit_is_not_over_because_nobody_speaks_of_it() -> None:
    made = bench(channel("dev", "brittle"), "watch")
    down(made, *made.step(fired("a"), fired("b")))
    while made.at < 5 * HOUR:
        down(made, *made.wake(made.at + 5))
    assert [names for _, names, _ in heard(made)].count(["circuit_open:dev"]) == 1
    assert "circuit_open:dev" not in [name for _, _, resolved in heard(made) for name in resolved]


@pytest.mark.parametrize("gone", [False, True])
def test_it_is_over_once_the_circuit_is_closed_or_the_channel_is_gone(gone: bool) -> None:
    made = bench(channel("dev", "brittle"), "watch")
    down(made, *made.step(fired("a"), fired("b")))
    made.answer = DELIVERED
    if gone:
        watch = Watchdog("watch", 300.0)
        made.reload(configuration("watch", rules=[rule("none", "watch", metric_name=["x"])], watchdog=watch))
    made.wake(3 * HOUR)
    assert [name for _, _, resolved in heard(made) for name in resolved].count("circuit_open:dev") == 1

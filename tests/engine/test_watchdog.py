"""Promises that are late, gaps that somebody hears of, and a heartbeat for something outside."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from tests.engine.harness import ORIGIN, Bench, Sent, channel, configuration, fired, incident_tool, loaded, rule

from tocsin import EscalationPolicy, GapFound, GapKind, NotificationKind, Outcome
from tocsin.engine import crowds, watchdog
from tocsin.engine.gaps import GAP_ALERT
from tocsin.engine.state import Outgoing
from tocsin.engine.turn import Turn
from tocsin.model.event import GapRecorded, HeartbeatSent
from tocsin.model.interval import TimeInterval
from tocsin.model.watchdog import Watchdog

DELIVERED = Outcome.delivered()
DOWN = Outcome.unavailable("down")
HOUR = 3600.0
ALL = [rule("all", "dev")]


def bench(*channels: Any, answer: Outcome | None = None, **options: Any) -> Bench:
    """Return a bench whose gaps are told on ``watch``, after 300 seconds."""
    watchdog = options.pop("watchdog", Watchdog("watch", 300.0))
    options.setdefault("rules", ALL)
    config = configuration(*(channels or ("dev",)), "watch", aggregator="none", watchdog=watchdog, **options)
    return loaded(config, answer=answer)


def counts(made: Bench, kind: GapKind = GapKind.LATE) -> dict[str, int]:
    """Return how often each subject was met in gaps of one kind."""
    return {gap.subject: gap.count for gap in made.engine.state.gaps.values() if gap.kind is kind}


# --- promises


def test_an_attempt_that_hangs_makes_its_notification_late() -> None:
    made = bench()
    made.fire("a")
    made.wake(299)
    assert counts(made) == {}
    made.wake(300)
    assert counts(made) == {"dev": 1}


def test_a_lane_that_is_stuck_makes_all_that_waits_late_and_is_one_gap() -> None:
    made = bench(channel("dev", "single"))
    for name in "abc":
        made.fire(name)
    made.wake(300)
    assert counts(made) == {"dev": 1}
    (gap,) = made.engine.state.gaps.values()
    assert gap.detail == "3 notifications are late, the oldest is sending after 1 attempts"


def test_it_is_counted_once_however_long_it_lasts() -> None:
    made = bench()
    made.fire("a")
    made.deliver(*made.wake(300))
    made.wake(10 * HOUR)
    assert counts(made)["dev"] == 1
    made.fire("b")
    made.wake(11 * HOUR)
    assert counts(made)["dev"] == 2


def test_what_waits_for_a_circuit_is_late() -> None:
    made = bench(channel("dev", "brittle"))
    for name in "ab":
        made.deliver(*made.outcome(made.fire(name), Outcome.unavailable("down", retry_after_seconds=500.0)))
    made.fire("c")
    while made.at < 290:
        for one in made.wake(made.at + 10):
            end = Outcome.unavailable("down", retry_after_seconds=500.0)
            made.outcome(one, DELIVERED if one.channel_id == "watch" else end)
    assert counts(made) == {}
    made.wake(300)
    assert counts(made) == {"dev": 1}


def test_what_is_tried_again_and_again_is_late() -> None:
    made = bench()
    made.outcome(made.fire("a"), Outcome.unavailable("down", retry_after_seconds=1000.0))
    made.wake(300)
    assert counts(made) == {"dev": 1}
    assert next(iter(made.engine.state.gaps.values())).detail.endswith("retrying after 1 attempts")


def test_what_a_limit_holds_is_explained() -> None:
    made = bench(incident_tool("dev", rate_limit_per_minute=1), answer=DELIVERED)
    made.step(*(fired(f"a{place}") for place in range(20)))
    made.wake(19 * 60.0)
    assert len(made.on("dev")) == 20
    assert counts(made) == {}


def test_a_limit_does_not_explain_what_an_open_circuit_holds() -> None:
    made = bench(incident_tool("dev", rate_limit_per_minute=1))
    made.deliver(*made.fire("first"))
    made.wake(10)
    made.step(*(fired(f"a{place}") for place in range(9)))
    for minute in range(1, 6):
        (tried,) = made.wake(60.0 * minute)
        made.outcome(tried, Outcome.unavailable("down", retry_after_seconds=HOUR))
    assert made.gaps(GapKind.CIRCUIT_OPEN) == ["dev"]
    made.wake(309)
    assert counts(made) == {}
    made.wake(310)
    assert counts(made) == {"dev": 1}


@pytest.mark.parametrize("backend", ["console", "tool"])
def test_the_promise_counts_from_when_the_limit_lets_it_start(backend: str) -> None:
    """Held for 50 seconds it is not late when it starts, although only 30 are allowed."""
    made = bench(channel("dev", backend, rate_limit_per_minute=1), watchdog=Watchdog("watch", 30.0))
    made.deliver(*made.fire("a"))
    made.wake(10)
    made.fire("b")
    made.wake(10.5)
    made.fire("c")
    (sent,) = made.wake(60)
    made.wake(89)
    assert counts(made) == {}
    made.wake(90)
    assert counts(made) == {"dev": 1}
    made.deliver(sent)


def test_what_is_delivered_or_cancelled_in_time_is_no_gap() -> None:
    made = bench()
    made.deliver(*made.fire("a"))
    (sent,) = made.fire("b")
    made.outcome(sent, DOWN)
    made.resolve("b")
    made.wake(10 * HOUR)
    assert counts(made) == {}


def test_a_digest_of_what_was_late_is_not_late_again() -> None:
    made = bench(channel("dev", "brittle"))
    for name in "ab":
        made.deliver(*made.outcome(made.fire(name), Outcome.unavailable("down", retry_after_seconds=2000.0)))
    made.fire("c")
    while made.at < 600:
        for one in made.wake(made.at + 10):
            well = one.channel_id == "watch" or made.at > 320
            made.outcome(one, DELIVERED if well else Outcome.unavailable("down", retry_after_seconds=2000.0))
        made.fire("c", message=f"at {made.at}")
    assert counts(made) == {"dev": 1}


def test_one_that_is_sent_again_by_hand_is_promised_anew() -> None:
    made = bench()
    (sent,) = made.fire("a")
    made.deliver(*made.outcome(sent, Outcome.rejected("no")))
    made.wake(1000)
    made.redrive(sent)
    made.wake(1299)
    assert counts(made) == {}
    made.wake(1300)
    assert counts(made) == {"dev": 1}


def test_a_promise_is_kept_in_mind_over_a_restart() -> None:
    made = bench()
    made.outcome(made.fire("a"), Outcome.unavailable("down", retry_after_seconds=1000.0))
    made.restart(100)
    made.wake(300)
    assert counts(made) == {"dev": 1}


def stuck(number: int) -> Bench:
    """Return a bench on which one alert a second is owed to a channel whose only attempt hangs."""
    made = loaded(
        configuration(channel("dev", "single"), "watch", aggregator="none", watchdog=Watchdog("watch", 300.0)),
        checked=False,
    )
    for place in range(number):
        made.at = float(place)
        made.fire(f"a{place}")
    return made


def late_ones(made: Bench) -> list[tuple[float, str]]:
    """Return when what was late, as it was recorded."""
    gaps = [event for event in made.events if isinstance(event, GapRecorded) and event.gap.kind is GapKind.LATE]
    return [(round(event.at - ORIGIN, 6), event.gap.detail) for event in gaps if event.gap.subject == "dev"]


def by_stepping(made: Bench) -> None:
    made.wake(2000)


def by_a_restart(made: Bench) -> None:
    made.restart(2000)


def by_sleeping(made: Bench) -> None:
    made.oversleep(2000)


@pytest.mark.parametrize("pass_time", [by_stepping, by_a_restart, by_sleeping])
def test_looks_at_many_late_notifications_touch_each_once(
    monkeypatch: pytest.MonkeyPatch, pass_time: Callable[[Bench], None]
) -> None:
    """Each becomes late at an instant of its own, while all the others live; looking at all would be quadratic."""
    touched: list[str] = []
    look_at = watchdog._owed

    def counted(turn: Turn, out: Outgoing) -> Any:
        touched.append(out.notification_id)
        return look_at(turn, out)

    monkeypatch.setattr(watchdog, "_owed", counted)
    for number in (100, 400):
        made = stuck(number)
        touched.clear()
        pass_time(made)
        assert len(late_ones(made)) == number
        assert len(touched) <= number + 10  # the gap's own is looked at too


def test_what_is_late_is_recorded_the_same_whenever_somebody_was_awake() -> None:
    found = []
    for pass_time in (by_stepping, by_a_restart, by_sleeping):
        made = stuck(20)
        pass_time(made)
        found.append([at for at, _ in late_ones(made)])
    assert found == [[300.0 + place for place in range(20)]] * 3


def test_a_storm_that_becomes_late_is_one_gap_every_half_second() -> None:
    """None of them is looked at more than half a second after it is late."""
    made = loaded(configuration(channel("dev", "single"), aggregator="none"), checked=False)
    for place in range(200):
        made.at = place / 100
        made.fire(f"a{place}")
    made.wake(1000)
    assert [at for at, _ in late_ones(made)] == [300.0, 300.5, 301.0, 301.5, 302.0]
    numbers = [int(detail.split()[0]) for _, detail in late_ones(made)]
    assert sum(numbers) == 200


def test_what_found_no_room_in_an_attempt_is_late_after_it_waited_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for the attempt to end, and counts anew from its start."""
    monkeypatch.setattr(crowds, "LISTED", 2)
    made = loaded(configuration(channel("dev", "single"), watchdog=Watchdog(within_seconds=300.0)))
    (first,) = made.fire("other", metric="disk", cluster_id="else")
    made.step(*(fired(f"a{place}", cluster_id="one") for place in range(5)))
    made.wake(400)
    assert [at for at, _ in late_ones(made)] == [300.0]
    made.deliver(first)
    assert len(made.on("dev")[-1].firing) == 2
    made.wake(699)
    assert [at for at, _ in late_ones(made)] == [300.0]
    made.wake(700)
    assert late_ones(made)[1:] == [
        (700.0, "1 notifications are late, the oldest is waiting for one that is sending after 1 attempts")
    ]


# --- gaps that are told


def gaps_told(made: Bench) -> list[tuple[float, str, list[str], list[str]]]:
    """Return what the watchdog's channel was told, without the prefix of the alerts."""
    return [
        (at, kind, [one.removeprefix(GAP_ALERT) for one in firing], [one.removeprefix(GAP_ALERT) for one in resolved])
        for at, kind, firing, resolved in made.told("watch")
    ]


def test_a_gap_is_told_on_the_watchdogs_channel_and_resolved_after_a_quiet_hour() -> None:
    made = bench()
    made.fire("a")
    (told,) = made.wake(300)
    assert (told.channel_id, told.kind) == ("watch", "firing")
    (listed,) = told.notification.firing
    assert listed.alert.message == "late: dev: 1 notifications are late, the oldest is sending after 1 attempts"
    assert listed.alert.labels == {"gap": "late", "subject": "dev"}
    made.deliver(told)
    made.wake(300 + HOUR)
    assert gaps_told(made) == [(300, "firing", ["late:dev"], []), (300 + HOUR, "resolved", [], ["late:dev"])]


def test_a_gap_that_is_met_again_is_told_once_and_lasts_longer() -> None:
    made = bench(answer=DELIVERED)
    for _ in range(3):
        made.step(GapFound(GapKind.BACKEND_FAILED, "dev", "raised OSError"))
        made.wake(made.at + 1000)
    made.wake(2000 + HOUR - 1)
    assert gaps_told(made) == [(0, "firing", ["backend_failed:dev"], [])]
    made.wake(2000 + HOUR)
    assert gaps_told(made)[1:] == [(2000 + HOUR, "resolved", [], ["backend_failed:dev"])]


@pytest.mark.parametrize("kind", [GapKind.LATE, GapKind.UNDELIVERED, GapKind.CIRCUIT_OPEN])
def test_a_gap_about_the_watchdogs_own_channel_is_counted_and_not_told_there(kind: GapKind) -> None:
    made = bench(answer=DELIVERED)
    assert made.step(GapFound(kind, "watch", "it fails")) == []
    assert counts(made, kind) == {"watch": 1}


def test_a_watchdog_that_cannot_be_reached_makes_no_further_gaps_of_gaps() -> None:
    made = bench()
    made.fire("a")
    (told,) = made.wake(300)
    made.outcome(told, Outcome.rejected("no"))
    made.wake(2 * HOUR)
    assert counts(made, GapKind.UNDELIVERED) == {"watch": 1}
    assert made.on("watch") == [told]


def test_without_a_channel_gaps_are_counted_and_listed_only() -> None:
    made = bench(watchdog=Watchdog(None, 300.0))
    made.fire("a")
    assert made.wake(300) == []
    assert counts(made) == {"dev": 1}


@pytest.mark.parametrize("after", [Watchdog(), Watchdog("gone")])
def test_gaps_never_go_where_the_rules_say(after: Watchdog) -> None:
    """Neither while the watchdog has a channel, nor when a reload takes that away."""
    made = bench(answer=DELIVERED)
    made.step(GapFound(GapKind.BACKEND_FAILED, "x", "raised OSError"))
    made.reload(configuration("dev", "watch", rules=ALL, aggregator="none", watchdog=after))
    made.wake(2 * HOUR)
    assert made.on("dev") == []
    assert made.engine.state.unrouted == 0


def test_a_reload_that_names_another_channel_tells_that_one() -> None:
    made = bench(answer=DELIVERED)
    made.step(GapFound(GapKind.BACKEND_FAILED, "x", "raised OSError"))
    made.reload(configuration("dev", "watch", "ops", rules=ALL, aggregator="none", watchdog=Watchdog("ops")))
    assert [one.firing for one in made.on("ops")] == [[f"{GAP_ALERT}backend_failed:x"]]


def test_an_alert_of_a_user_that_looks_like_a_gap_goes_where_the_rules_say() -> None:
    made = bench(answer=DELIVERED)
    assert [one.channel_id for one in made.fire(f"{GAP_ALERT}mine")] == ["dev"]


def test_rules_that_are_silent_do_not_mute_the_watchdog() -> None:
    rules = [rule("all", "dev", "watch", mute_time_intervals=["always"])]
    made = bench(answer=DELIVERED, rules=rules, time_intervals={"always": (TimeInterval(),)})
    made.step(GapFound(GapKind.BACKEND_FAILED, "x", "raised OSError"))
    assert [one.channel_id for one in made.sent] == ["watch"]


def test_all_channels_of_a_level_dead_is_told() -> None:
    policy = EscalationPolicy("p", escalation_levels={"first": ["gone", "off"]}, default_channels=["off"])
    made = bench("dev", channel("off", enabled=False), rules=[rule("all", "dev", policy="p")], policies=[policy])
    made.deliver(*made.fire("a"))
    (told,) = made.wake(300)
    assert (told.channel_id, told.firing) == ("watch", [f"{GAP_ALERT}level_unreachable:p.first"])


def test_every_channel_of_a_level_that_refuses_is_told() -> None:
    policy = EscalationPolicy("p", escalation_levels={"first": ["boss", "ops"]})
    made = bench("dev", "boss", "ops", rules=[rule("all", "dev", policy="p")], policies=[policy])
    made.deliver(*made.fire("a"))
    for one in made.wake(300):
        made.outcome(one, Outcome.rejected("no"))
    assert counts(made, GapKind.UNDELIVERED) == {"boss": 1, "ops": 1}
    assert [name for one in made.on("watch") for name in one.firing] == [
        f"{GAP_ALERT}undelivered:boss",
        f"{GAP_ALERT}undelivered:ops",
    ]


def test_gaps_of_one_step_are_each_told() -> None:
    made = bench(answer=DELIVERED)
    made.step(*(GapFound(GapKind.BACKEND_FAILED, name, "raised OSError") for name in "xyz"))
    assert sorted(name for one in made.on("watch") for name in one.firing) == [
        f"{GAP_ALERT}backend_failed:{name}" for name in "xyz"
    ]


# --- heartbeats


BEAT = Watchdog(heartbeat_channel="dms", heartbeat_seconds=60.0)


def beats(made: Bench) -> list[float]:
    """Return when heartbeats were sent."""
    return [round(e.at - ORIGIN, 6) for e in made.events if isinstance(e, HeartbeatSent)]


def beating(watchdog: Watchdog = BEAT, *channels: Any, answer: Outcome | None = DELIVERED, **options: Any) -> Bench:
    made = configuration("dev", *(channels or ("dms",)), aggregator="none", watchdog=watchdog, **options)
    return loaded(made, answer=answer)


def test_a_heartbeat_is_sent_at_once_and_then_every_so_many_seconds() -> None:
    made = beating()
    made.wake(200)
    assert beats(made) == [0, 60, 120, 180]
    names = [one.name for one in made.on("dms")]
    assert len(set(names)) == 4
    assert {one.notification.kind for one in made.on("dms")} == {NotificationKind.HEARTBEAT}


def test_no_reload_sends_another_or_moves_the_next() -> None:
    """A service reloads at every start, and with every channel that is added."""
    made = beating()
    made.wake(50)
    made.reload(made.config)
    made.reload(configuration("dev", "dms", "more", aggregator="none", watchdog=BEAT))
    made.wake(130)
    assert beats(made) == [0, 60, 120]


def test_a_reload_to_a_shorter_time_counts_from_then_and_without_one_it_ends() -> None:
    made = beating()
    made.wake(10)
    made.reload(configuration("dev", "dms", watchdog=Watchdog(heartbeat_channel="dms", heartbeat_seconds=20.0)))
    made.wake(55)
    assert beats(made) == [0, 30, 50]
    made.reload(configuration("dev", "dms"))
    assert made.engine.next_deadline() is None


def test_after_a_restart_it_goes_on_and_makes_nothing_up() -> None:
    made = beating()
    made.wake(70)
    made.restart(1000)
    made.reload(made.config)
    made.wake(1100)
    assert [one.at for one in made.on("dms")] == [0, 60, 1000, 1060]


def test_a_runtime_that_overslept_sends_one() -> None:
    made = beating()
    made.finish()
    made.oversleep(1000)
    made.wake(1100)
    assert [round(one.at) for one in made.on("dms")] == [0, 1000, 1060]


@pytest.mark.parametrize("outcome", [DOWN, Outcome.rejected("no"), Outcome.unknown("no answer")])
def test_one_that_fails_is_a_gap_and_is_not_tried_again(outcome: Outcome) -> None:
    both = Watchdog("watch", 300.0, "dms", 60.0)
    made = beating(both, "dms", "watch", answer=None)
    (first,) = made.finish()
    told = made.outcome(first, outcome)
    assert counts(made, GapKind.HEARTBEAT_FAILED) == {"dms": 1}
    assert [one.channel_id for one in told] == ["watch"]
    assert [one.at for one in made.wake(119) if one.channel_id == "dms"] == [60]


@pytest.mark.parametrize("channels", [("other",), (channel("dms", enabled=False),)])
def test_a_channel_that_is_not_there_or_switched_off_is_a_gap_each_time(channels: tuple[Any, ...]) -> None:
    made = beating(BEAT, *channels)
    made.wake(130)
    assert counts(made, GapKind.HEARTBEAT_FAILED) == {"dms": 3}
    assert beats(made) == []


def test_heartbeats_count_against_their_channels_limit() -> None:
    """Alerts and heartbeats of one channel together keep it, and a heartbeat that it holds is sent later."""
    made = beating(BEAT, channel("dms", rate_limit_per_minute=1), rules=[rule("all", "dms")])
    made.wake(30)
    assert made.fire("a") == []
    made.wake(300)
    starts = [one.at for one in made.on("dms")]
    assert all(later - earlier >= 60 for earlier, later in pairwise(starts))
    assert [one.firing for one in made.on("dms") if one.kind == "firing"] == [["a"]]
    assert len(beats(made)) == 5  # at 0, 120, 180, 240 and 300


def test_an_open_circuit_does_not_keep_heartbeats_back() -> None:
    made = beating(BEAT, channel("dms", "brittle"), answer=None, rules=[rule("all", "dms")])
    for name in "ab":
        made.outcome([one for one in made.fire(name) if one.kind == "firing"], DOWN)
    made.deliver()
    sent: list[Sent] = made.wake(60)
    assert "heartbeat" in [one.kind for one in sent]


def test_a_watchdog_whose_channel_is_missing_is_a_gap() -> None:
    made = Bench(configuration("ops"))
    made.reload(configuration("ops", watchdog=Watchdog(channel_id="nope")))
    assert made.gaps(GapKind.MISSING_CHANNEL) == ["nope"]


def test_what_waits_behind_attempts_that_hang_is_late_however_full_the_queue_is() -> None:
    """A full queue is no reason: only a limit is one."""
    made = Bench(configuration(channel("ops", "single"), aggregator="none"), checked=False)
    made.fire("hangs")
    made.step(*[fired(f"a{place}") for place in range(600)])
    made.wake(3600)
    (gap,) = [gap for gap in made.engine.state.gaps.values() if gap.kind is GapKind.LATE]
    assert gap.detail.startswith("601 notifications")


def test_a_heartbeat_does_not_wait_behind_what_an_open_circuit_holds() -> None:
    """On a channel with a limit it goes after what waits, but not after what waits for minutes."""
    frail = channel("dev", "brittle", rate_limit_per_minute=30)
    watchdog = Watchdog(heartbeat_channel="dev", heartbeat_seconds=5.0)
    made = loaded(configuration(frail, aggregator="none", watchdog=watchdog), answer=DOWN)
    for name in ("a", "b", "c"):
        made.fire(name, "critical")
    made.wake(120)
    beats = [event.at for event in made.events if isinstance(event, HeartbeatSent)]
    assert len(beats) > 10
    assert max(later - earlier for earlier, later in pairwise(beats)) <= 7.0


def test_heartbeats_do_not_take_the_only_place_of_a_probe() -> None:
    """The channel is well again: what waits for its open circuit is told, although there is one place a minute."""
    frail = channel("dev", "brittle", rate_limit_per_minute=1)
    watchdog = Watchdog(heartbeat_channel="dev", heartbeat_seconds=60.0)
    made = loaded(configuration(frail, aggregator="none", watchdog=watchdog), answer=DOWN)
    made.fire("a", "critical")
    made.fire("b", "critical")
    made.wake(600)
    made.answer = DELIVERED
    made.wake(1800)
    told = {name for one in made.on("dev") if one.at > 600 for name in one.firing}
    assert {"a", "b"} <= told

"""Deliberately broken engines and runtimes: each breaks one promise, and the checker has to notice.

A mutation replaces one function by another that differs in one thing. ``seed`` is that of a run in which it shows: a
test fails where it does not.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import attrs
import pytest
from tests.simulation.breaking import Mutation, into, nothing, replace

from tocsin.engine import (
    circuit,
    ends,
    escalation,
    gates,
    lanes,
    limits,
    lines,
    outcomes,
    owing,
    recheck,
    reload,
    walk,
    watchdog,
)
from tocsin.engine.agenda import Agenda, Deadline
from tocsin.engine.machine import Engine
from tocsin.engine.plan import Plan
from tocsin.engine.state import LevelMark
from tocsin.errors import StoreError
from tocsin.journal import Restarted
from tocsin.model.facts import Acknowledged, AttemptEnded, Snoozed
from tocsin.model.notification import AlertStatus, NotificationKind, NotificationState
from tocsin.model.outcome import Outcome, OutcomeStatus
from tocsin.model.reason import Action, Reason
from tocsin.model.severity import AlertSeverity
from tocsin.roles.aggregator import AT_ONCE, Release
from tocsin.runtime import recovery
from tocsin.runtime.dispatcher import Dispatcher
from tocsin.runtime.operable import Operable
from tocsin.runtime.runner import Runner
from tocsin.runtime.service import FederationAlertingService
from tocsin.runtime.writer import Writer
from tocsin_plugins.window import Window

__all__ = ["MUTATIONS"]

MUTATIONS: Final[list[Mutation]] = []
mutation = into(MUTATIONS)


def _puts_off(writer: Writer) -> None:
    """Take no checkpoint, and think of it again in time."""
    writer._saver._saved_at = writer._clock.now()


# -- gates ---------------------------------------------------------------------------------------------------------


@mutation(seed=6)
def tells_what_is_acknowledged(patch: pytest.MonkeyPatch) -> None:
    replace(patch, gates, "acknowledged", lambda _: lambda turn, episode: False)


@mutation(seed=5)
def tells_what_is_silenced(patch: pytest.MonkeyPatch) -> None:
    replace(patch, gates, "silenced", lambda _: lambda turn, episode: None)


@mutation(seed=2)
def tells_what_is_snoozed(patch: pytest.MonkeyPatch) -> None:
    replace(patch, gates, "snoozed", lambda _: lambda turn, episode: False)


def _without(reason: Reason) -> Callable[[Any], Any]:
    def make(original: Any) -> Any:
        def shut_gate(turn: Any, episode: Any, channel_id: str) -> Any:
            found = original(turn, episode, channel_id)
            return None if found is reason else found

        return shut_gate

    return make


@mutation(seed=0)
def tells_channels_that_want_worse(patch: pytest.MonkeyPatch) -> None:
    replace(patch, gates, "shut_gate", _without(Reason.BELOW_MIN_SEVERITY))


@mutation(seed=1)
def asks_the_gates_only_once(patch: pytest.MonkeyPatch) -> None:
    """What is due is told, whatever has become of it meanwhile."""
    replace(patch, lines, "shut_on", lambda _: lambda turn, line, episode: None)
    replace(patch, recheck, "recheck", lambda _: lambda turn, out: True)


@mutation(seed=0)
def sends_resolutions_to_all(patch: pytest.MonkeyPatch) -> None:
    replace(patch, gates, "resolution_gate", lambda _: lambda turn, channel_id: None)


@mutation(seed=11)
def does_not_notice_the_end_of_silences(patch: pytest.MonkeyPatch) -> None:
    replace(patch, reload, "silence_edge", lambda _: nothing)


# -- routing and telling -------------------------------------------------------------------------------------------


@mutation(seed=6)
def applies_rules_after_one_that_stops(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def init(self: Plan, config: Any, channels: Any, nodes: Any, *rest: Any, **options: Any) -> None:
            original(self, config, channels, [attrs.evolve(node, continues=True) for node in nodes], *rest, **options)

        return init

    replace(patch, Plan, "__init__", make)


@mutation(seed=13)
def does_not_route_anew_after_a_reload(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def begin(turn: Any, *, rerouting: bool = False, **options: Any) -> None:
            if not rerouting:
                original(turn, **options)

        return begin

    replace(patch, walk, "begin", make)


@mutation(seed=17)
def forgets_what_was_folded(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def release_due(turn: Any, line: Any) -> None:
            for episode_id, owed in list(line.waiting.items()):
                if owed.due <= turn.clock:
                    turn.tx.drop_from(line, line.waiting, episode_id)
            original(turn, line)

        return release_due

    replace(patch, owing, "release_due", make)


@mutation(seed=0)
def folds_what_is_urgent(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def release(self: Window, state: Any, telling: Any) -> Release:
            closes = telling.opened_at + self._config.window_seconds
            found: Release = original(self, state, telling)
            return Release(closes, Reason.FOLDED) if found == AT_ONCE and telling.now < closes else found

        return release

    replace(patch, Window, "release", make)


@mutation(seed=4)
def does_not_tell_that_it_grew_worse(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def consider(turn: Any, incident: Any, episode: Any, channel_id: str, via: tuple[str, ...] = ()) -> bool:
            if episode.episode_id in turn.line(incident, channel_id).told:
                return True
            return bool(original(turn, incident, episode, channel_id, via))

        return consider

    replace(patch, owing, "consider", make)


@mutation(seed=0)
def loses_resolutions(patch: pytest.MonkeyPatch) -> None:
    replace(patch, ends, "owe_resolution", lambda _: nothing)


@mutation(seed=3)
def sends_resolutions_of_what_was_never_told(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def resolve(turn: Any, incident: Any, line: Any, episode: Any) -> None:
            if episode.episode_id in line.due and episode.episode_id not in line.told:
                turn.tx.put_in(line, line.told, episode.episode_id, episode.severity.rank)
            original(turn, incident, line, episode)

        return resolve

    replace(patch, ends, "resolve", make)


@mutation(seed=0)
def forgets_that_the_beginning_was_told(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def told(turn: Any, out: Any) -> None:
            if out.kind is not NotificationKind.FIRING or out.ordinal:
                original(turn, out)

        return told

    replace(patch, outcomes, "told", make)


@mutation(seed=0)
def never_reminds(patch: pytest.MonkeyPatch) -> None:
    replace(patch, outcomes, "_repeat_later", lambda _: nothing)


@mutation(seed=2)
def loses_a_member_of_a_digest(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def start(turn: Any, lane: Any, channel: Any, out: Any) -> None:
            if out.kind is NotificationKind.DIGEST and len(out.listed) > 1 and not out.attempts:
                turn.tx.drop_from(out, out.listed, max(out.listed))
            original(turn, lane, channel, out)

        return start

    replace(patch, lanes, "_start", make)


# -- escalation ----------------------------------------------------------------------------------------------------


@mutation(seed=5)
def escalates_what_is_muted(patch: pytest.MonkeyPatch) -> None:
    replace(patch, gates, "attended", lambda _: lambda turn, episode: not episode.firing)


@mutation(seed=2)
def counts_paused_time(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def run_or_pause(turn: Any, incident: Any, running: Any) -> None:
            before = running.since
            original(turn, incident, running)
            if before is not None and running.since is None:
                turn.tx.edit(running).base = 0.0

        return run_or_pause

    replace(patch, escalation, "_run_or_pause", make)


@mutation(seed=2)
def tells_levels_half_a_minute_late(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def put(self: Agenda, tx: Any, kind: Deadline, name: str, at: float) -> None:
            original(self, tx, kind, name, at + 30.0 if kind is Deadline.LEVEL else at)

        return put

    replace(patch, Agenda, "set", make)


@mutation(seed=2)
def tells_a_level_of_nobody(patch: pytest.MonkeyPatch) -> None:
    """The level is reached, and its channels never hear of it."""
    replace(patch, owing, "mark_level", lambda _: nothing)


@mutation(seed=2)
def tells_levels_twice(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def delivered(turn: Any, out: Any) -> None:
            original(turn, out)
            if out.kind is NotificationKind.ESCALATION and out.ordinal < 1_000_000:
                line = turn.line(turn.state.incidents[out.incident_id], out.channel_id)
                mark = LevelMark(out.policy_id, out.ordinal % 1000, out.level)
                owing.mark_level(turn, line, mark)

        return delivered

    replace(patch, outcomes, "_repeat_later", make)


@mutation(seed=2)
def does_not_stand_in_for_a_level(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def begin(*arguments: Any) -> Any:
            *others, policy = arguments
            return original(*others, attrs.evolve(policy, default_channels=()))

        return begin

    replace(patch, escalation, "_begin", make)


# -- delivery ------------------------------------------------------------------------------------------------------


@mutation(seed=0)
def ignores_the_limit(patch: pytest.MonkeyPatch) -> None:
    replace(patch, lanes, "_limited", lambda _: lambda turn, lane, channel: False)


@mutation(seed=0)
def takes_a_minute_for_fifty_seconds(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(limits, "_MINUTE", 50.0)


@mutation(seed=2)
def takes_unknown_for_not_told(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def told(turn: Any, out: Any) -> None:
            if not out.maybe:
                original(turn, out)

        return told

    replace(patch, outcomes, "told", make)


@mutation(seed=0)
def sends_again_what_was_delivered(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def attempt_ended(turn: Any, fact: AttemptEnded) -> bool:
            if fact.outcome.status is OutcomeStatus.DELIVERED and fact.attempt == 1:
                fact = attrs.evolve(fact, outcome=Outcome.unknown("who knows"))
            return bool(original(turn, fact))

        return attempt_ended

    replace(patch, outcomes, "attempt_ended", make)


@mutation(seed=0)
def retries_with_another_id(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        async def send(self: Dispatcher, attempt: Any, gaps: Any) -> Any:
            notification = attempt.notification
            if notification.attempt > 1:
                other = attrs.evolve(notification, notification_id=notification.notification_id + "again")
                attempt = attrs.evolve(attempt, notification=other)
            return await original(self, attempt, gaps)

        return send

    replace(patch, Dispatcher, "_send", make)


@mutation(seed=3)
def forgets_to_retry(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def put(self: Agenda, tx: Any, kind: Deadline, name: str, at: float) -> None:
            if kind not in (Deadline.RETRY, Deadline.EXPIRY):
                original(self, tx, kind, name, at)

        return put

    replace(patch, Agenda, "set", make)


@mutation(seed=3)
def does_not_wait_as_long_as_asked(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def try_again(turn: Any, out: Any, outcome: Outcome) -> None:
            original(turn, out, attrs.evolve(outcome, retry_after_seconds=None))

        return try_again

    replace(patch, outcomes, "_try_again", make)


@mutation(seed=1)
def gives_up_too_soon(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def try_again(turn: Any, out: Any, outcome: Outcome) -> None:
            if out.attempts == 1 and outcome.status is OutcomeStatus.UNAVAILABLE:
                outcomes.hand_over(turn, out, NotificationState.DEAD, Reason.EXHAUSTED, outcome.detail)
            else:
                original(turn, out, outcome)

        return try_again

    replace(patch, outcomes, "_try_again", make)


@mutation(seed=6)
def gives_nothing_to_the_fallback(patch: pytest.MonkeyPatch) -> None:
    replace(patch, outcomes, "tell_elsewhere", lambda _: nothing)


@mutation(seed=6)
def never_turns_to_the_fallback_in_time(patch: pytest.MonkeyPatch) -> None:
    replace(patch, outcomes, "fallback_due", lambda _: nothing)


@mutation(seed=6)
def turns_to_the_fallback_a_minute_late(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def put(self: Agenda, tx: Any, kind: Deadline, name: str, at: float) -> None:
            original(self, tx, kind, name, at + 60.0 if kind is Deadline.FALLBACK else at)

        return put

    replace(patch, Agenda, "set", make)


@mutation(seed=3)
def tries_without_end(patch: pytest.MonkeyPatch) -> None:
    """The age that the retry policy sets ends nothing that waits."""
    replace(patch, outcomes, "expired", lambda _: nothing)


@mutation(seed=6)
def leaves_what_waits_for_a_channel_that_went(patch: pytest.MonkeyPatch) -> None:
    replace(patch, reload, "_vanish", lambda _: nothing)


@mutation(seed=60)
def passes_on_nothing_of_a_channel_that_went(patch: pytest.MonkeyPatch) -> None:
    replace(patch, reload, "_pass_on", lambda _: nothing)


@mutation(seed=60)
def has_two_attempts_under_way(patch: pytest.MonkeyPatch) -> None:
    """A line whose notification is sent is free for the next one."""

    def make(original: Any) -> Any:
        def start(turn: Any, lane: Any, channel: Any, out: Any) -> None:
            original(turn, lane, channel, out)
            if not out.parts:
                line = turn.line(turn.state.incidents[out.incident_id], out.channel_id)
                turn.tx.edit(line).current = None

        return start

    replace(patch, lanes, "_start", make)


@mutation(seed=3)
def leaves_no_receiver_alone(patch: pytest.MonkeyPatch) -> None:
    replace(patch, circuit, "note", lambda _: nothing)


@mutation(seed=3)
def never_probes(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def closed_until(turn: Any, lane: Any) -> Any:
            return None if lane.probe_at is None else turn.now.engine + 3600.0

        return closed_until

    replace(patch, circuit, "closed_until", make)


@mutation(seed=4)
def lets_a_firing_overtake_an_earlier_end(patch: pytest.MonkeyPatch) -> None:
    """Neither does its notification wait to be made, nor, where both are made, to be sent."""
    replace(patch, lines, "_goes_second", lambda _: lambda turn, line: False)
    replace(patch, lanes, "told_first", lambda _: nothing)


@mutation(seed=9)
def tells_of_an_alerts_two_incidents_at_once(patch: pytest.MonkeyPatch) -> None:
    replace(patch, lanes, "crosses", lambda _: lambda *of: False)


# -- the watchdog --------------------------------------------------------------------------------------------------


@mutation(seed=3)
def calls_nothing_late(patch: pytest.MonkeyPatch) -> None:
    replace(patch, watchdog, "look", lambda _: nothing)


@mutation(seed=1)
def sends_no_heartbeats(patch: pytest.MonkeyPatch) -> None:
    replace(patch, watchdog, "beat", lambda _: nothing)


@mutation(seed=1)
def sends_one_heartbeat(patch: pytest.MonkeyPatch) -> None:
    """And none after that."""

    def make(original: Any) -> Any:
        def beat(turn: Any) -> None:
            original(turn)
            turn.state.agenda.cancel(turn.tx, Deadline.HEARTBEAT, "")

        return beat

    replace(patch, watchdog, "beat", make)


# -- what a notification says --------------------------------------------------------------------------------------


def _saying(change: Callable[[Any], Any]) -> Callable[[pytest.MonkeyPatch], None]:
    """Let each attempt's notification be what *change* makes of it."""

    def apply(patch: pytest.MonkeyPatch) -> None:
        replace(patch, lanes, "notification_of", lambda original: lambda turn, out: change(original(turn, out)))

    return apply


def _each(one: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a change of a notification that changes each alert it lists."""
    return lambda notification: attrs.evolve(notification, alerts=tuple(map(one, notification.alerts)))


def _alert_with(**fields: Any) -> Callable[[pytest.MonkeyPatch], None]:
    return _saying(_each(lambda one: attrs.evolve(one, alert=attrs.evolve(one.alert, **fields))))


@mutation(seed=0)
def names_another_cluster(patch: pytest.MonkeyPatch) -> None:
    _alert_with(cluster_id="prod-1")(patch)


@mutation(seed=0)
def names_another_metric(patch: pytest.MonkeyPatch) -> None:
    _alert_with(metric_name="cpu")(patch)


@mutation(seed=0)
def says_nothing_of_the_message(patch: pytest.MonkeyPatch) -> None:
    _alert_with(message="")(patch)


@mutation(seed=0)
def plays_down_what_resolved(patch: pytest.MonkeyPatch) -> None:
    """Only what ended is listed with a severity that nobody reported."""

    def one(listed: Any) -> Any:
        return listed if listed.firing else attrs.evolve(listed, alert=attrs.evolve(listed.alert, severity="info"))

    _saying(_each(one))(patch)


@mutation(seed=0)
def exaggerates(patch: pytest.MonkeyPatch) -> None:
    """A notification's own severity is higher than that of anything in it."""
    _saying(lambda notification: attrs.evolve(notification, severity=AlertSeverity.EMERGENCY))(patch)


@mutation(seed=0)
def calls_a_resolution_firing(patch: pytest.MonkeyPatch) -> None:
    """The alerts in it are listed as resolved, and it says of itself that it fires."""
    _saying(lambda notification: attrs.evolve(notification, status=AlertStatus.FIRING))(patch)


@mutation(seed=7)
def retries_what_was_said_first(patch: pytest.MonkeyPatch) -> None:
    """Another attempt tells the alerts as they were when the first one started."""
    first: dict[tuple[str, str], Any] = {}

    def make(original: Any) -> Any:
        def notification_of(turn: Any, out: Any) -> Any:
            made = original(turn, out)
            alerts = [first.setdefault((out.notification_id, one.alert.alert_id), one) for one in made.alerts]
            again = tuple(attrs.evolve(one, alert=old.alert) for one, old in zip(made.alerts, alerts, strict=True))
            return attrs.evolve(made, alerts=again)

        return notification_of

    replace(patch, lanes, "notification_of", make)


def _calling(change: Callable[[Any], Any]) -> Callable[[pytest.MonkeyPatch], None]:
    """Let the dispatcher hand the backend what *change* makes of a notification."""

    def make(original: Any) -> Any:
        async def send(self: Dispatcher, attempt: Any, gaps: Any) -> Any:
            return await original(self, attrs.evolve(attempt, notification=change(attempt.notification)), gaps)

        return send

    return lambda patch: replace(patch, Dispatcher, "_send", make)


@mutation(seed=0)
def retries_under_another_incident(patch: pytest.MonkeyPatch) -> None:
    """The key by which an incident tool knows the incident is another one from the second attempt on."""

    def change(notification: Any) -> Any:
        if notification.attempt == 1:
            return notification
        return attrs.evolve(notification, incident_id=f"{notification.incident_id}{notification.attempt}")

    _calling(change)(patch)


@mutation(seed=0)
def calls_each_incident_as_the_notification(patch: pytest.MonkeyPatch) -> None:
    """Always the same key, and not the one that the journal has."""
    _calling(lambda made: attrs.evolve(made, incident_id=made.notification_id))(patch)


@mutation(seed=9)
def makes_digests_for_incident_tools(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def together(turn: Any, lane: Any, channel: Any, out: Any) -> Any:
            spec = attrs.evolve(channel.spec, per_incident=False)
            return original(turn, lane, attrs.evolve(channel, spec=spec), out)

        return together

    replace(patch, lanes, "_together", make)


# -- who gave it ---------------------------------------------------------------------------------------------------


def _taking(kind: type[Any], **fields: Any) -> Callable[[pytest.MonkeyPatch], None]:
    """Let what people do of this kind be taken in with these fields."""

    def make(original: Any) -> Any:
        def one(self: Operable, made: Any, *arguments: Any) -> bool:
            if made is not kind:
                return bool(original(self, made, *arguments))
            return bool(original(self, lambda *given: attrs.evolve(kind(*given), **fields), *arguments))

        return one

    return lambda patch: replace(patch, Operable, "_one", make)


@mutation(seed=6)
def takes_ann_for_who_acknowledged(patch: pytest.MonkeyPatch) -> None:
    _taking(Acknowledged, by="ann")(patch)


@mutation(seed=4)
def forgets_what_was_said_with_an_acknowledgement(patch: pytest.MonkeyPatch) -> None:
    _taking(Acknowledged, comment="")(patch)


@mutation(seed=0)
def forgets_who_snoozed(patch: pytest.MonkeyPatch) -> None:
    _taking(Snoozed, by="")(patch)


# -- records of attempts -------------------------------------------------------------------------------------------


def _recording(**fields: Any) -> Callable[[pytest.MonkeyPatch], None]:
    """Let the record of each attempt's end have these fields."""

    def make(original: Any) -> Any:
        def record(turn: Any, out: Any, fact: AttemptEnded) -> None:
            original(turn, out, fact)
            event = turn.events.pop()
            turn.tell(attrs.evolve(event, delivery=attrs.evolve(event.delivery, **fields)))

        return record

    return lambda patch: replace(patch, outcomes, "_record", make)


@mutation(seed=0)
def drops_the_response_code(patch: pytest.MonkeyPatch) -> None:
    _recording(response_code=None)(patch)


@mutation(seed=3)
def invents_response_codes(patch: pytest.MonkeyPatch) -> None:
    """Also where there was no answer."""

    def make(original: Any) -> Any:
        def record(turn: Any, out: Any, fact: AttemptEnded) -> None:
            code = 504 if fact.outcome.code is None else fact.outcome.code
            original(turn, out, attrs.evolve(fact, outcome=attrs.evolve(fact.outcome, code=code)))

        return record

    replace(patch, outcomes, "_record", make)


@mutation(seed=0)
def drops_the_response_message(patch: pytest.MonkeyPatch) -> None:
    _recording(response_message="")(patch)


@mutation(seed=0)
def measures_no_latency(patch: pytest.MonkeyPatch) -> None:
    _recording(delivery_time_ms=0.0)(patch)


@mutation(seed=0)
def measures_latency_in_seconds(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def record(turn: Any, out: Any, fact: AttemptEnded) -> None:
            original(turn, out, attrs.evolve(fact, seconds=fact.seconds / 1000.0))

        return record

    replace(patch, outcomes, "_record", make)


@mutation(seed=1)
def records_every_attempt_as_a_success(patch: pytest.MonkeyPatch) -> None:
    _recording(success=True)(patch)


# -- explanations --------------------------------------------------------------------------------------------------


@mutation(seed=6)
def gives_the_wrong_reason(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def block(turn: Any, line: Any, episode: Any, reason: Reason) -> None:
            original(turn, line, episode, Reason.SNOOZED if reason is Reason.ACKNOWLEDGED else reason)

        return block

    replace(patch, owing, "block", make)


@mutation(seed=0)
def explains_nothing(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def decided(turn: Any, episode: Any, channel_id: str, action: Action, *rest: Any) -> None:
            if action is not Action.SKIP:
                original(turn, episode, channel_id, action, *rest)

        return decided

    replace(patch, owing, "decided", make)


@mutation(seed=10)
def reports_another_outcome(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        async def report(self: Dispatcher, facts: tuple[Any, ...]) -> None:
            *gaps, ended = facts
            if ended.outcome.status is OutcomeStatus.REJECTED:
                ended = attrs.evolve(ended, outcome=Outcome.delivered())
            await original(self, (*gaps, ended))

        return report

    replace(patch, Dispatcher, "_report", make)


@mutation(seed=0)
def lists_the_severity_of_yesterday(patch: pytest.MonkeyPatch) -> None:
    """What fires is listed with the rank that it had when it was owed, however it changed."""

    def make(original: Any) -> Any:
        def notification_of(turn: Any, out: Any) -> Any:
            made = original(turn, out)
            alerts = tuple(
                attrs.evolve(one, alert=attrs.evolve(one.alert, severity="info")) if one.firing else one
                for one in made.alerts
            )
            return attrs.evolve(made, alerts=alerts)

        return notification_of

    replace(patch, lanes, "notification_of", make)


# -- the runtime, and what survives a crash ------------------------------------------------------------------------


@mutation(seed=0)
def starts_attempts_twice(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def start(self: Dispatcher, attempt: Any) -> None:
            original(self, attempt)
            original(self, attempt)

        return start

    replace(patch, Dispatcher, "start", make)


@mutation(seed=1)
def forgets_an_attempt_to_start(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def after_commit(self: FederationAlertingService, step: Any) -> Any:
            return original(self, attrs.evolve(step, starts=step.starts[:2]))

        return after_commit

    replace(patch, FederationAlertingService, "_after_commit", make)


@mutation(seed=7)
def accepts_what_the_store_refused(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def keep(self: Writer, *arguments: Any) -> None:
            with suppress(StoreError):
                original(self, *arguments)

        return keep

    replace(patch, Writer, "_keep", make)


@mutation(seed=10)
def does_not_take_a_failed_commit_back(patch: pytest.MonkeyPatch) -> None:
    replace(patch, Engine, "undo", lambda _: lambda self: self.accept())


@mutation(seed=2)
def sleeps_through_deadlines(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        async def sleep(self: Runner, seconds: float) -> None:
            await original(self, seconds + 20.0)

        return sleep

    replace(patch, Runner, "_sleep", make)


@mutation(seed=0)
def forgets_that_it_was_restarted(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def step(self: Engine, now: Any, inputs: Any = (), **options: Any) -> Any:
            return original(self, now, [item for item in inputs if not isinstance(item, Restarted)], **options)

        return step

    replace(patch, Engine, "step", make)


@mutation(seed=0)
def does_not_keep_outcomes(patch: pytest.MonkeyPatch) -> None:
    """The journal has what was decided of an attempt's end, and not the end itself."""

    def make(original: Any) -> Any:
        def keep(self: Writer, now: Any, step: Any) -> None:
            effective = tuple(item for item in step.effective if not isinstance(item, AttemptEnded))
            original(self, now, attrs.evolve(step, effective=effective))

        return keep

    replace(patch, Writer, "_keep", make)
    replace(patch, Writer, "save", lambda _: _puts_off)


@mutation(seed=1)
def recovers_six_entries_of_seven(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def same(engine: Any, entry: Any, plans: Any) -> bool:
            return True if entry.ordinal % 7 == 0 else bool(original(engine, entry, plans))

        return same

    replace(patch, recovery, "_same", make)


def _recovering(change: Callable[[Any], None]) -> Callable[[Any], Any]:
    def make(original: Any) -> Any:
        def load(records: Any, plan: Any) -> Any:
            state = original(records, plan)
            change(state)
            return state

        return load

    return make


@mutation(seed=1)
def recovers_without_the_log_of_starts(patch: pytest.MonkeyPatch) -> None:
    def forget(state: Any) -> None:
        for lane in state.lanes.values():
            lane.starts = ()

    replace(patch, recovery, "load", _recovering(forget))


@mutation(seed=10)
def recovers_without_acknowledgements(patch: pytest.MonkeyPatch) -> None:
    def forget(state: Any) -> None:
        for episode in state.episodes.values():
            episode.ack = None

    replace(patch, recovery, "load", _recovering(forget))


@mutation(seed=2)
def recovers_without_what_was_told(patch: pytest.MonkeyPatch) -> None:
    def forget(state: Any) -> None:
        for incident in state.incidents.values():
            for line in incident.lines.values():
                line.told.clear()

    replace(patch, recovery, "load", _recovering(forget))


@mutation(seed=1)
def recovers_with_another_seed(patch: pytest.MonkeyPatch) -> None:
    def reseed(state: Any) -> None:
        state.seed += 1

    replace(patch, recovery, "load", _recovering(reseed))


@mutation(seed=4)
def recovers_without_what_waits(patch: pytest.MonkeyPatch) -> None:
    """What was queued or held when the process died is not sent."""

    def forget(state: Any) -> None:
        for lane in state.lanes.values():
            lane.queue.ranks.clear()

    replace(patch, recovery, "load", _recovering(forget))


@mutation(seed=2)
def recovers_without_deadlines(patch: pytest.MonkeyPatch) -> None:
    def forget(state: Any) -> None:
        state.agenda.ranks.clear()

    replace(patch, recovery, "load", _recovering(forget))


@mutation(seed=3)
def takes_a_firing_for_resolved(patch: pytest.MonkeyPatch) -> None:
    def make(original: Any) -> Any:
        def compose(turn: Any, line: Any, *rest: Any) -> Any:
            listed = original(turn, line, *rest)
            for episode_id in sorted(listed)[1:]:
                listed[episode_id] = (AlertStatus.RESOLVED, listed[episode_id][1])
            return listed

        return compose

    replace(patch, lines, "compose", make)

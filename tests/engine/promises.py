"""The promises of design.md §6, checked after every step from facts, attempts and outcomes alone.

What is checked at each attempt's start, at each level's instant, and once everything has calmed down is one method
each; an AssertionError says which promise was broken, for whom and when.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import attrs
from tests.engine.breakers import Breaker
from tests.engine.ladder import Ladder, Rung
from tests.engine.world import Key, Span, World

from tocsin import (
    Acknowledged,
    AlertFired,
    AlertResolved,
    AlertRouted,
    AttemptEnded,
    Configuration,
    GapFound,
    GapKind,
    GapRecorded,
    HeartbeatSent,
    LevelReached,
    ListedAlert,
    Notification,
    NotificationChanged,
    NotificationKind,
    NotificationState,
    OutcomeStatus,
    Reason,
    Redriven,
    Registry,
    SilenceExpired,
    SilenceSet,
    Snoozed,
    TellingDecided,
)
from tocsin.engine.machine import Input, Instant, PlanChanged, Restarted, StartAttempt, Step

__all__ = ["REPORTED", "Promises"]

Told = tuple[str, Key]
REPORTED = "somewhere"
"""The subject of the gaps that other parts report; the engine's own bear other names."""

_GIVEN_UP = {NotificationState.DEAD, NotificationState.REJECTED, NotificationState.UNKNOWN}
_FAILED = {Reason.REJECTED, Reason.EXHAUSTED, Reason.FALLBACK_DUE, Reason.CHANNEL_MISSING}


@attrs.define(slots=True, eq=False)
class Sent:
    """One notification, from its first attempt on; ``last`` is the latest attempt."""

    last: StartAttempt
    first_listed: frozenset[Key]
    started_at: float
    under_way: bool = True
    not_before: float = float("-inf")
    maybe: bool = False
    over: bool = False


@attrs.define(slots=True, eq=False)
class Owed:
    """A level that came due on a channel and that somebody there has to hear of."""

    rung: Rung
    channel_id: str


def key_of(listed: ListedAlert) -> Key:
    """The episode that is listed."""
    return (listed.incident_id, listed.alert.alert_id, listed.episode)


class Promises:
    """Watches one engine. Give it every step, in order."""

    def __init__(self, config: Configuration, registry: Registry, now: float) -> None:
        self.registry = registry
        self.breakers: dict[str, Breaker] = defaultdict(Breaker)
        self.again: set[Told] = set()
        self.heartbeats: dict[str, StartAttempt] = {}
        self.given_up: dict[str, NotificationState] = {}
        self.world = World(config, now)
        self.ladder = Ladder(self.world)
        self.sent: dict[str, Sent] = {}
        self.told: dict[Told, tuple[int, float]] = {}
        self.closed: set[Told] = set()
        self.bridged: dict[Told, Told] = {}
        self.dead: dict[Told, str | None] = {}
        self.excused: set[Told] = set()
        self.owed: list[Owed] = []
        self.starts: dict[str, list[float]] = defaultdict(list)
        self.levels: set[tuple[str, str, str | None, str]] = set()
        self.gaps: set[tuple[GapKind, str]] = set()

    # what is under way, for whoever drives the engine

    def under_way(self) -> list[Notification]:
        """The attempts that have not ended, the oldest first."""
        beats = [start.notification for start in self.heartbeats.values()]
        return [*(sent.last.notification for sent in self.sent.values() if sent.under_way), *beats]

    def ended(self) -> list[Notification]:
        """The latest attempts of what is not under way."""
        return [sent.last.notification for sent in self.sent.values() if not sent.under_way]

    # the step

    def watch(self, now: Instant, inputs: Sequence[Input], step: Step) -> None:
        """Check one step."""
        self.ladder.rungs.clear()
        self._pass_time(now)
        self._heartbeats(step, now)
        restarted = any(isinstance(fact, Restarted) for fact in inputs)
        if not restarted:
            self._gaps(step, float("-inf"), now.engine)
        self.world.end_gaps(now.engine)
        for fact, answer in zip(inputs, step.answers, strict=True):
            deserved = self._take(fact, step)
            assert answer == deserved, f"{fact} was answered {answer}"
        self._gaps(step, float("-inf") if restarted else now.engine, float("inf"), now.engine)
        self.ladder.tell()
        self._levels(step)
        self._events(step)
        starting = (start for start in step.starts if start.notification.kind is not NotificationKind.HEARTBEAT)
        for event in step.events:
            if isinstance(event, NotificationChanged) and event.state is NotificationState.SENDING:
                start = next(starting)
                assert start.notification.notification_id == event.notification_id
                self._start(start, event.at, now)
        assert next(starting, None) is None, "an attempt starts that no event tells of"
        self._excuse()

    def _gaps(self, step: Step, start: float, end: float, not_before: float = float("-inf")) -> None:
        """Take in the gaps that were met from *start* until before *end*; a restart tells of them when it is done."""
        routed = {(e.alert_id, e.episode): e.incident_id for e in step.events if isinstance(e, AlertRouted)}
        for event in step.events:
            if isinstance(event, GapRecorded) and start <= event.at < end:
                self.world.meet_gap(event.gap, max(event.at, not_before), routed)

    def _heartbeats(self, step: Step, now: Instant) -> None:
        """A heartbeat goes to the channel that is to get it, within its limit; each that is sent is an event."""
        started = [start for start in step.starts if start.notification.kind is NotificationKind.HEARTBEAT]
        told = [event.notification_id for event in step.events if isinstance(event, HeartbeatSent)]
        assert [start.notification.notification_id for start in started] == told
        for start in started:
            name = start.notification.channel_id
            assert name not in self.heartbeats, "two heartbeats bear one id"
            self.heartbeats[start.notification.notification_id] = start
            self._keeps_limit(name, start.channel.channel.rate_limit_per_minute, now, "a heartbeat")

    def _keeps_limit(self, channel_id: str, limit: int | None, now: Instant, what: str) -> None:
        log = self.starts[channel_id]
        log.append(now.engine)
        if limit is not None:
            recent = [instant for instant in log if instant > now.engine - 60.0]
            assert len(recent) <= limit, f"{what}: {len(recent)} attempts within a minute, the limit is {limit}"

    def _pass_time(self, now: Instant) -> None:
        self.ladder.pass_time(max(now.engine, self.world.engine))
        if self.world.wall != now.wall:
            if now.wall < self.world.wall - 1e-3:
                self.world.clock_set_back()
            self.world.wall = now.wall
            self.world.end_silences()
            self.ladder.recount()

    def _take(self, fact: Input, step: Step) -> bool:
        world, answer = self.world, True
        if isinstance(fact, AlertFired):
            routed = {(e.alert_id, e.episode): e.incident_id for e in step.events if isinstance(e, AlertRouted)}
            before = world.latest.get(fact.alert.alert_id)
            if world.fire(fact, routed):
                self.ladder.begin(world.latest[fact.alert.alert_id])
            self._bridge(before, world.latest[fact.alert.alert_id])
        elif isinstance(fact, PlanChanged):
            self._change(fact.plan.config)
        elif isinstance(fact, Restarted):
            self.heartbeats.clear()
            for sent in self.sent.values():
                if sent.under_way:
                    self._unknown(sent)
                    sent.not_before = float("-inf")
        elif isinstance(fact, AttemptEnded):
            return self._attempt_ended(fact)
        elif isinstance(fact, Redriven):
            return self._redriven(fact.notification_id, step)
        elif isinstance(fact, GapFound):
            recorded = [(e.gap.kind, e.gap.subject) for e in step.events if isinstance(e, GapRecorded)]
            assert (fact.kind, fact.subject) in recorded
        elif isinstance(fact, AlertResolved | Acknowledged | Snoozed | SilenceSet | SilenceExpired):
            answer = world.take(fact)
        self.ladder.recount()
        return answer

    def _bridge(self, before: Span | None, span: Span) -> None:
        """Where groups bridge short ends, what a channel was told of the one episode, it was told of the next."""
        if before is None or before is span or before.incident_id != span.incident_id or not span.bridged:
            return
        for channel_id, key in list(self.told):
            earlier = key[:2] == span.key[:2] and key != span.key
            ended = (channel_id, key)
            if earlier and ended not in self.closed | self.excused and not self._tells_the_end(ended):
                self.bridged[ended] = (channel_id, span.key)
                self.told[channel_id, span.key] = max(self.told[ended], self.told.get((channel_id, span.key), (-1, 0)))
                self.excused.add(ended)

    def _tells_the_end(self, told: Told) -> bool:
        """Whether an attempt at telling it was made already, so that it stands."""
        return any(
            told == (sent.last.notification.channel_id, key_of(listed))
            for sent in self.sent.values()
            if not sent.over
            for listed in sent.last.notification.resolved
        )

    def _change(self, config: Configuration) -> None:
        world = self.world
        for channel_id, gone in world.config.channels.items():
            if channel_id not in config.channels:
                for span in world.firing():
                    pending = channel_id in self.targets(span) and not self._tells(channel_id, span)
                    under_way = any(
                        span.key in {key_of(one) for one in notification.alerts}
                        for notification in self.under_way()
                        if notification.channel_id == channel_id
                    )
                    if pending and not under_way and world.shut(span, channel_id, world.engine, world.wall) is None:
                        self.dead.setdefault((channel_id, span.key), gone.fallback)
        world.config = config
        for span in world.firing():
            world.route(span)
            self.ladder.begin(span)

    # outcomes

    def _attempt_ended(self, fact: AttemptEnded) -> bool:
        if fact.notification_id in self.heartbeats and fact.attempt == 1:
            del self.heartbeats[fact.notification_id]
            return not fact.outcome.success
        sent = self.sent.get(fact.notification_id)
        if sent is None or not sent.under_way or sent.last.notification.attempt != fact.attempt:
            return False
        status = fact.outcome.status
        channel = self.world.config.channels.get(sent.last.notification.channel_id)
        if channel is not None:
            policy = self.registry.backend(channel.backend).circuit
            self.breakers[channel.channel_id].ended(status, policy, self.world.engine)
        if status is OutcomeStatus.UNKNOWN:
            self._unknown(sent)
        elif status is OutcomeStatus.DELIVERED:
            self._delivered(sent)
        if status is not OutcomeStatus.DELIVERED:
            self._give_way(sent, set())
        sent.under_way = False
        sent.over |= status in (OutcomeStatus.DELIVERED, OutcomeStatus.REJECTED)
        sent.not_before = self.world.engine + (fact.outcome.retry_after_seconds or 0.0)
        return True

    def _redriven(self, notification_id: str, step: Step) -> bool:
        """Only what was given up can be sent again; a digest's episodes are, each by its own notification."""
        (answer,) = step.answers
        sent = self.sent.get(notification_id)
        if answer:
            assert self.given_up.pop(notification_id, None), f"{notification_id} was not given up, and is sent again"
            if sent is not None:
                notification = sent.last.notification
                self.again |= {(notification.channel_id, key_of(listed)) for listed in notification.alerts}
                sent.over, sent.not_before = False, float("-inf")
        return answer

    def _hear(self, sent: Sent) -> None:
        notification = sent.last.notification
        for listed in notification.firing:
            told = (notification.channel_id, key_of(listed))
            self.bridged = {ended: heir for ended, heir in self.bridged.items() if heir != told}
            rank, at = self.told.get(told, (-1, sent.started_at))
            self.told[told] = (max(rank, listed.alert.severity.rank), max(at, sent.started_at))
        self._met(sent)

    def _met(self, sent: Sent) -> None:
        """Levels that were due when the attempt started are told by it."""
        notification = sent.last.notification
        incidents = {listed.incident_id for listed in notification.firing}
        self.owed = [
            owed
            for owed in self.owed
            if owed.channel_id != notification.channel_id
            or owed.rung.incident_id not in incidents
            or owed.rung.at > sent.started_at
        ]

    def _unknown(self, sent: Sent) -> None:
        self._hear(sent)
        sent.maybe, sent.under_way = True, False

    def _delivered(self, sent: Sent) -> None:
        notification = sent.last.notification
        self._hear(sent)
        for listed in notification.firing:  # one that ended, and fired again, while it was under way
            latest = self.world.latest[listed.alert.alert_id]
            if latest.firing:
                self._bridge(self.world.spans[key_of(listed)], latest)
        for listed in notification.resolved:
            told = (notification.channel_id, key_of(listed))
            self.told.pop(told, None)
            self.told.pop(self.bridged.pop(told, told), None)  # it was held back, not to be bridged
            self.closed.add(told)
        if notification.kind is NotificationKind.ESCALATION:
            name = (notification.incident_id, notification.channel_id, notification.policy_id, str(notification.level))
            policy = self.ladder.climbs[notification.incident_id, str(notification.policy_id)].policy
            assert name not in self.levels or policy.repeat, f"one level told twice: {name}"
            self.levels.add(name)

    def _events(self, step: Step) -> None:
        for event in step.events:
            if isinstance(event, GapRecorded):
                self.gaps.add((event.gap.kind, event.gap.subject))
            if isinstance(event, TellingDecided) and event.reason is Reason.SUPERSEDED:
                self._overtaken(event)
            if isinstance(event, NotificationChanged):
                self._ended(event)
            if isinstance(event, NotificationChanged) and event.notification_id in self.sent:
                sent = self.sent[event.notification_id]
                if event.reason in _FAILED:
                    self._died(sent)
                elif event.state in (NotificationState.CANCELLED, NotificationState.UNKNOWN):
                    self._give_way(sent, set())

    def _ended(self, event: NotificationChanged) -> None:
        if event.state in _GIVEN_UP and event.alert_ids:
            self.given_up[event.notification_id] = event.state
        if event.notification_id in self.sent or event.reason not in _FAILED or not event.alert_ids:
            return
        found = self.world.config.channels.get(event.channel_id)  # never tried: its circuit was open until the end
        for span in self.world.spans.values():
            if span.incident_id == event.incident_id and span.alert.alert_id in event.alert_ids:
                told = (event.channel_id, span.key)
                if span.firing and not self._tells(event.channel_id, span):
                    self.dead[told] = None if found is None else found.fallback
                elif not span.firing:
                    self.excused.add(told)
        self.owed = [
            one
            for one in self.owed
            if (one.channel_id, one.rung.incident_id) != (event.channel_id, event.incident_id) or one.rung.at > event.at
        ]

    def _overtaken(self, event: TellingDecided) -> None:
        """An end may be left out once the channel was told that its alert fires again, in another incident."""
        latest = self.world.latest[event.alert_id]
        assert latest.firing, f"{event}: it does not fire again"
        assert latest.incident_id != event.incident_id, f"{event}: it fires again in the same incident"
        assert (event.channel_id, latest.key) in self.told, f"{event}: the channel was not told that it fires again"
        self.excused.add((event.channel_id, (event.incident_id, event.alert_id, event.episode)))

    def _give_way(self, sent: Sent, still: set[Key]) -> None:
        """Once it has failed, a resolution may give way to a firing of the same alert in a new incident.

        Not where the receiver keeps incidents: the old incident would stay open there.
        """
        if not sent.last.channel.spec.per_incident:
            for listed in sent.last.notification.resolved:
                latest = self.world.latest[listed.alert.alert_id]
                beside = {key_of(one) for one in sent.last.notification.alerts}
                elsewhere = latest.firing and latest.incident_id != listed.incident_id and latest.key not in beside
                if elsewhere and key_of(listed) not in still:
                    self.excused.add((sent.last.notification.channel_id, key_of(listed)))

    def _died(self, sent: Sent) -> None:
        notification = sent.last.notification
        channel_id = notification.channel_id
        sent.over = True
        self._met(sent)
        channel = self.world.config.channels.get(channel_id, sent.last.channel.channel)
        for listed in notification.alerts:
            told = (channel_id, key_of(listed))
            if not listed.firing:
                self.excused.add(told)
            elif not self._tells(channel_id, self.world.spans[told[1]]):
                self.dead[told] = channel.fallback

    # levels

    def _levels(self, step: Step) -> None:
        reached = [
            Rung(e.at, e.incident_id, e.policy_id, e.level, e.channel_ids, False)
            for e in step.events
            if isinstance(e, LevelReached)
        ]
        expected = [rung for rung in self.ladder.rungs if rung.channels]
        assert sorted(map(repr, map(_plain, reached))) == sorted(map(repr, map(_plain, expected))), (
            f"levels told {reached}, due {expected}"
        )
        lost = {f"{rung.policy_id}.{rung.level}" for rung in self.ladder.rungs if not rung.channels}
        gaps = {
            e.gap.subject
            for e in step.events
            if isinstance(e, GapRecorded) and e.gap.kind is GapKind.LEVEL_UNREACHABLE and e.gap.subject != REPORTED
        }
        assert lost == gaps, f"levels that reach nobody {lost}, gaps {gaps}"
        self.owed += [Owed(rung, channel) for rung in expected if not rung.joins for channel in rung.channels]

    def _excuse(self) -> None:
        """A level need not be told any more once nobody it names has to be answered for, or the channel is gone."""
        world = self.world
        self.owed = [owed for owed in self.owed if self._named(owed)]
        for channel_id, key in self.told:
            channel = world.channel(channel_id)
            if not world.spans[key].firing and (channel is None or not channel.send_resolved):
                self.excused.add((channel_id, key))

    def _named(self, owed: Owed, *, unmuted: bool = False) -> bool:
        """Whether the level still names somebody; *unmuted*: whom it can be told of now."""
        world = self.world
        channel = world.channel(owed.channel_id)
        return channel is not None and any(
            span.incident_id == owed.rung.incident_id
            and span.policy_id == owed.rung.policy_id
            and span.alert.severity >= channel.min_severity
            and not world.acknowledged(span, world.engine)
            and not (unmuted and world.shut(span, owed.channel_id, world.engine, world.wall))
            for span in self.world.firing()
        )

    # attempts

    def _start(self, start: StartAttempt, at: float, now: Instant) -> None:
        notification = start.notification
        what = f"{notification.kind} to {notification.channel_id} at {at}"
        channel = self.world.channel(notification.channel_id)
        assert channel is not None, f"{what}: no such channel, or it is disabled"
        assert notification.alerts, f"{what}: lists nothing"
        self._alone(notification, what)
        self._listing(notification, at, at + now.wall - now.engine, what)
        if not notification.firing:
            assert channel.send_resolved, f"{what}: the channel takes no resolutions"
            for listed in notification.alerts:
                told = (notification.channel_id, key_of(listed))
                assert told in self.told, f"{what}: resolution of what it was never told of, {told}"
        under_way = [
            one
            for one in self.under_way()
            if one.channel_id == notification.channel_id and one.kind is not NotificationKind.HEARTBEAT
        ]
        forbidden = self.breakers[notification.channel_id].forbids(now.engine, len(under_way))
        assert forbidden is None, f"{what}: {forbidden}"
        limit = channel.rate_limit_per_minute
        self._keeps_limit(notification.channel_id, limit, now, what)
        known = self.sent.get(notification.notification_id)
        if known is None:
            self._first(start, now.engine, what)
        else:
            self._again(known, start, now.engine, what)

    def _alone(self, notification: Notification, what: str) -> None:
        """Invariant: per incident and channel, one attempt in flight."""
        incidents = {listed.incident_id for listed in notification.alerts}
        for other in self.under_way():
            if other.channel_id == notification.channel_id:
                both = incidents & {listed.incident_id for listed in other.alerts}
                assert not both, f"{what}: another attempt for {both} is under way"

    def _listing(self, notification: Notification, at: float, wall: float, what: str) -> None:
        for listed in notification.alerts:
            span = self.world.spans[key_of(listed)]
            if listed.firing:
                shut = self.world.shut(span, notification.channel_id, at, wall)
                assert shut is None, f"{what}: lists {span.key} as firing: {shut}"
            else:
                assert at >= span.ended_at, f"{what}: lists {span.key} as resolved, but it fires"
                told = (notification.channel_id, span.key)
                assert told not in self.closed, f"{what}: the resolution of {span.key} was delivered before"
            assert listed.alert == attrs.evolve(span.alert, timestamp=listed.alert.timestamp), f"{what}: stale report"

    def _first(self, start: StartAttempt, now: float, what: str) -> None:
        notification = start.notification
        assert notification.attempt == 1, f"{what}: begins with attempt {notification.attempt}"
        if notification.kind in (NotificationKind.FIRING, NotificationKind.MORE):
            assert any(self._news(notification, listed) for listed in notification.alerts), f"{what}: says nothing new"
        listed = frozenset(key_of(one) for one in notification.alerts)
        self.sent[notification.notification_id] = Sent(start, listed, now)

    def _news(self, notification: Notification, listed: ListedAlert) -> bool:
        name = (notification.channel_id, key_of(listed))
        told = self.told.get(name)
        span = self.world.spans[key_of(listed)]
        if not listed.firing:
            return told is not None  # a group tells an end beside what fires
        if (
            told is None or name in self.again or name in self.bridged.values()
        ):  # its end may have passed without a word
            return True
        rank, at = told
        return any(other > rank and when >= at for when, other in span.reports)

    def _again(self, known: Sent, start: StartAttempt, now: float, what: str) -> None:
        """Invariant: the same id only while it may not have arrived, attempts counted, no sooner than asked."""
        notification = start.notification
        assert not known.over, f"{what}: an attempt after its end"
        assert not known.under_way, f"{what}: two attempts at a time"
        assert notification.attempt == known.last.notification.attempt + 1, f"{what}: attempts are not counted"
        assert now >= known.not_before, f"{what}: tried again before the receiver wants it"
        listed = {key_of(one) for one in notification.alerts}
        self._give_way(known, listed)
        assert listed <= known.first_listed, f"{what}: a retry lists more than the first attempt"
        known.last, known.started_at, known.under_way = start, now, True

    # at rest

    def targets(self, span: Span) -> tuple[str, ...]:
        """The channels that an episode is routed to: its rules' own, and its policy's immediate level's."""
        climb = self.ladder.climbs.get((span.incident_id, span.policy_id or ""))
        return tuple(dict.fromkeys((*span.channels, *(climb.joined if climb else ()))))

    def _tells(self, channel_id: str, span: Span) -> bool:
        told = self.told.get((channel_id, span.key))
        return told is not None and told[0] >= span.alert.severity.rank

    def everything_told(self) -> None:
        """Invariant, at rest: whoever passes the gates was told, here or by the fallbacks of what failed."""
        world = self.world
        for span in world.firing():
            dead = [channel_id for channel_id, key in self.dead if key == span.key]
            for channel_id in dict.fromkeys((*self.targets(span), *dead)):
                if channel_id in dead or world.shut(span, channel_id, world.engine, world.wall) is None:
                    assert self._reached(channel_id, span, set()), (
                        f"{channel_id} was not told of {span.key} ({span.alert.severity}) by {world.engine}"
                    )
        owed = [one for one in self.owed if self._named(one, unmuted=True)]
        assert not owed, f"levels that nobody was told: {owed}"

    def _reached(self, channel_id: str, span: Span, passed: set[str]) -> bool:
        if channel_id in passed or self._tells(channel_id, span):
            return True
        world = self.world
        if (channel_id, span.key) not in self.dead:
            return bool(passed) and world.shut(span, channel_id, world.engine, world.wall) is not None
        fallback = self.dead[channel_id, span.key]
        if fallback is None or fallback not in world.config.channels:
            return (GapKind.UNDELIVERED, channel_id) in self.gaps
        return self._reached(fallback, span, passed | {channel_id})

    def everything_resolved(self) -> None:
        """Invariant, at rest: whoever was told that it fires was told that it ended."""
        for channel_id, key in self.told:
            if not self.world.spans[key].firing and (channel_id, key) not in self.excused:
                raise AssertionError(f"{channel_id} was told of {key}, and never that it resolved")


def _plain(rung: Rung) -> tuple[float, str, str, str, tuple[str, ...]]:
    return (rung.at, rung.incident_id, rung.policy_id, rung.level, rung.channels)

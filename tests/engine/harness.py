"""A bench for the bare engine: virtual instants in, attempts and events out, and what must hold after every step.

Instants are offsets in seconds from :data:`ORIGIN`, on the engine's clock. Every step is made twice, with an undo in
between, which must leave no trace and change no effect.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any, Final

import attrs
from tests.engine.records import as_text, reloaded

from tocsin import (
    Acknowledged,
    Aggregation,
    AlertFired,
    AlertResolved,
    AlertRoutingRule,
    AttemptEnded,
    Backend,
    BackendContext,
    BackendRegistrar,
    Configuration,
    EscalationPolicy,
    Event,
    Fact,
    GapKind,
    LabelMatcher,
    MatchOperator,
    Notification,
    NotificationChanged,
    NotificationChannel,
    NotificationState,
    Outcome,
    PerformanceAlert,
    Registry,
    RetryPolicy,
    Silence,
    SilenceExpired,
    SilenceSet,
    Snoozed,
    create_console_channel,
    discovery,
    hookimpl,
)
from tocsin.engine.compile import compile_plan
from tocsin.engine.explain import explain
from tocsin.engine.machine import Engine, Instant, PlanChanged, Restarted, StartAttempt, Step
from tocsin.engine.plan import Plan
from tocsin.model.explanation import Explanation
from tocsin.model.facts import Redriven
from tocsin.model.outcome import CircuitPolicy

__all__ = [
    "FEW_ATTEMPTS",
    "ORIGIN",
    "TWO_FAILURES",
    "Bench",
    "Sent",
    "channel",
    "configuration",
    "fired",
    "incident_tool",
    "installed",
    "loaded",
    "rule",
]

ORIGIN: Final = 1_700_000_000.0
FEW_ATTEMPTS: Final = RetryPolicy(base_seconds=2.0, cap_seconds=10.0, max_attempts=4, max_age_seconds=100.0)
TWO_FAILURES: Final = CircuitPolicy(failures=2, open_seconds=10.0, cap_seconds=35.0)

Input = Fact | PlanChanged | Restarted


@attrs.frozen(slots=True)
class _NoSettings:
    """A backend without settings."""


class _NeverSent:
    """The engine starts attempts and never makes them."""

    async def send(self, notification: Notification) -> Outcome:
        raise AssertionError("the bench sends nothing")


def _backend(config: Any, context: BackendContext, /) -> Backend:
    return _NeverSent()


class BenchBackends:
    """``tool``: a receiver that keeps incidents of its own. ``single``: one attempt at a time. ``frail``: gives up.

    ``brittle``: its circuit opens after two failures. ``one``: the same, and one attempt at a time.
    ``wide``: any number of attempts at a time.
    """

    @hookimpl
    def tocsin_register_backends(self, registrar: BackendRegistrar) -> None:
        registrar.register("tool", _backend, config_class=_NoSettings, per_incident=True)
        registrar.register("single", _backend, config_class=_NoSettings, concurrency=1)
        registrar.register("frail", _backend, config_class=_NoSettings, retry=FEW_ATTEMPTS, circuit=None)
        registrar.register("wide", _backend, config_class=_NoSettings, concurrency=10_000)
        registrar.register("brittle", _backend, config_class=_NoSettings, circuit=TWO_FAILURES)
        registrar.register("one", _backend, config_class=_NoSettings, circuit=TWO_FAILURES, concurrency=1)


def installed(*plugins: object) -> Registry:
    """Return what the installed plugins, the bench's backends and *plugins* register."""
    found = discovery.load(extra=[BenchBackends(), *plugins])
    assert not found.failures, found.failures
    return found.registry


@functools.cache
def _usual() -> Registry:
    return installed()


def channel(channel_id: str, backend: str = "console", **options: Any) -> NotificationChannel:
    """Return a channel without settings."""
    return NotificationChannel(channel_id, backend, **options)


def incident_tool(channel_id: str, **options: Any) -> NotificationChannel:
    """Return a channel whose receiver keeps incidents of its own."""
    return channel(channel_id, "tool", **options)


def rule(rule_id: str, *channels: str, policy: str | None = None, **options: Any) -> AlertRoutingRule:
    """Return a rule; *options* that are no field of a rule are its conditions."""
    known = {field.name for field in attrs.fields(AlertRoutingRule)}
    conditions = {name: options.pop(name) for name in list(options) if name not in known}
    return AlertRoutingRule(
        rule_id, conditions=conditions, target_channels=channels, escalation_policy_id=policy, **options
    )


def configuration(
    *channels: NotificationChannel | str,
    rules: Iterable[AlertRoutingRule] | None = None,
    policies: Sequence[EscalationPolicy] = (),
    aggregator: str = "window",
    settings: dict[str, Any] | None = None,
    **options: Any,
) -> Configuration:
    """Return a configuration; without *rules*, everything goes to the first channel, under the first policy."""
    made = [create_console_channel(one) if isinstance(one, str) else one for one in channels]
    if rules is None:
        rules = [rule("all", made[0].channel_id, policy=policies[0].policy_id if policies else None)]
    return Configuration(
        channels={one.channel_id: one for one in made},
        routing_rules=tuple(rules),
        escalation_policies={policy.policy_id: policy for policy in policies},
        aggregation=Aggregation(aggregator, settings or {}),
        **options,
    )


def fired(alert_id: str, severity: str = "error", metric: str = "cpu", **fields: Any) -> AlertFired:
    """Return the fact that an alert fires."""
    fields.setdefault("cluster_id", f"cluster-{alert_id}")
    fields.setdefault("timestamp", ORIGIN)
    return AlertFired(PerformanceAlert(alert_id=alert_id, severity=severity, metric_name=metric, **fields))


@attrs.frozen(slots=True, eq=False)
class Sent:
    """One attempt that the engine started, and when."""

    at: float
    start: StartAttempt

    @property
    def notification(self) -> Notification:
        """What is told."""
        return self.start.notification

    @property
    def name(self) -> str:
        """The notification's id, the same for all its attempts."""
        return self.notification.notification_id

    @property
    def channel_id(self) -> str:
        """The channel that is told."""
        return self.notification.channel_id

    @property
    def attempt(self) -> int:
        """Counted from 1."""
        return self.notification.attempt

    @property
    def kind(self) -> str:
        """Why the notification exists."""
        return self.notification.kind.value

    @property
    def firing(self) -> list[str]:
        """The alerts that are listed as firing, sorted."""
        return sorted(listed.alert.alert_id for listed in self.notification.firing)

    @property
    def resolved(self) -> list[str]:
        """The alerts that are listed as resolved, sorted."""
        return sorted(listed.alert.alert_id for listed in self.notification.resolved)

    def severity_of(self, alert_id: str) -> str:
        """Return the severity with which an alert is listed."""
        (found,) = [listed.alert for listed in self.notification.alerts if listed.alert.alert_id == alert_id]
        return str(found.severity.value)

    def episodes(self) -> list[tuple[str, int, str]]:
        """Return (alert, episode, status) of everything that is listed, sorted."""
        return sorted((one.alert.alert_id, one.episode, one.status.value) for one in self.notification.alerts)


class Bench:
    """An engine, its time, and everything that came of its steps.

    ``answer`` is how every attempt ends, in the instant of its start; None leaves attempts under way.
    """

    def __init__(
        self,
        config: Configuration,
        *,
        answer: Outcome | None = None,
        seed: int = 0,
        registry: Registry | None = None,
        checked: bool = True,
    ) -> None:
        self.registry = _usual() if registry is None else registry
        self.plan: Plan = compile_plan(config, self.registry)
        self.engine = Engine(self.plan, seed=seed)
        self.answer = answer
        self.checked = checked
        self.at = 0.0
        self.wall_ahead = 0.0
        self.sent: list[Sent] = []
        self.events: list[Event] = []
        self.answers: tuple[bool, ...] = ()
        self.under_way: dict[str, Sent] = {}
        self._started: set[tuple[str, int]] = set()

    @property
    def config(self) -> Configuration:
        """The configuration in force."""
        return self.plan.config

    # --- inputs; each returns the attempts that were started

    def step(self, *inputs: Input) -> list[Sent]:
        """Hand facts to the engine now."""
        made = self._twice(inputs) if self.checked else self._once(inputs)
        self.engine.accept()
        self.answers = made.answers
        self.events.extend(made.events)
        sent = [Sent(self.at, start) for start in made.starts]
        for one in sent:
            self._note(one)
        self.sent.extend(sent)
        if self.answer is not None:
            for one in list(sent):
                sent += self.outcome(one, self.answer)
        return sent

    def fire(self, alert_id: str, severity: str = "error", metric: str = "cpu", **fields: Any) -> list[Sent]:
        """An alert fires, or is reported again."""
        return self.step(fired(alert_id, severity, metric, **fields))

    def resolve(self, *alert_ids: str) -> list[Sent]:
        """Alerts are well again, in one step."""
        return self.step(*(AlertResolved(alert_id) for alert_id in alert_ids))

    def ack(self, target: str, for_seconds: float | None = None) -> list[Sent]:
        """Somebody takes an alert or an incident."""
        return self.step(Acknowledged(target, by="bob", for_seconds=for_seconds))

    def snooze(self, target: str, seconds: float) -> list[Sent]:
        """Somebody puts an alert or an incident off."""
        return self.step(Snoozed(target, seconds=seconds, by="bob"))

    def silence(self, name: str, until: float, *, start: float | None = None, **labels: str) -> list[Sent]:
        """Silence what has these labels; *start* and *until* are offsets of the wall clock from the origin."""
        matchers = [LabelMatcher(label, MatchOperator.EQUAL, value) for label, value in labels.items()]
        begins = self.at + self.wall_ahead if start is None else start
        return self.step(SilenceSet(Silence(name, matchers, ORIGIN + begins, ORIGIN + until)))

    def end_silence(self, name: str) -> list[Sent]:
        """End a silence before its time."""
        return self.step(SilenceExpired(name))

    def redrive(self, sent: Sent) -> list[Sent]:
        """Somebody asks for a notification to be sent again."""
        return self.step(Redriven(sent.name, by="bob"))

    def outcome(self, sent: Sent | list[Sent], outcome: Outcome) -> list[Sent]:
        """The attempt, or the only one in a list, ended."""
        if isinstance(sent, list):
            (sent,) = sent
        self.under_way.pop(sent.name, None)
        return self.step(AttemptEnded(sent.name, sent.attempt, outcome, 0.1))

    def deliver(self, *sent: Sent) -> list[Sent]:
        """Attempts ended well; without arguments, all that are under way."""
        more: list[Sent] = []
        for one in sent or list(self.under_way.values()):
            more += self.outcome(one, Outcome.delivered())
        return more

    def wake(self, at: float) -> list[Sent]:
        """Let time pass until *at*, with a step at each deadline on the way and one at the end."""
        sent: list[Sent] = []
        while (deadline := self.engine.next_deadline()) is not None and deadline - ORIGIN < at:
            assert deadline - ORIGIN >= self.at - 1e-6, "a deadline was left behind"
            self.at = max(self.at, deadline - ORIGIN)
            sent += self.step()
        self.at = at
        return sent + self.step()

    def finish(self) -> list[Sent]:
        """Step until nothing is left to be done now."""
        sent: list[Sent] = []
        while (deadline := self.engine.next_deadline()) is not None and deadline - ORIGIN <= self.at:
            sent += self.step()
        return sent

    def oversleep(self, at: float) -> list[Sent]:
        """Let time pass until *at* with a single step at the end, as a runtime that wakes late makes it."""
        self.at = at
        return self.step()

    def jump(self, seconds: float) -> list[Sent]:
        """The wall clock jumps; the engine's does not."""
        self.wall_ahead += seconds
        return self.step()

    def restart(self, at: float | None = None) -> list[Sent]:
        """The process dies now and comes back at *at*, with its records read back from JSON."""
        state = reloaded(self.engine.state, self.plan)
        self.engine = Engine(self.plan, state=state)
        self.under_way.clear()
        self.at = self.at if at is None else at
        return self.step(Restarted())

    def reload(self, config: Configuration) -> list[Sent]:
        """The configuration changes."""
        self.plan = compile_plan(config, self.registry, self.plan)
        return self.step(PlanChanged(self.plan))

    # --- what came of it

    def explain(self, alert_id: str, severity: str = "error", **fields: Any) -> Explanation:
        """Say what would happen if an alert fired now."""
        return explain(self.engine, fired(alert_id, severity, **fields).alert, self._now())

    def on(self, channel_id: str) -> list[Sent]:
        """Return the attempts on one channel."""
        return [sent for sent in self.sent if sent.channel_id == channel_id]

    def told(self, channel_id: str) -> list[tuple[float, str, list[str], list[str]]]:
        """Return (instant, kind, firing, resolved) of every attempt on one channel."""
        return [(round(one.at, 6), one.kind, one.firing, one.resolved) for one in self.on(channel_id)]

    def changes(self, notification_id: str) -> list[NotificationState]:
        """Return the states that a notification went through."""
        return [change.state for change in self.all_changes() if change.notification_id == notification_id]

    def all_changes(self) -> list[NotificationChanged]:
        """Return every change of every notification."""
        return [event for event in self.events if isinstance(event, NotificationChanged)]

    def ended(self) -> list[tuple[str, str]]:
        """Return (channel, state) of every notification that ended undelivered."""
        last = {change.notification_id: change for change in self.all_changes()}
        open_or_well = {"queued", "held", "sending", "retrying", "delivered"}
        return [(one.channel_id, one.state.value) for one in last.values() if one.state.value not in open_or_well]

    def gaps(self, kind: GapKind) -> list[str]:
        """Return the subjects of the gaps of one kind."""
        return sorted(gap.subject for gap in self.engine.state.gaps.values() if gap.kind is kind)

    # --- what must hold after every step

    def _now(self) -> Instant:
        engine = ORIGIN + self.at
        return Instant(engine, engine + self.wall_ahead)

    def _once(self, inputs: Sequence[Input]) -> Step:
        return self.engine.step(self._now(), inputs)

    def _twice(self, inputs: Sequence[Input]) -> Step:
        before = as_text(self.engine.state)
        first = self._once(inputs)
        self.engine.undo()
        assert as_text(self.engine.state) == before, "an undone step left a trace"
        again = self._once(inputs)
        assert again.starts == first.starts, "an undone step changed what the next one starts"
        assert again.events == first.events, "an undone step changed what the next one tells observers"
        return again

    def _note(self, sent: Sent) -> None:
        key = (sent.name, sent.attempt)
        assert key not in self._started, "the same attempt was started twice"
        self._started.add(key)
        incidents = {view.aggregation_id for view in sent.notification.incidents}
        for other in self.under_way.values():
            if other.channel_id == sent.channel_id:
                both = incidents & {view.aggregation_id for view in other.notification.incidents}
                assert not both, "two attempts about one incident are under way to one channel"
        self.under_way[sent.name] = sent


def loaded(config: Configuration, **options: Any) -> Bench:
    """Return a bench on which *config* was taken in by a reload, as services do it; *options* are the bench's own."""
    bench = Bench(configuration("nothing"), **options)
    bench.reload(config)
    return bench

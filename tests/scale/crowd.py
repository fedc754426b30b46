"""Very many alerts on one bare engine: they fire, are silenced, escalate and are told, in steps that are counted."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

import attrs

from tocsin import (
    Aggregation,
    AlertFired,
    AlertRoutingRule,
    AttemptEnded,
    Backend,
    BackendContext,
    BackendRegistrar,
    Configuration,
    EscalationPolicy,
    Fact,
    LabelMatcher,
    MatchOperator,
    Notification,
    NotificationChannel,
    Outcome,
    PerformanceAlert,
    Registry,
    Silence,
    discovery,
    hookimpl,
)
from tocsin.engine.compile import compile_plan
from tocsin.engine.machine import Engine, Input, Instant, StartAttempt, Step
from tocsin.engine.plan import Plan

__all__ = ["BEGIN", "Counts", "Crowd", "alert", "everything", "plan", "registry"]

BEGIN: Final = 1_700_000_000.0
_BATCH: Final = 500
_CLUSTERS: Final = 50


@attrs.frozen(slots=True)
class _NoSettings:
    """A backend without settings."""


class _NeverSent:
    async def send(self, notification: Notification) -> Outcome:
        raise AssertionError("a bare engine sends nothing")


def _backend(config: object, context: BackendContext, /) -> Backend:
    return _NeverSent()


class _Plugin:
    @hookimpl
    def tocsin_register_backends(self, registrar: BackendRegistrar) -> None:
        registrar.register("crowd", _backend, config_class=_NoSettings)


def registry() -> Registry:
    """Return what the installed plugins register, and the crowd's backend."""
    found = discovery.load(extra=[_Plugin()])
    assert not found.failures, found.failures
    return found.registry


def plan(
    *,
    together: bool = False,
    limit: int | None = None,
    aggregation: Aggregation | None = None,
    channels: Sequence[str] = ("ops",),
) -> Plan:
    """Return a plan in which every alert goes to the *channels*, and the ``escalated`` to ``boss`` too.

    :param together: all of them are one incident, otherwise each is one of its own.
    :param limit: ``ops`` takes so many attempts a minute.
    :param aggregation: what forms the incidents, in place of these.
    """
    chosen = Aggregation("window", {"window_seconds": 1e6, "resolve_seconds": 0.0})
    if not together:
        chosen = Aggregation("none")
    config = Configuration(
        channels={
            "ops": NotificationChannel("ops", "crowd", rate_limit_per_minute=limit),
            "boss": NotificationChannel("boss", "crowd"),
        },
        routing_rules=(
            AlertRoutingRule(
                "escalated",
                conditions={"labels": {"team": "escalated"}},
                target_channels=channels,
                escalation_policy_id="levels",
                priority=1,
            ),
            AlertRoutingRule("everything", target_channels=channels, priority=2),
        ),
        escalation_policies={
            "levels": EscalationPolicy("levels", escalation_levels={"first": ["boss"]}, default_channels=["ops"])
        },
        aggregation=aggregation or chosen,
    )
    return compile_plan(config, registry())


def alert(number: int, *, escalated: bool = False) -> PerformanceAlert:
    """Return one alert, of the size that alerts have."""
    return PerformanceAlert(
        alert_id=f"alert-{number:06d}",
        cluster_id=f"cluster-{number % _CLUSTERS}",
        severity="error",
        metric_name="cpu_usage",
        current_value=93.0,
        threshold_value=80.0,
        message="cpu usage is at 93 percent for five minutes",
        node_id=f"node-{number % 1000}",
        timestamp=BEGIN,
        labels={"team": "escalated" if escalated else "other", "host": f"host-{number}", "service": "db"},
        annotations={"runbook": "https://example.com/runbooks/cpu"},
    )


def everything(seconds: float) -> Silence:
    """Return a silence of all of them, from now on."""
    return Silence(
        "everything", (LabelMatcher("metric_name", MatchOperator.EQUAL, "cpu_usage"),), BEGIN, BEGIN + seconds
    )


@attrs.define
class Counts:
    """The most that one step did: attempts started, events told, records changed, alerts
    listed by one notification; and how long the longest took."""

    steps: int = 0
    starts: int = 0
    events: int = 0
    records: int = 0
    listed: int = 0
    seconds: float = 0.0


class Crowd:
    """An engine whose attempts are all delivered in the next step; ``told`` counts the notifications for each alert."""

    def __init__(self, plan: Plan, engine: Engine | None = None) -> None:
        self.engine = Engine(plan, seed=1) if engine is None else engine
        self.now = BEGIN
        self.told: dict[str, int] = {}
        self.counts = Counts()
        self._under_way: deque[StartAttempt] = deque()

    def step(self, inputs: Sequence[Input] = ()) -> Step:
        """Make one step, and count what it does."""
        began, records = time.perf_counter(), self.engine.unsaved
        step = self.engine.step(Instant(self.now, self.now), inputs)
        self.engine.accept()
        counts = self.counts
        counts.seconds = max(counts.seconds, time.perf_counter() - began)
        counts.steps += 1
        counts.starts = max(counts.starts, len(step.starts))
        counts.events = max(counts.events, len(step.events))
        counts.listed = max([counts.listed, *(len(start.notification.alerts) for start in step.starts)])
        counts.records = max(counts.records, self.engine.unsaved - records)
        self._under_way.extend(step.starts)
        return step

    def fire(self, count: int, *, escalated: int = 0) -> None:
        """Let so many alerts fire, the first *escalated* of them with a policy."""
        for start in range(0, count, _BATCH):
            numbers = range(start, min(start + _BATCH, count))
            self.step([AlertFired(alert(number, escalated=number < escalated)) for number in numbers])

    def fire_one(self) -> Step:
        """Let another alert fire, of which nobody knew."""
        return self.step([AlertFired(alert(10**6))])

    def advance(self, seconds: float) -> None:
        """Let time pass without a step."""
        self.now += seconds

    @property
    def due(self) -> bool:
        """Whether the engine wants to be stepped now."""
        at = self.engine.next_deadline()
        return at is not None and at <= self.now

    def deliver(self) -> None:
        """Deliver what is under way, in one step."""
        ended = list(self._ended())
        if ended:
            self.step(ended)

    def _ended(self) -> Iterator[Fact]:
        while self._under_way:
            notification = self._under_way.popleft().notification
            for listed in notification.alerts:
                self.told[listed.alert.alert_id] = self.told.get(listed.alert.alert_id, 0) + 1
            yield AttemptEnded(notification.notification_id, notification.attempt, Outcome.delivered())

    def work_off(self) -> None:
        """Step until nothing is due and nothing is under way."""
        self.engine.saved()
        while self.due or self._under_way:
            if self.due:
                self.step()
            self.deliver()
            self.engine.saved()

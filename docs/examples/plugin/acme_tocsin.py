"""A plugin with one thing of each kind that has a contract; test_acme_tocsin.py holds them to it.

Its distribution names it in pyproject.toml: ``[project.entry-points.tocsin]``, ``acme = "acme_tocsin"``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import httpx

import tocsin
from tocsin import (
    AT_ONCE,
    AggregatorRegistrar,
    AlertSeverity,
    BackendContext,
    BackendRegistrar,
    Cause,
    Condition,
    ConditionError,
    EscalationLevel,
    EscalationPolicy,
    EscalationSchedulerRegistrar,
    FieldTest,
    MatcherRegistrar,
    Message,
    Notification,
    NotificationTemplate,
    PerformanceAlert,
    Reason,
    Release,
    RendererRegistrar,
    SqliteStore,
    Step,
    StoreRegistrar,
    Telling,
    field_value,
)
from tocsin.http import (
    HARD_TIMEOUT,
    HttpBackend,
    HttpOptions,
    HttpSender,
    attempt_timeout,
    hide,
    http_url,
    json_content,
    redact_url,
    seconds,
)

LONGEST_TITLE = 200
"""How many characters of a title the service takes."""


# -- a backend: incidents of a paging service ----------------------------------------------------------------------


@attrs.frozen(slots=True, kw_only=True)
class PagerConfig:
    """Settings of a pager channel: the service's address, and the token that it gave out."""

    url: str = attrs.field(validator=http_url, repr=redact_url)
    token: str = attrs.field(repr=hide)
    timeout_seconds: float = attrs.field(default=10.0, validator=attempt_timeout)
    http: HttpOptions = attrs.field(factory=HttpOptions)

    @token.validator
    def _token(self, attribute: attrs.Attribute[str], value: str) -> None:
        if not value.isascii() or not value.isalnum():
            raise tocsin.ConfigurationError("the token is letters and digits, as the service shows it", attribute.name)


class Pager(HttpBackend):
    """Opens an incident per incident, and closes it."""

    def __init__(self, config: PagerConfig, context: BackendContext) -> None:
        super().__init__(HttpSender(timeout_seconds=config.timeout_seconds, options=config.http))
        self._config = config

    def request(self, notification: Notification) -> httpx.Request:
        """Return the request that carries *notification*."""
        message = notification.message or headline(notification, None)
        event = {
            "action": "close" if notification.over else "open",
            "dedup_key": notification.incident_id,
            "title": message.subject[:LONGEST_TITLE] or notification.status.value,
            "details": message.body,
        }
        headers = {
            "Authorization": f"Bearer {self._config.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": notification.notification_id,
        }
        return httpx.Request("POST", f"{self._config.url}/events", headers=headers, content=json_content(event))


@tocsin.hookimpl
def tocsin_register_backends(registrar: BackendRegistrar) -> None:
    """Register ``pager``."""
    registrar.register(
        "pager",
        Pager,
        config_class=PagerConfig,
        renderer="headline",
        human=True,
        per_incident=True,
        timeout_seconds=HARD_TIMEOUT,
    )


# -- a matcher -----------------------------------------------------------------------------------------------------


def region(value: Any) -> Condition:
    """Compile the condition that an alert's label ``region`` is one of *value*, a name or a list of names."""
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise ConditionError(f"region is a name or a list of names, not {value!r:.60}")
    return Condition.all_of([FieldTest("region", frozenset(names))])


@tocsin.hookimpl
def tocsin_register_matchers(registrar: MatcherRegistrar) -> None:
    """Register ``region``."""
    registrar.register("region", region)


# -- a renderer ----------------------------------------------------------------------------------------------------


def headline(notification: Notification, template: NotificationTemplate | None) -> Message:
    """Return one line per alert, or what the user's template says."""
    if template is not None:

        def values(field: str) -> str | float | None:
            return field_value(notification, field)

        subject = " ".join(template.subject.render(values).split())
        return Message(subject, template.body.render(values), templated=True)
    lines = [
        f"{listed.status}: {listed.alert.metric_name} of {listed.alert.cluster_id}: {listed.alert.message}"
        for listed in notification.alerts
    ]
    first = " ".join(lines[0].split()) if lines else f"{notification.status}: nothing is left to tell"
    return Message(first, "\n".join(lines) or first)


@tocsin.hookimpl
def tocsin_register_renderers(registrar: RendererRegistrar) -> None:
    """Register ``headline``."""
    registrar.register("headline", headline)


# -- an aggregator -------------------------------------------------------------------------------------------------


@attrs.frozen(slots=True)
class ByNodeConfig:
    """``patience_seconds``: how long what is not critical waits for more from its node."""

    patience_seconds: float = attrs.field(default=30.0, validator=seconds)


class ByNode:
    """All that is wrong with one node is one incident."""

    state_class = None
    state_version = 1

    def __init__(self, config: ByNodeConfig) -> None:
        self._patience = config.patience_seconds

    def key(self, alert: PerformanceAlert, /) -> str | None:
        """Alerts of one node belong together; one without a node is alone."""
        return alert.node_id

    def open(self, alert: PerformanceAlert, now: float, /) -> None:
        """No state."""

    def accepts(self, state: None, opened_at: float, now: float, /) -> bool:
        """As long as something is wrong."""
        return True

    def release(self, state: None, telling: Telling, /) -> Release:
        """At once what is critical and what is over; the rest after a while."""
        if telling.cause is Cause.RESOLVED or telling.alert.severity >= AlertSeverity.CRITICAL:
            return AT_ONCE
        return Release(telling.now + self._patience, Reason.GROUPED)

    def longest_wait(self, severity: AlertSeverity, /) -> float:
        """As configured."""
        return self._patience

    def repeat_at(self, state: None, opened_at: float, told_at: float, /) -> float | None:
        """Nobody is reminded."""
        return None


@tocsin.hookimpl
def tocsin_register_aggregators(registrar: AggregatorRegistrar) -> None:
    """Register ``by_node``."""
    registrar.register("by_node", ByNode, config_class=ByNodeConfig)


# -- an escalation scheduler ---------------------------------------------------------------------------------------


@attrs.frozen(slots=True)
class TwiceState:
    """The policy as it was when the escalation began, and how many steps were told."""

    levels: tuple[tuple[str, float, tuple[str, ...]], ...]
    told: int = 0


class Twice:
    """Tells each level twice, the second time a minute after the first."""

    state_class = TwiceState
    state_version = 1

    def begin(self, policy: EscalationPolicy, /) -> TwiceState:
        """Return the snapshot of *policy*: its steps, in order of time."""
        once = [
            (level.value, policy.delay_seconds(level), channels) for level, channels in policy.escalation_levels.items()
        ]
        again = [(name, delay + 60.0, channels) for name, delay, channels in once]
        return TwiceState(tuple(sorted([*once, *again], key=lambda step: step[1])))

    def next(self, state: TwiceState, /) -> Step | None:
        """Return the first step that was not told."""
        steps = self.steps(state)
        return steps[state.told] if state.told < len(steps) else None

    def advance(self, state: TwiceState, /) -> TwiceState:
        """Count one more as told."""
        return attrs.evolve(state, told=state.told + 1)

    def steps(self, state: TwiceState, /) -> tuple[Step, ...]:
        """Return all steps."""
        return tuple(
            Step(ordinal, EscalationLevel.parse(name), delay, channels)
            for ordinal, (name, delay, channels) in enumerate(state.levels)
        )


@tocsin.hookimpl
def tocsin_register_escalation_schedulers(registrar: EscalationSchedulerRegistrar) -> None:
    """Register ``twice``."""
    registrar.register("twice", Twice())


# -- a store -------------------------------------------------------------------------------------------------------


@attrs.frozen(slots=True)
class DrawerConfig:
    """``folder``: where the drawer is."""

    folder: str


def open_drawer(config: DrawerConfig) -> SqliteStore:
    """Open the drawer: a store of SQLite that does not wait for the device at every commit."""
    return SqliteStore(Path(config.folder) / "drawer.db", synchronous="normal")


@tocsin.hookimpl
def tocsin_register_stores(registrar: StoreRegistrar) -> None:
    """Register ``drawer``."""
    registrar.register("drawer", open_drawer, config_class=DrawerConfig)

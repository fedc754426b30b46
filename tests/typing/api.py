"""The public API used as a user would, for mypy --strict: it is type-checked (``make types``) and never run."""

from __future__ import annotations

from typing import Any, assert_type

import attrs

import tocsin
from tocsin import (
    Acknowledged,
    AggregatedAlert,
    AlertFired,
    AlertRoutingRule,
    AlertSeverity,
    BackendContext,
    BackendRegistrar,
    Checkpoint,
    ClusterMetrics,
    Condition,
    Configuration,
    ConfigurationFileError,
    Entry,
    EscalationLevel,
    EscalationPolicy,
    Event,
    Explanation,
    FederationAlertingService,
    FieldTest,
    Gap,
    LoadedConfiguration,
    MatcherRegistrar,
    MemoryStore,
    Message,
    Notification,
    NotificationBackend,
    NotificationChannel,
    NotificationDelivery,
    NotificationTemplate,
    ObserverRegistrar,
    Outcome,
    PerformanceAlert,
    Problem,
    Registry,
    RendererRegistrar,
    RetryPolicy,
    ServerSettings,
    Snoozed,
    SqliteStore,
    Store,
    SystemClock,
    TocsinError,
    Upcoming,
    create_basic_escalation_policy,
    create_cluster_routing_rule,
    create_console_channel,
    create_performance_metrics_service,
    create_production_thresholds,
    create_severity_routing_rule,
    create_slack_channel,
    create_webhook_channel,
    load_configuration,
)

# -- a plugin ---------------------------------------------------------------------------------------------------------


@attrs.frozen
class PagerConfig:
    """Its settings."""

    number: str
    retries: int = 3


class PagerBackend:
    """A backend that is a plain class."""

    def __init__(self, config: PagerConfig, context: BackendContext) -> None:
        self.config = config
        self.channel_id: str = context.channel_id

    async def send(self, notification: Notification) -> Outcome:
        """Read what a backend reads."""
        assert_type(notification.message, Message | None)
        assert_type(notification.alerts[0].alert, PerformanceAlert)
        if notification.test:
            return Outcome.rejected("no tests, please", code=400)
        return Outcome.delivered(notification.incident_id)


@tocsin.hookimpl
def tocsin_register_backends(registrar: BackendRegistrar) -> None:
    """Register the backend."""
    registrar.register("pager", PagerBackend, config_class=PagerConfig, human=True, retry=RetryPolicy(base_seconds=1.0))


@tocsin.hookimpl
def tocsin_register_matchers(registrar: MatcherRegistrar) -> None:
    """Register a matcher."""
    registrar.register("region", lambda value: Condition.all_of([FieldTest("region", frozenset([str(value)]))]))


@tocsin.hookimpl
def tocsin_register_renderers(registrar: RendererRegistrar) -> None:
    """Register a renderer."""

    def render(notification: Notification, template: NotificationTemplate | None, /) -> Message:
        return Message("!", "" if template is None else template.name)

    registrar.register("shout", render)


@tocsin.hookimpl
def tocsin_register_observers(registrar: ObserverRegistrar) -> None:
    """Register an observer."""

    def observe(event: Event, /) -> None:
        print(event.at)

    registrar.register("print", observe)


# -- configuration ----------------------------------------------------------------------------------------------------


def configure(alerting: FederationAlertingService) -> None:
    """Add one of each, in the guide's forms."""
    alerting.add_channel(create_console_channel("console", AlertSeverity.INFO))
    alerting.add_channel(create_slack_channel("slack", "https://hooks.slack.com/x", "warning", rate_limit_per_minute=5))
    alerting.add_channel(create_webhook_channel("hook", "https://example.org", headers={"Authorization": "Bearer x"}))
    alerting.add_channel(
        NotificationChannel(
            channel_id="mail",
            backend=NotificationBackend.EMAIL,
            config={"to": ["a@example.org"]},
            min_severity="error",
            template_name="short",
            fallback="console",
            human=True,
            send_resolved=False,
        )
    )
    alerting.add_channel(NotificationChannel("pager", "pager", {"number": "110"}))
    alerting.add_routing_rule(create_severity_routing_rule("bad", ["error", "critical"], ["slack"], priority=10))
    alerting.add_routing_rule(create_cluster_routing_rule("prod", "prod-.*", ("hook", "mail")))
    alerting.add_routing_rule(
        AlertRoutingRule(
            rule_id="tree",
            conditions={"labels": {"service": "database"}},
            target_channels=["console"],
            escalation_policy_id="night",
            routes=[AlertRoutingRule("leaf", conditions={"severity": "critical"}, continue_matching=True)],
        )
    )
    alerting.add_escalation_policy(create_basic_escalation_policy("basic", ["slack"], ["pager"]))
    alerting.add_escalation_policy(
        EscalationPolicy(
            policy_id="night",
            escalation_levels={EscalationLevel.IMMEDIATE: ["slack"], EscalationLevel.FIRST: ["pager"]},
            level_delays_seconds={EscalationLevel.FIRST: 60},
            default_channels=["console"],
            repeat=2,
        )
    )
    alerting.add_template(NotificationTemplate("short", "Short", NotificationBackend.EMAIL, "{alert_id}", "{message}"))
    alerting.remove_routing_rule("tree")
    alerting.remove_channel("mail")
    assert_type(alerting.configuration, Configuration)
    assert_type(alerting.registry, Registry)


# -- use --------------------------------------------------------------------------------------------------------------


async def use() -> None:
    """Take in, answer, read, explain."""
    store: Store = MemoryStore(entries=10)
    store = SqliteStore("tocsin.db", synchronous="normal")
    assert_type(store.load(), Checkpoint | None)
    async with FederationAlertingService(300.0, strict=True, store=store, clock=SystemClock(), seed=1) as alerting:
        configure(alerting)
        alert = PerformanceAlert(
            alert_id="a1",
            cluster_id="prod-1",
            severity="critical",
            metric_name="cpu",
            current_value=None,
            threshold_value=90,
            message="hot",
            labels={"service": "database"},
        )
        assert_type(await alerting.process_alert(alert), bool)
        assert_type(await alerting.process_alerts([alert, alert], wait=False), tuple[bool, ...])
        assert_type(await alerting.submit(AlertFired(alert), Acknowledged("a1"), Snoozed("a1", 60)), tuple[bool, ...])
        assert_type(alerting.acknowledge_alert("a1", by="ada", comment="on it", for_seconds=3600.0), bool)
        assert_type(alerting.snooze_alert("a1", seconds=60.0, by="ada"), bool)
        assert_type(alerting.escalate_alert("a1", by="ada", comment="nobody answers"), bool)
        assert_type(alerting.note("a1", by="ada", text="fans replaced"), bool)
        assert_type(alerting.resolve_alert("a1", by="ada"), bool)
        assert_type(await alerting.send_test("ops"), Outcome)
        assert_type(await alerting.journal(after=10, limit=100), tuple[Entry, ...])
        assert_type(alerting.upcoming("a1"), tuple[Upcoming, ...])
        assert_type(alerting.get_active_alerts(), list[PerformanceAlert])
        assert_type(alerting.aggregated_alerts, dict[str, AggregatedAlert])
        assert_type(alerting.delivery_history, list[NotificationDelivery])
        assert_type(alerting.gaps, tuple[Gap, ...])
        assert_type(alerting.get_alerting_statistics(), dict[str, Any])
        assert_type(alerting.explain(alert, at=None), Explanation)
    assert_type(alerting.left_behind, tuple[str, ...])


async def measure(alerting: FederationAlertingService) -> None:
    """The metrics service, as in the guide."""
    metrics = create_performance_metrics_service(
        collection_interval=30.0, custom_thresholds=create_production_thresholds()
    )

    async def alert_callback(alert: PerformanceAlert) -> None:
        await alerting.process_alert(alert)

    metrics.add_alert_callback(alert_callback)
    await metrics.start_collection()
    metrics.ingest_cluster_metrics(ClusterMetrics("prod-1", cpu_usage_percent=85.0))
    await metrics.stop_collection()


def compare() -> bool:
    """Severities are ordered, and errors are of one tree."""
    try:
        return AlertSeverity.parse("error") < AlertSeverity.CRITICAL
    except TocsinError:
        return False


def from_a_file(registry: Registry) -> tuple[Problem, ...]:
    """A configuration file, and what is wrong with it."""
    try:
        loaded = load_configuration("tocsin.yaml", registry, environ={})
    except ConfigurationFileError as error:
        return error.problems
    assert_type(loaded, LoadedConfiguration)
    assert_type(loaded.configuration, Configuration)
    assert_type(loaded.server, ServerSettings)
    return loaded.warnings

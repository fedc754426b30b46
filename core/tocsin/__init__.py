"""tocsin decides who is told about an alert, how, when, and what happens if nobody answers."""

from tocsin.config import Configuration
from tocsin.configfile import AuthToken, LoadedConfiguration, ServerSettings, TlsSettings, load_configuration
from tocsin.discovery import load_registry
from tocsin.errors import (
    AlertError,
    ConditionError,
    ConfigurationError,
    ConfigurationFileError,
    PatternError,
    PluginError,
    Problem,
    ServiceClosed,
    StoreError,
    TemplateError,
    TocsinError,
    UnknownReferenceError,
    UnstorableError,
    nearest,
)
from tocsin.hook_api import HOOK_API
from tocsin.hookspecs import hookimpl
from tocsin.journal import entry_to_plain
from tocsin.model.aggregation import Aggregation
from tocsin.model.alert import AlertView, PerformanceAlert
from tocsin.model.alert_state import AlertState
from tocsin.model.channel import (
    NotificationBackend,
    NotificationChannel,
    create_console_channel,
    create_slack_channel,
    create_webhook_channel,
)
from tocsin.model.delivery import NotificationDelivery
from tocsin.model.escalation import EscalationLevel, EscalationPolicy, create_basic_escalation_policy
from tocsin.model.event import (
    AlertRouted,
    AttemptFinished,
    CircuitChanged,
    Event,
    FactAccepted,
    GapRecorded,
    HeartbeatSent,
    LevelReached,
    NotificationChanged,
    TellingDecided,
)
from tocsin.model.explanation import (
    ChannelExplanation,
    ConditionExplanation,
    EscalationExplanation,
    Explanation,
    Gate,
    IncidentExplanation,
    LevelExplanation,
    RuleExplanation,
)
from tocsin.model.facts import (
    Acknowledged,
    AlertFired,
    AlertResolved,
    AttemptEnded,
    Escalated,
    Fact,
    GapFound,
    Noted,
    Redriven,
    SilenceExpired,
    SilenceSet,
    Snoozed,
)
from tocsin.model.fields import field_value
from tocsin.model.gap import Gap
from tocsin.model.incident import AggregatedAlert
from tocsin.model.inhibition import InhibitionRule
from tocsin.model.interval import TimeInterval, TimeRange
from tocsin.model.label_set import fingerprint, label_set
from tocsin.model.ledger import LedgerKind, LedgerLine
from tocsin.model.notification import (
    AlertStatus,
    ListedAlert,
    Message,
    Notification,
    NotificationKind,
    NotificationState,
)
from tocsin.model.outcome import CircuitPolicy, Outcome, OutcomeStatus, RetryPolicy
from tocsin.model.outgoing import OutgoingNotification
from tocsin.model.prometheus import alert_from_labels, severity_from_word
from tocsin.model.reason import Action, GapKind, Reason
from tocsin.model.rule import AlertRoutingRule, create_cluster_routing_rule, create_severity_routing_rule
from tocsin.model.severity import AlertSeverity
from tocsin.model.silence import (
    LabelMatcher,
    MatchOperator,
    Silence,
    SilenceRecord,
    SilenceState,
    create_maintenance,
)
from tocsin.model.template import TEMPLATE_FIELDS, NotificationTemplate, iso_time
from tocsin.model.undelivered import UndeliveredNotification
from tocsin.model.upcoming import Upcoming, UpcomingKind
from tocsin.model.watchdog import Watchdog
from tocsin.patterns import Pattern, compile_pattern
from tocsin.performance import (
    ClusterMetrics,
    FederationMetrics,
    HostCollector,
    MetricsCollector,
    PerformanceMetricsService,
    PerformanceThresholds,
    create_development_thresholds,
    create_performance_metrics_service,
    create_production_thresholds,
)
from tocsin.registry import (
    AggregatorRegistrar,
    BackendRegistrar,
    CommandRegistrar,
    EscalationSchedulerRegistrar,
    MatcherRegistrar,
    ObserverRegistrar,
    Registry,
    RendererRegistrar,
    SourceRegistrar,
    StoreRegistrar,
    TemplateLanguageRegistrar,
)
from tocsin.roles.aggregator import AT_ONCE, Aggregator, Cause, Labelling, Release, Telling, Waiting
from tocsin.roles.backend import Backend, BackendContext
from tocsin.roles.matcher import Condition, FieldTest, field_test
from tocsin.roles.observer import Observer
from tocsin.roles.renderer import Renderer
from tocsin.roles.scheduler import EscalationScheduler, Step
from tocsin.roles.source import Source
from tocsin.roles.template_language import TemplateLanguage
from tocsin.runtime.clocks import Clock, SystemClock
from tocsin.runtime.service import FederationAlertingService
from tocsin.stores import Checkpoint, Entry, MemoryStore, SqliteStore, Store

__all__ = [
    "AT_ONCE",
    "HOOK_API",
    "TEMPLATE_FIELDS",
    "Acknowledged",
    "Action",
    "AggregatedAlert",
    "Aggregation",
    "Aggregator",
    "AggregatorRegistrar",
    "AlertError",
    "AlertFired",
    "AlertResolved",
    "AlertRouted",
    "AlertRoutingRule",
    "AlertSeverity",
    "AlertState",
    "AlertStatus",
    "AlertView",
    "AttemptEnded",
    "AttemptFinished",
    "AuthToken",
    "Backend",
    "BackendContext",
    "BackendRegistrar",
    "Cause",
    "ChannelExplanation",
    "Checkpoint",
    "CircuitChanged",
    "CircuitPolicy",
    "Clock",
    "ClusterMetrics",
    "CommandRegistrar",
    "Condition",
    "ConditionError",
    "ConditionExplanation",
    "Configuration",
    "ConfigurationError",
    "ConfigurationFileError",
    "Entry",
    "Escalated",
    "EscalationExplanation",
    "EscalationLevel",
    "EscalationPolicy",
    "EscalationScheduler",
    "EscalationSchedulerRegistrar",
    "Event",
    "Explanation",
    "Fact",
    "FactAccepted",
    "FederationAlertingService",
    "FederationMetrics",
    "FieldTest",
    "Gap",
    "GapFound",
    "GapKind",
    "GapRecorded",
    "Gate",
    "HeartbeatSent",
    "HostCollector",
    "IncidentExplanation",
    "InhibitionRule",
    "LabelMatcher",
    "Labelling",
    "LedgerKind",
    "LedgerLine",
    "LevelExplanation",
    "LevelReached",
    "ListedAlert",
    "LoadedConfiguration",
    "MatchOperator",
    "MatcherRegistrar",
    "MemoryStore",
    "Message",
    "MetricsCollector",
    "Noted",
    "Notification",
    "NotificationBackend",
    "NotificationChanged",
    "NotificationChannel",
    "NotificationDelivery",
    "NotificationKind",
    "NotificationState",
    "NotificationTemplate",
    "Observer",
    "ObserverRegistrar",
    "Outcome",
    "OutcomeStatus",
    "OutgoingNotification",
    "Pattern",
    "PatternError",
    "PerformanceAlert",
    "PerformanceMetricsService",
    "PerformanceThresholds",
    "PluginError",
    "Problem",
    "Reason",
    "Redriven",
    "Registry",
    "Release",
    "Renderer",
    "RendererRegistrar",
    "RetryPolicy",
    "RuleExplanation",
    "ServerSettings",
    "ServiceClosed",
    "Silence",
    "SilenceExpired",
    "SilenceRecord",
    "SilenceSet",
    "SilenceState",
    "Snoozed",
    "Source",
    "SourceRegistrar",
    "SqliteStore",
    "Step",
    "Store",
    "StoreError",
    "StoreRegistrar",
    "SystemClock",
    "Telling",
    "TellingDecided",
    "TemplateError",
    "TemplateLanguage",
    "TemplateLanguageRegistrar",
    "TimeInterval",
    "TimeRange",
    "TlsSettings",
    "TocsinError",
    "UndeliveredNotification",
    "UnknownReferenceError",
    "UnstorableError",
    "Upcoming",
    "UpcomingKind",
    "Waiting",
    "Watchdog",
    "alert_from_labels",
    "compile_pattern",
    "create_basic_escalation_policy",
    "create_cluster_routing_rule",
    "create_console_channel",
    "create_development_thresholds",
    "create_maintenance",
    "create_performance_metrics_service",
    "create_production_thresholds",
    "create_severity_routing_rule",
    "create_slack_channel",
    "create_webhook_channel",
    "entry_to_plain",
    "field_test",
    "field_value",
    "fingerprint",
    "hookimpl",
    "iso_time",
    "label_set",
    "load_configuration",
    "load_registry",
    "nearest",
    "severity_from_word",
]

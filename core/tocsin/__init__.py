"""tocsin decides who is told about an alert, how, when, and what happens if nobody answers."""

from tocsin.errors import (
    AlertError,
    ConditionError,
    ConfigurationError,
    PatternError,
    PluginError,
    ServiceClosed,
    StoreError,
    TemplateError,
    TocsinError,
    UnknownReferenceError,
    nearest,
)
from tocsin.hookspecs import hookimpl
from tocsin.model.alert import AlertView, PerformanceAlert
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
    Event,
    FactAccepted,
    GapRecorded,
    LevelReached,
    NotificationChanged,
    TellingDecided,
)
from tocsin.model.facts import (
    Acknowledged,
    AlertFired,
    AlertResolved,
    AttemptEnded,
    Fact,
    GapFound,
    SilenceExpired,
    SilenceSet,
    Snoozed,
)
from tocsin.model.gap import Gap
from tocsin.model.incident import AggregatedAlert
from tocsin.model.notification import (
    AlertStatus,
    ListedAlert,
    Message,
    Notification,
    NotificationKind,
    NotificationState,
)
from tocsin.model.outcome import Outcome, OutcomeStatus, RetryPolicy
from tocsin.model.reason import Action, GapKind, Reason
from tocsin.model.rule import AlertRoutingRule, create_cluster_routing_rule, create_severity_routing_rule
from tocsin.model.severity import AlertSeverity
from tocsin.model.silence import LabelMatcher, MatchOperator, Silence
from tocsin.model.template import TEMPLATE_FIELDS, NotificationTemplate, iso_time
from tocsin.patterns import Pattern, compile_pattern
from tocsin.registry import MatcherRegistrar
from tocsin.roles.aggregator import AT_ONCE, Aggregator, Cause, Release, Telling
from tocsin.roles.backend import Backend, BackendContext
from tocsin.roles.matcher import Condition, FieldTest, field_test
from tocsin.roles.observer import Observer
from tocsin.roles.renderer import Renderer
from tocsin.roles.scheduler import EscalationScheduler, Step
from tocsin.roles.source import Source

"""Why something was not told, or not told now: a closed list. Events, the ledger and ``explain`` use these alone."""

from __future__ import annotations

import enum

__all__ = ["Action", "GapKind", "Reason"]


class Action(enum.StrEnum):
    """What happens to one episode on one channel."""

    NOTIFY = "notify"
    FOLD = "fold"
    HOLD = "hold"
    SKIP = "skip"


class Reason(enum.StrEnum):
    """The reason that goes with an action or with a notification's final state."""

    ROUTED = "routed"
    """A rule named the channel and every gate passed."""
    FOLDED = "folded"
    """It waits for the summary that closes the aggregation window."""
    GROUPED = "grouped"
    """It waits for the aggregator's next release."""
    BURST = "burst"
    """Too many urgent notifications of this incident within a minute: it joins the next one."""
    ALREADY_TOLD = "already_told"
    """The channel knows, and nothing grew worse."""
    BUSY = "busy"
    """Another notification of this incident is under way to this channel: it follows that one."""
    RATE_LIMITED = "rate_limited"
    """The channel's limit of attempts per minute is reached."""
    CIRCUIT_OPEN = "circuit_open"
    """The channel's receiver failed again and again, and is left alone until the next probe."""
    QUEUE_FULL = "queue_full"
    """More waits for the channel than it takes: it goes into a digest."""
    CONCURRENCY = "concurrency"
    """As many attempts as the channel allows are under way."""
    UNROUTED = "unrouted"
    """No rule matches it (any more) for this channel."""
    CHANNEL_MISSING = "channel_missing"
    """The channel that a rule or level names does not exist."""
    CHANNEL_DISABLED = "channel_disabled"
    """The channel is switched off."""
    BELOW_MIN_SEVERITY = "below_min_severity"
    """The alert is less severe than the channel wants."""
    SILENCED = "silenced"
    """A silence matches it."""
    ACKNOWLEDGED = "acknowledged"
    """Somebody acknowledged it at this severity or above."""
    SNOOZED = "snoozed"
    """Somebody put it off."""
    RESOLVED = "resolved"
    """It resolved before it was told."""
    SUPERSEDED = "superseded"
    """A more important notification of the same incident took it up."""
    DIGESTED = "digested"
    """It went into a digest."""
    REJECTED = "rejected"
    """The receiver refused it for good."""
    EXHAUSTED = "exhausted"
    """Every attempt that the retry policy allows has failed."""
    FALLBACK_DUE = "fallback_due"
    """It was still undelivered when its fallback channel's turn came."""
    RESOLVED_NOT_WANTED = "resolved_not_wanted"
    """The channel takes no resolutions (send_resolved)."""


class GapKind(enum.StrEnum):
    """A promise that could not be kept, or a part that failed while it was."""

    MISSING_CHANNEL = "missing_channel"
    MISSING_POLICY = "missing_policy"
    MISSING_TEMPLATE = "missing_template"
    LEVEL_UNREACHABLE = "level_unreachable"
    UNDELIVERED = "undelivered"
    MATCHER_FAILED = "matcher_failed"
    AGGREGATOR_FAILED = "aggregator_failed"
    SCHEDULER_FAILED = "scheduler_failed"
    RENDERER_FAILED = "renderer_failed"
    BACKEND_FAILED = "backend_failed"
    OBSERVER_FAILED = "observer_failed"
    PLUGIN_FAILED = "plugin_failed"
    CIRCUIT_OPEN = "circuit_open"
    """A channel's receiver failed again and again."""
    RECOVERY = "recovery"
    """After a restart the journal could not be decided again as it was."""
    STORE_FAILED = "store_failed"
    """The store did not take what was to be kept."""

"""Words for people: what an action and a reason mean, in one clause each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.model.reason import Action, Reason

__all__ = ["ACTIONS", "REASONS"]

ACTIONS: Final[Mapping[Action, str]] = {
    Action.NOTIFY: "is told now",
    Action.FOLD: "is told later",
    Action.HOLD: "is to be told, and waits",
    Action.SKIP: "is not told",
}

REASONS: Final[Mapping[Reason, str]] = {
    Reason.ROUTED: "routed there, and every gate is open",
    Reason.FOLDED: "it waits for the summary that closes the aggregation window",
    Reason.GROUPED: "it waits for the group's next release",
    Reason.BURST: "too many urgent ones within a minute: it joins the next one",
    Reason.ALREADY_TOLD: "the channel knows, and nothing grew worse",
    Reason.BUSY: "another notification of this incident is under way to it",
    Reason.RATE_LIMITED: "the channel's limit per minute is reached",
    Reason.CIRCUIT_OPEN: "its receiver failed again and again, and is left alone until a probe",
    Reason.QUEUE_FULL: "too much waits for the channel: it goes into a digest",
    Reason.RELOADED: "a new configuration leads there: it goes into one digest",
    Reason.CONCURRENCY: "as many attempts as it allows are under way",
    Reason.UNROUTED: "no rule routes it there",
    Reason.CHANNEL_MISSING: "there is no such channel",
    Reason.CHANNEL_DISABLED: "the channel is switched off",
    Reason.BELOW_MIN_SEVERITY: "the channel wants only what is more severe",
    Reason.SILENCED: "a silence matches it",
    Reason.MAINTENANCE: "its cluster is being worked on as planned",
    Reason.INHIBITED: "another alert fires from which it follows",
    Reason.MUTED_BY_TIME: "the rules that name the channel are silent at this time",
    Reason.ACKNOWLEDGED: "somebody has it in hand",
    Reason.SNOOZED: "somebody put it off",
    Reason.RESOLVED: "it resolved before it was told",
    Reason.SUPERSEDED: "a more important notification took it up",
    Reason.DIGESTED: "it went into a digest",
    Reason.REJECTED: "the receiver refused it for good",
    Reason.EXHAUSTED: "every attempt failed",
    Reason.FALLBACK_DUE: "it was undelivered when its fallback's turn came",
    Reason.RESOLVED_NOT_WANTED: "the channel takes no resolutions",
}

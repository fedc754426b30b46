"""An alert's past for people: one line for everything that happened to it, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from tocsin.cli.instants import local
from tocsin.cli.plain import listed, wrapped
from tocsin.cli.words import ACTIONS, REASONS
from tocsin.model.ledger import LedgerKind, LedgerLine
from tocsin.model.reason import Action

__all__ = ["ledger_lines"]


def ledger_lines(lines: Iterable[LedgerLine]) -> Iterator[str]:
    """Yield the lines of a ledger, the oldest first; a day stands before what happened on it."""
    day = ""
    for line in lines:
        if local(line.at, "%Y-%m-%d") != day:
            day = local(line.at, "%Y-%m-%d")
            yield f"  {local(line.at, '%a %Y-%m-%d %z')}"
        yield from wrapped(_TEXTS[line.kind](line), f"  {local(line.at, '%H:%M:%S')}  ")


def _by(line: LedgerLine) -> str:
    return f" by {line.by}" if line.by else ""


def _said(line: LedgerLine) -> str:
    return f": {line.detail}" if line.detail else ""


def _why(line: LedgerLine) -> str:
    return f": {REASONS[line.reason]}" if line.reason is not None else ""


def _at(line: LedgerLine) -> str:
    return "" if line.due is None else local(line.due, " %Y-%m-%d %H:%M:%S")


def _decided(line: LedgerLine) -> str:
    action = line.action or Action.SKIP
    due = f", at{_at(line)}" if line.due is not None and action is not Action.NOTIFY else ""
    return f"{line.channel_id} {ACTIONS[action]}{due}{_why(line)}"


def _notification(line: LedgerLine) -> str:
    state = "changes" if line.state is None else f"is {line.state.value}"
    return f"the {line.notification_kind} notification to {line.channel_id} {state}{_why(line)}{_said(line)}"


def _attempt(line: LedgerLine) -> str:
    code = "" if line.code is None else f" with {line.code}"
    return f"attempt {line.attempt} at {line.channel_id} ended {line.outcome}{code}{_said(line)}"


def _routed(line: LedgerLine) -> str:
    if not line.rule_ids:
        return "no rule matches it"
    policy = f", escalated by {line.policy_id}" if line.policy_id else ""
    return f"routed by {listed(line.rule_ids)} to {listed(line.channel_ids)}{policy}"


_TEXTS: Final[Mapping[LedgerKind, Callable[[LedgerLine], str]]] = {
    LedgerKind.RECEIVED: lambda line: f"reported as {line.severity}{_said(line)}",
    LedgerKind.RESOLVED: lambda line: f"resolved{_by(line)}",
    LedgerKind.ACKNOWLEDGED: lambda line: f"taken in hand{_by(line)}{_said(line)}",
    LedgerKind.SNOOZED: lambda line: f"put off until{_at(line)}{_by(line)}",
    LedgerKind.ESCALATED: lambda line: f"escalated before its time{_by(line)}{_said(line)}",
    LedgerKind.NOTED: lambda line: f"noted{_by(line)}{_said(line)}",
    LedgerKind.ROUTED: _routed,
    LedgerKind.DECIDED: _decided,
    LedgerKind.NOTIFICATION: _notification,
    LedgerKind.ATTEMPT: _attempt,
    LedgerKind.REDRIVEN: lambda line: f"sent again{_by(line)}",
    LedgerKind.LEVEL: lambda line: f"level {line.level} of {line.policy_id} tells {listed(line.channel_ids)}",
}

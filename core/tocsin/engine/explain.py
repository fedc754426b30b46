"""Explain: a step on the running state whose effects are read and taken back. No second function decides."""

from __future__ import annotations

from tocsin.engine.machine import Engine, Instant
from tocsin.engine.machine import Step as Decided
from tocsin.engine.plan import Node, Plan
from tocsin.engine.state import Episode, Line
from tocsin.model.alert import AlertView, PerformanceAlert
from tocsin.model.event import NotificationChanged, TellingDecided
from tocsin.model.explanation import (
    ChannelExplanation,
    ConditionExplanation,
    EscalationExplanation,
    Explanation,
    LevelExplanation,
    RuleExplanation,
)
from tocsin.model.facts import AlertFired
from tocsin.model.notification import NotificationState
from tocsin.model.reason import Action, Reason
from tocsin.roles.scheduler import Step

__all__ = ["explain", "rule_verdicts"]


def explain(engine: Engine, alert: PerformanceAlert, now: Instant) -> Explanation:
    """Return what would happen if *alert* fired at *now*; the engine's state is the same afterwards."""
    try:
        return _read(engine, alert, engine.step(now, (AlertFired(alert),), whole=True))
    finally:
        engine.undo()


def _read(engine: Engine, alert: PerformanceAlert, step: Decided) -> Explanation:
    episode = engine.state.alerts[alert.alert_id]
    return Explanation(
        alert_id=alert.alert_id,
        at=engine.state.engine_time,
        incident_id=episode.incident_id,
        rules=rule_verdicts(engine.plan, episode.view(), episode.rule_ids),
        channels=_channels(engine, episode, step),
        escalation=_escalation(engine, episode),
        next_deadline=engine.next_deadline(),
    )


def _conditions(node: Node, view: AlertView) -> tuple[ConditionExplanation, ...]:
    explained = []
    for named in node.conditions:
        try:
            matched, reason = named.condition.holds(view), named.condition.explain(view)
        except Exception as error:  # noqa: BLE001  a matcher that raises counts as matching
            matched, reason = True, f"the matcher raised {type(error).__name__}, which counts as matching"
        explained.append(ConditionExplanation(named.name, matched, reason))
    return tuple(explained)


def rule_verdicts(plan: Plan, view: AlertView, rule_ids: tuple[str, ...]) -> tuple[RuleExplanation, ...]:
    """Return every rule with its conditions: those of *rule_ids*, which apply, in order, then the nearest misses."""
    applied = {rule_id: place for place, rule_id in enumerate(rule_ids)}
    rules = [
        RuleExplanation(node.rule.rule_id, node.rule.rule_id in applied, _conditions(node, view)) for node in plan.nodes
    ]

    def rank(rule: RuleExplanation) -> tuple[bool, int, int]:
        missed = sum(not condition.matched for condition in rule.conditions)
        return (not rule.matched, applied.get(rule.rule_id, 0), missed)

    return tuple(sorted(rules, key=rank))


def _channels(engine: Engine, episode: Episode, step: Decided) -> tuple[ChannelExplanation, ...]:
    """Return what happens on each channel: what the step decided last, or, where it decided nothing, what stands."""
    alert_id = episode.alert.alert_id
    decided: dict[str, TellingDecided] = {}
    held: dict[str, Reason] = {}
    for event in step.events:
        if isinstance(event, TellingDecided) and event.alert_id == alert_id:
            decided[event.channel_id] = event
        elif isinstance(event, NotificationChanged) and event.state is NotificationState.HELD:
            if event.incident_id != episode.incident_id:
                continue  # what else waits for the same channel
            held[event.channel_id] = event.reason or Reason.RATE_LIMITED
    incident = engine.state.incidents[episode.incident_id]
    by_channel = dict(engine.plan.route(episode.view()).by_channel)
    explained = []
    for channel_id in dict.fromkeys((*by_channel, *episode.channels, *decided, *incident.lines)):
        rule_ids = by_channel.get(channel_id, ())
        line = incident.lines.get(channel_id)
        now = decided.get(channel_id)
        if now is not None and now.action is Action.NOTIFY and channel_id in held:
            explained.append(ChannelExplanation(channel_id, Action.HOLD, held[channel_id], rule_ids))
        elif now is not None and now.action is Action.NOTIFY and _waits_behind(line, episode):
            explained.append(ChannelExplanation(channel_id, Action.HOLD, Reason.BUSY, rule_ids))
        elif now is not None:
            explained.append(ChannelExplanation(channel_id, now.action, now.reason, rule_ids, now.due))
        elif line is not None:
            explained.append(_standing(engine, line, episode, rule_ids))
        else:
            explained.append(ChannelExplanation(channel_id, Action.SKIP, Reason.CHANNEL_MISSING, rule_ids))
    return tuple(explained)


def _waits_behind(line: Line | None, episode: Episode) -> bool:
    """Whether the episode is still due although the step is over: another notification is under way."""
    return line is not None and episode.episode_id in line.due


def _standing(engine: Engine, line: Line, episode: Episode, rule_ids: tuple[str, ...]) -> ChannelExplanation:
    episode_id, channel_id = episode.episode_id, line.channel_id
    if episode_id in line.blocked:
        return ChannelExplanation(channel_id, Action.SKIP, line.blocked[episode_id], rule_ids)
    if episode_id in line.waiting:
        return ChannelExplanation(channel_id, Action.FOLD, Reason.FOLDED, rule_ids, line.waiting[episode_id].due)
    if episode_id in line.due:
        out = engine.state.outgoing[line.current] if line.current else None
        held = out.reason if out is not None and out.state is NotificationState.HELD else None
        return ChannelExplanation(channel_id, Action.HOLD, held or Reason.BUSY, rule_ids)
    if episode_id in line.told:
        return ChannelExplanation(channel_id, Action.SKIP, Reason.ALREADY_TOLD, rule_ids)
    out = engine.state.outgoing[line.current] if line.current else None
    if out is not None and episode_id in out.listed:
        return ChannelExplanation(channel_id, Action.SKIP, Reason.ALREADY_TOLD, rule_ids)
    return ChannelExplanation(channel_id, Action.SKIP, Reason.UNROUTED, rule_ids)


def _escalation(engine: Engine, episode: Episode) -> EscalationExplanation | None:
    incident = engine.state.incidents[episode.incident_id]
    running = incident.escalations.get(episode.policy_id) if episode.policy_id else None
    if running is None:
        return None
    scheduler = engine.plan.schedulers.get(running.scheduler)
    steps: tuple[Step, ...] = ()
    if scheduler is not None and running.state is not None:
        try:
            steps = scheduler.steps(running.state)
        except Exception:  # noqa: BLE001  a scheduler that raises has no levels to show; it is a gap when it is used
            steps = ()
    levels = tuple(LevelExplanation(step.level.value, step.after_seconds, step.channels) for step in steps)
    return EscalationExplanation(running.policy_id, levels)

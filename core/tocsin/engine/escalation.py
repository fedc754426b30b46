"""Escalation: a policy's clock on an incident, which runs while somebody still has to answer."""

from __future__ import annotations

from tocsin.engine.agenda import Deadline
from tocsin.engine.gates import attended
from tocsin.engine.owing import consider, mark_level
from tocsin.engine.state import Episode, Escalation, Incident, LevelMark, Line
from tocsin.engine.turn import Turn
from tocsin.model.escalation import EscalationLevel, EscalationPolicy
from tocsin.model.event import LevelReached
from tocsin.model.reason import GapKind
from tocsin.roles.scheduler import EscalationScheduler, Step

__all__ = ["advance", "apply", "hasten", "leave", "level_due", "named", "refresh", "usable_channels"]

_TOLERANCE = 1e-6
_STAND_IN_ORDINAL = 999


def _name(incident: Incident, escalation: Escalation) -> str:
    return f"{incident.incident_id}/{escalation.policy_id}"


def _scheduler(turn: Turn, escalation: Escalation) -> EscalationScheduler | None:
    scheduler = turn.plan.schedulers.get(escalation.scheduler)
    if scheduler is None:
        turn.gap(GapKind.SCHEDULER_FAILED, escalation.scheduler, "no such escalation scheduler is registered")
    return scheduler


def apply(turn: Turn, incident: Incident, episode: Episode) -> None:
    """Begin the episode's policy on its incident, unless that runs already; its immediate level is told now."""
    policy_id = episode.policy_id
    if policy_id is None:
        return
    if policy_id not in incident.escalations:
        policy = turn.plan.config.escalation_policies.get(policy_id)
        if policy is None:
            turn.gap(GapKind.MISSING_POLICY, policy_id, "a rule names an escalation policy that does not exist")
            return
        turn.tx.put_in(incident, incident.escalations, policy_id, _begin(turn, incident.incident_id, policy))
    refresh(turn, incident, episode)


def _begin(turn: Turn, incident_id: str, policy: EscalationPolicy) -> Escalation:
    name = turn.plan.config.escalation_scheduler
    scheduler = turn.plan.schedulers.get(name)
    if scheduler is None:
        turn.gap(GapKind.SCHEDULER_FAILED, name, "no such escalation scheduler is registered")
        return Escalation(incident_id, policy.policy_id, name, 0, None, policy.default_channels, turn.clock)
    escalation = Escalation(
        incident_id, policy.policy_id, name, scheduler.state_version, None, policy.default_channels, turn.clock
    )
    try:
        escalation.state = scheduler.begin(policy)
    except Exception as error:  # noqa: BLE001  a scheduler that raises leaves the default channels
        _failed(turn, escalation, error)
    return escalation


def _failed(turn: Turn, escalation: Escalation, error: Exception) -> None:
    turn.gap(GapKind.SCHEDULER_FAILED, escalation.scheduler, f"raised {type(error).__name__}")
    turn.tx.edit(escalation).state = None


def _next(turn: Turn, escalation: Escalation) -> Step | None:
    """Return the step that comes next; a scheduler that failed gives one: the default channels, at once."""
    if escalation.done:
        return None
    scheduler = _scheduler(turn, escalation)
    if escalation.state is not None and scheduler is not None:
        try:
            return scheduler.next(escalation.state)
        except Exception as error:  # noqa: BLE001  as above
            _failed(turn, escalation, error)
    return Step(_STAND_IN_ORDINAL, EscalationLevel.FINAL, 0.0, escalation.default_channels)


def refresh(turn: Turn, incident: Incident, episode: Episode) -> None:
    """Bring the clock of the episode's policy in accord with whether somebody still has to answer for it."""
    escalation = incident.escalations.get(episode.policy_id) if episode.policy_id else None
    if escalation is None:
        return
    if attended(turn, episode):
        turn.tx.drop_from(episode, escalation.awake, episode.episode_id)
    elif episode.episode_id not in escalation.awake:
        turn.tx.put_in(episode, escalation.awake, episode.episode_id, None)
    _run_or_pause(turn, incident, escalation)


def _run_or_pause(turn: Turn, incident: Incident, escalation: Escalation) -> None:
    if escalation.awake and escalation.since is None:
        turn.tx.edit(escalation).since = turn.clock
        turn.escalations[_name(incident, escalation)] = (incident, escalation)  # once all who join it have joined
    elif not escalation.awake and escalation.since is not None:
        turn.tx.edit(escalation)
        escalation.base += turn.clock - escalation.since
        escalation.since = None
        turn.state.agenda.cancel(turn.tx, Deadline.LEVEL, _name(incident, escalation))


def leave(turn: Turn, incident: Incident, episode: Episode) -> None:
    """Take an episode out of its policy: its rules name another one now."""
    escalation = incident.escalations.get(episode.policy_id) if episode.policy_id else None
    if escalation is not None and episode.episode_id in escalation.awake:
        turn.tx.drop_from(episode, escalation.awake, episode.episode_id)
        _run_or_pause(turn, incident, escalation)


def named(turn: Turn, line: Line, mark: LevelMark) -> list[str]:
    """Return the episodes that a level which is not told yet names: those that have to be answered for."""
    escalation = turn.incident(line).escalations.get(mark.policy_id)
    return [] if escalation is None else list(escalation.awake)


def level_due(turn: Turn, name: str) -> None:
    """Tell the level whose instant this is."""
    incident_id, _, policy_id = name.partition("/")
    incident = turn.state.incidents.get(incident_id)
    escalation = incident.escalations.get(policy_id) if incident else None
    if incident is not None and escalation is not None:
        advance(turn, incident, escalation)


def advance(turn: Turn, incident: Incident, escalation: Escalation) -> None:
    """Tell every level that is due, and set the deadline of the next; nothing while it is paused."""
    if escalation.since is None:
        return
    while (step := _next(turn, escalation)) is not None and escalation.since is not None:
        at = escalation.since + (step.after_seconds - escalation.base)
        if at > turn.clock + _TOLERANCE:
            turn.state.agenda.set(turn.tx, Deadline.LEVEL, _name(incident, escalation), at)
            return
        _past(turn, escalation)
        _tell(turn, incident, escalation, step)
    if step is None:
        turn.tx.edit(escalation).done = True


def hasten(turn: Turn, incident: Incident, policy_id: str) -> bool:
    """Tell the next level now, before its instant; return False when the policy is paused there, or has no more."""
    escalation = incident.escalations.get(policy_id)
    if escalation is None or escalation.since is None:
        return False
    advance(turn, incident, escalation)  # what begins with this very step is told first
    step = _next(turn, escalation)
    if step is None:
        return False
    turn.state.agenda.cancel(turn.tx, Deadline.LEVEL, _name(incident, escalation))
    _past(turn, escalation)
    _tell(turn, incident, escalation, step)
    advance(turn, incident, escalation)
    return True


def _past(turn: Turn, escalation: Escalation) -> None:
    scheduler = _scheduler(turn, escalation)
    turn.tx.edit(escalation)
    if escalation.state is None or scheduler is None:
        escalation.done = True
        return
    try:
        escalation.state = scheduler.advance(escalation.state)
    except Exception as error:  # noqa: BLE001  as above
        _failed(turn, escalation, error)


def _usable(turn: Turn, escalation: Escalation, channel_id: str) -> bool:
    """Whether the channel exists, is enabled, and wants at least one of those who have to be answered for."""
    found = turn.plan.channels.get(channel_id)
    if found is None or not found.channel.enabled:
        return False
    least = found.channel.min_severity
    return any(turn.episode(episode_id).severity >= least for episode_id in escalation.awake)


def usable_channels(turn: Turn, escalation: Escalation, step: Step) -> list[str]:
    """Return the channels of a level that can be told now; if there is none, the policy's default channels that can."""
    channels = [c for c in step.channels if _usable(turn, escalation, c)]
    return channels or [c for c in escalation.default_channels if _usable(turn, escalation, c)]


def _tell(turn: Turn, incident: Incident, escalation: Escalation, step: Step) -> None:
    channels = usable_channels(turn, escalation, step)
    joins = step.ordinal == 0 and step.after_seconds == 0
    if joins:  # all of them: one that is not usable yet may be for who joins later, or grows worse
        turn.tx.edit(escalation).joined = tuple(dict.fromkeys((*step.channels, *channels)))
    if not channels:
        subject = f"{escalation.policy_id}.{step.level.value}"
        turn.gap(GapKind.LEVEL_UNREACHABLE, subject, "no channel of this level, nor a default channel, is usable")
    else:
        told = tuple(dict.fromkeys(channels))
        turn.tell(LevelReached(turn.clock, incident.incident_id, escalation.policy_id, step.level.value, told))
    if joins:
        members = [e for e in map(turn.episode, incident.firing) if e.policy_id == escalation.policy_id]
        for episode in sorted(members, key=lambda one: one.serial):  # one that is muted now is told there afterwards
            for channel_id in escalation.joined:
                consider(turn, incident, episode, channel_id)
        return
    mark = LevelMark(escalation.policy_id, step.ordinal, step.level.value)
    for channel_id in dict.fromkeys(channels):
        mark_level(turn, turn.line(incident, channel_id), mark)

"""Levels: who can be told now of an escalation level that came due; of a crowd so many at a time, the oldest first."""

from __future__ import annotations

from itertools import islice

import attrs

from tocsin.engine import crowds
from tocsin.engine.gates import shut_gate
from tocsin.engine.outgoing import Listed
from tocsin.engine.state import Episode, LevelMark, Line
from tocsin.engine.turn import Turn
from tocsin.model.notification import AlertStatus

__all__ = ["go_back", "list_levels", "nameable", "names_somebody", "pending"]


def _looked_at(turn: Turn, line: Line, mark: LevelMark) -> tuple[list[Episode], int | None]:
    """Return whom the level may name, so many as are looked at at a time, and the number of the next one."""
    incident = turn.incident(line)
    escalation = incident.escalations.get(mark.policy_id)
    if escalation is None:
        return [], None
    members = list(islice(crowds.from_serial(turn, incident, mark.past), crowds.LISTED + 1))
    awake = [one for one in members[: crowds.LISTED] if one.episode_id in escalation.awake]
    return awake, members[-1].serial if len(members) > crowds.LISTED else None


def nameable(turn: Turn, line: Line, mark: LevelMark) -> list[Episode]:
    """Return whom the level names and who passes the gates, of those that are looked at together."""
    return [one for one in _looked_at(turn, line, mark)[0] if shut_gate(turn, one, line.channel_id) is None]


def names_somebody(turn: Turn, line: Line, mark: LevelMark) -> bool:
    """Whether somebody can be told of; if not so far, the next ones are looked at in the next step."""
    awake, following = _looked_at(turn, line, mark)
    if any(shut_gate(turn, one, line.channel_id) is None for one in awake):
        return True
    if following is not None:
        _replace(turn, line, mark, attrs.evolve(mark, past=following))
        turn.look_again(line.line_id)
    elif mark.begun:
        _replace(turn, line, mark, None)
    elif len(turn.incident(line).firing) > crowds.LISTED:
        _replace(turn, line, mark, attrs.evolve(mark, past=turn.state.episodes_made))
    return False


def _replace(turn: Turn, line: Line, mark: LevelMark, by: LevelMark | None) -> None:
    if by is None or by.past != mark.past:
        found = (by if one is mark else one for one in line.levels)
        turn.tx.edit(line).levels = tuple(one for one in found if one is not None)


def go_back(turn: Turn, line: Line, number: int) -> None:
    """Let the look for who can be told come to an episode again, of those levels that nobody was told of yet."""
    if any(mark.past > number and not mark.begun for mark in line.levels):
        levels = (mark if mark.begun else attrs.evolve(mark, past=min(mark.past, number)) for mark in line.levels)
        turn.tx.edit(line).levels = tuple(levels)


def pending(turn: Turn, line: Line, mark: LevelMark) -> bool:
    """Whether the level still names somebody, who is only muted or attended to now: that can end."""
    return any(turn.episode(e).policy_id == mark.policy_id for e in turn.incident(line).firing)


def list_levels(turn: Turn, line: Line, listed: Listed) -> tuple[list[LevelMark], list[LevelMark]]:
    """List whom the levels name; return the levels that are told so, and what is left of those on the line."""
    told: list[LevelMark] = []
    left: list[LevelMark] = []
    for mark in line.levels:
        named = nameable(turn, line, mark)
        names = {one.episode_id for one in named}
        if not names or len(names | listed.keys()) > crowds.LISTED:
            left.append(mark)
            continue
        listed.update((one.episode_id, (AlertStatus.FIRING, one.severity.rank)) for one in named)
        told.append(mark)
        following = _looked_at(turn, line, mark)[1]
        if following is not None:
            left.append(attrs.evolve(mark, past=following, begun=True, due=turn.clock))
    return told, [mark for mark in left if mark.begun or pending(turn, line, mark)]

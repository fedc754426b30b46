"""Reminders: when a line tells again what it told before, and of whom.

Of a crowd no look goes over everyone. ``sought`` says up to where nobody is left to remind of: it goes on by so many
in one step, and back when something reopens, which nothing does without a word (see :func:`reopened`).
"""

from __future__ import annotations

from itertools import islice

from tocsin.engine import crowds
from tocsin.engine.agenda import Deadline
from tocsin.engine.gates import shut_gate
from tocsin.engine.levels import go_back
from tocsin.engine.owing import leads_to, next_chance, repeat_at, tells_level_of
from tocsin.engine.state import Episode, Incident, Line
from tocsin.engine.turn import Turn
from tocsin.model.reason import Reason

__all__ = ["remind", "remind_soon", "reminded_first", "reopened", "told_and_open"]


def told_and_open(turn: Turn, line: Line, episode: Episode) -> bool:
    """Whether the line was told of the episode, and could be told again: something leads there, and no gate is shut."""
    if episode.episode_id not in line.told:
        return False
    if not leads_to(turn, line, episode) and not tells_level_of(turn.incident(line), line, episode.policy_id):
        return False
    return shut_gate(turn, episode, line.channel_id) is None


def reminded_first(turn: Turn, line: Line) -> Episode | None:
    """Return somebody to remind of: the most severe, or of a crowd any; None: there is nobody, or not so far.

    In the second case the line is looked at again in the next step.
    """
    incident = turn.incident(line)
    if len(incident.firing) <= crowds.LISTED:
        return next((one for one in crowds.most_severe(turn, incident) if told_and_open(turn, line, one)), None)
    members = list(islice(crowds.from_serial(turn, incident, line.sought), crowds.LISTED + 1))
    found = next((one for one in members[: crowds.LISTED] if told_and_open(turn, line, one)), None)
    if found is not None:
        _seek(turn, line, found.serial)
    elif len(members) > crowds.LISTED:
        _seek(turn, line, members[-1].serial)
        turn.look_again(line.line_id)
    else:
        _seek(turn, line, turn.state.episodes_made)
    return found


def _seek(turn: Turn, line: Line, serial: int) -> None:
    if line.sought != serial:
        turn.tx.edit(line).sought = serial


def reopened(turn: Turn, incident: Incident, episode: Episode) -> None:
    """Take in that a gate may have opened for an episode: wherever it was passed over, it is looked at again."""
    for line in incident.lines.values():
        if episode.serial < line.sought and told_and_open(turn, line, episode):
            _seek(turn, line, episode.serial)
            if line.repeat and line.current is None and turn.grouping(incident).lists_all:
                remind_soon(turn, line)
        if line.levels:
            go_back(turn, line, episode.serial)


def remind(turn: Turn, line_id: str) -> None:
    """A repeat is due: what the line was told of and still fires is told again.

    Where all of it is muted, that is as soon as something is not; if the aggregator tells at certain instants, at one.
    What is only attended to reminds of itself when that ends.
    """
    line = turn.line_by_id(line_id)
    if line is None or not line.told:
        return
    incident = turn.incident(line)
    at = repeat_at(turn, incident)
    shut = _shut_gates(turn, incident, line) if turn.grouping(incident).lists_all else {None}
    if None in shut:
        turn.tx.edit(line).repeat = True
        turn.touch(line)
    elif not shut <= {Reason.ACKNOWLEDGED, Reason.SNOOZED}:
        at = next_chance(turn, incident, line)
    if at is not None:
        turn.state.agenda.set(turn.tx, Deadline.REPEAT, line_id, at)


def _shut_gates(turn: Turn, incident: Incident, line: Line) -> set[Reason | None]:
    """Return the first gates that are shut for what the line was told of; None: there may be something to remind of."""
    if len(incident.firing) > crowds.LISTED:
        return {None}
    return {shut_gate(turn, turn.episode(episode_id), line.channel_id) for episode_id in line.told}


def remind_soon(turn: Turn, line: Line) -> None:
    """Tell again what the line was told of: once all that ends now has, or when an aggregator that lists all tells.

    Reminders come after the ends of one instant, in however many steps these are met: that is one reminder.
    """
    incident = turn.incident(line)
    at = next_chance(turn, incident, line, now=True) if turn.grouping(incident).lists_all else turn.clock
    turn.state.agenda.set_earlier(turn.tx, Deadline.REPEAT, line.line_id, at)

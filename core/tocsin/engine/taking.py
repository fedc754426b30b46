"""Taking: which channels are told that somebody took all that they were told of, and who is called when that is over.

A line owes that word as long as its channel wants to hear of it (``send_acknowledged``), somebody has everything that
the channel was told of and that still fires, and it was not said since the channel was last called for somebody. So it
does not matter by which way all of it became taken. No gate keeps it back, for its receiver goes on calling people; but
whatever else the line owes goes first. It is no word about the alerts themselves: what the channel knows, its reminders
and the aggregator's instants stay as they are.

Whoever heard it may call nobody any more. So from the first attempt to say it (``said``: which notification did) the
line is ``uncalled``, and owes a call for whatever nobody has, until a call has arrived (see ``reminders.recall``). The
first attempt at a call ends what was said: ``reopened`` counts that, and under it the receiver can call people anew.
"""

from __future__ import annotations

from itertools import islice
from typing import Final

from tocsin.engine import crowds
from tocsin.engine.agenda import Deadline
from tocsin.engine.gates import acknowledged
from tocsin.engine.outgoing import SAY_AGAIN, Listed, end, lines_of
from tocsin.engine.owing import decided
from tocsin.engine.state import Episode, Incident, Line, Outgoing
from tocsin.engine.turn import Turn
from tocsin.model.notification import AlertStatus, NotificationKind, NotificationState
from tocsin.model.reason import Action, Reason

__all__ = [
    "arrived",
    "failed",
    "goes_out",
    "holds",
    "is_owed",
    "list_taken",
    "recheck_word",
    "say_again",
    "taken_over",
]

_PAUSE: Final = 300.0
"""So many seconds after a call that failed for good the next one is made."""


def _hears(turn: Turn, channel_id: str) -> bool:
    """Whether the channel is told when somebody takes what it was told of."""
    found = turn.plan.channels.get(channel_id)
    return found is not None and found.channel.enabled and found.hears_acknowledgements


def _all_taken(turn: Turn, line: Line) -> bool:
    """Whether somebody has all that the line was told of and that still fires; of a crowd, all that fires."""
    incident = turn.incident(line)
    if len(line.told) > crowds.LISTED and len(incident.members) > crowds.CROWD:
        return crowds.all_taken(turn, incident)
    episodes = turn.state.episodes
    return all(acknowledged(turn, episodes[name]) for name in line.told)


def holds(turn: Turn, line: Line) -> bool:
    """Whether somebody has all that the line was told of, and its channel wants to hear of that."""
    return bool(line.told) and _hears(turn, line.channel_id) and _all_taken(turn, line)


def is_owed(turn: Turn, line: Line) -> bool:
    """Whether the line is to say so, or is just trying to."""
    said = line.said and line.said != line.current
    return not said and holds(turn, line)


def say_again(turn: Turn, line: Line) -> None:
    """Have it said again, if it was: somebody else has it, or it is sent again by hand."""
    if line.said is not None:
        turn.tx.edit(line).said = SAY_AGAIN
        turn.touch(line)


def taken_over(turn: Turn, incident: Incident, episode: Episode) -> None:
    """Take in that somebody else has an episode than was said."""
    for line in incident.lines.values():
        if episode.episode_id in line.told:
            say_again(turn, line)


def _called(turn: Turn, out: Outgoing) -> list[Line]:
    """Return the lines of a notification for which it calls somebody."""
    if out.kind is NotificationKind.ACKNOWLEDGED:
        return []
    fires = (name for name, (status, _) in out.listed.items() if status is AlertStatus.FIRING)
    incidents = {turn.episode(name).incident_id for name in fires}
    return [line for line in lines_of(turn, out) if line.incident_id in incidents]


def goes_out(turn: Turn, out: Outgoing) -> None:
    """Take in that an attempt starts: from then on it may have been said, or somebody may have been called."""
    if out.kind is NotificationKind.ACKNOWLEDGED:
        for line in lines_of(turn, out):
            turn.tx.edit(line)
            line.said, line.uncalled = out.notification_id, turn.clock
    for line in _called(turn, out):
        if line.said is not None:
            turn.tx.edit(line)
            line.said, line.reopened = None, line.reopened + 1


def arrived(turn: Turn, out: Outgoing) -> None:
    """Take in that a notification has arrived: whoever it calls for is called."""
    for line in _called(turn, out):
        if line.uncalled is not None:
            turn.tx.edit(line).uncalled = None
            turn.state.agenda.cancel(turn.tx, Deadline.RECALL, line.line_id)


def failed(turn: Turn, out: Outgoing) -> None:
    """Take in that a notification is about to be given up: a call that is owed all the same is made a while later."""
    for line in _called(turn, out):
        if line.uncalled is not None and line.uncalled <= turn.clock:  # a pause that runs is not made longer
            at = turn.tx.edit(line).uncalled = turn.clock + _PAUSE
            turn.state.agenda.set(turn.tx, Deadline.RECALL, line.line_id, at)


def list_taken(turn: Turn, line: Line) -> Listed:
    """Return what a word lists: what the channel was told of, of a crowd the most severe, as far as there is room."""
    names = list(line.told)
    if len(names) > crowds.LISTED:
        severe = islice(crowds.most_severe(turn, turn.incident(line)), crowds.LISTED)
        names = [episode.episode_id for episode in severe if episode.episode_id in line.told] or [min(names)]
    return {name: (AlertStatus.FIRING, line.told[name]) for name in names}


def recheck_word(turn: Turn, out: Outgoing) -> bool:
    """Bring an attempted word in accord with what holds now; return whether it goes on, see ``recheck``."""
    (line,) = lines_of(turn, out)
    before = dict(out.listed)
    if not holds(turn, line):
        fires = any(turn.episode(name).firing for name in before)
        end(turn, out, NotificationState.CANCELLED, Reason.LAPSED if fires else Reason.RESOLVED, listed=before)
        return False
    listed = list_taken(turn, line)
    for name in before.keys() - listed.keys():
        turn.tx.drop_from(out, out.listed, name)
    for name in sorted(before.keys() - line.told.keys()):
        decided(turn, turn.episode(name), line.channel_id, Action.SKIP, Reason.LAPSED)
    for name, mark in listed.items():
        turn.tx.put_in(out, out.listed, name, mark)
    return True

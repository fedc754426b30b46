"""Taking: which channels are to be told that somebody took all that they were told of, and when that is worth telling.

A line owes that word as long as its channel wants to hear of it (``send_acknowledged``), somebody has everything that
the channel was told of and that still fires, and it was not said since the channel was last called for somebody. So it
does not matter by which way all of it became taken. No gate keeps it back, for its receiver goes on calling people; but
whatever else the line owes goes first. It is no word about the alerts themselves: what the channel knows, its reminders
and the aggregator's instants stay as they are.
"""

from __future__ import annotations

from itertools import islice

from tocsin.engine import crowds
from tocsin.engine.outgoing import SAY_AGAIN, Listed, end, lines_of
from tocsin.engine.owing import decided
from tocsin.engine.state import Episode, Incident, Line, Outgoing
from tocsin.engine.turn import Turn
from tocsin.model.notification import AlertStatus, NotificationKind, NotificationState
from tocsin.model.reason import Action, Reason

__all__ = [
    "all_told_taken",
    "called",
    "goes_out",
    "holds",
    "is_owed",
    "list_taken",
    "recheck_word",
    "reopened_by",
    "say_again",
    "supersede",
    "taken_over",
]


def _hears(turn: Turn, channel_id: str) -> bool:
    """Whether the channel is told when somebody takes what it was told of."""
    found = turn.plan.channels.get(channel_id)
    return found is not None and found.channel.enabled and found.hears_acknowledgements


def holds(turn: Turn, line: Line) -> bool:
    """Whether somebody has all that the line was told of, and its channel wants to hear of that."""
    return bool(line.told) and _hears(turn, line.channel_id) and not crowds.is_open(turn, line)


def is_owed(turn: Turn, line: Line) -> bool:
    """Whether the line is to say so, or is just trying to."""
    said = line.said and line.said != line.current
    return not said and holds(turn, line)


def say_again(turn: Turn, line: Line) -> None:
    """Have it said again, if it was: somebody else has it, or it is sent again by hand."""
    if line.said is not None:
        turn.tx.edit(line).said = SAY_AGAIN
        turn.touch(line)


def supersede(turn: Turn, line: Line, out: Outgoing) -> None:
    """End what gives way to something else; a word is said after that, if it still holds."""
    if line.said == out.notification_id:
        say_again(turn, line)
    end(turn, out, NotificationState.MERGED, Reason.SUPERSEDED)


def taken_over(turn: Turn, incident: Incident, episode: Episode) -> None:
    """Take in that somebody else has an episode than was said."""
    for line in incident.lines.values():
        if episode.episode_id in line.told:
            say_again(turn, line)


def goes_out(turn: Turn, out: Outgoing) -> None:
    """Take in that an attempt starts: of a word, that it may have been said from then on."""
    if out.kind is NotificationKind.ACKNOWLEDGED:
        for line in lines_of(turn, out):
            turn.tx.edit(line).said = out.notification_id


def called(turn: Turn, line: Line) -> None:
    """Take in that the line's channel was called for somebody, or may have been: what it holds as taken is another."""
    if line.said is not None:
        turn.tx.edit(line).said = None
        line.reopened += 1


def reopened_by(out: Outgoing, line: Line) -> int:
    """Return how often the channel was called after a word, with this notification if it calls for somebody."""
    calls = out.kind is not NotificationKind.ACKNOWLEDGED and any(
        status is AlertStatus.FIRING for status, _ in out.listed.values()
    )
    return line.reopened + (calls and line.said is not None)


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
        state = NotificationState.UNKNOWN if out.maybe else NotificationState.CANCELLED
        end(turn, out, state, Reason.LAPSED if fires else Reason.RESOLVED, listed=before)
        return False
    listed = list_taken(turn, line)
    for name in before.keys() - listed.keys():
        turn.tx.drop_from(out, out.listed, name)
    for name in sorted(before.keys() - line.told.keys()):
        decided(turn, turn.episode(name), line.channel_id, Action.SKIP, Reason.LAPSED)
    for name, mark in listed.items():
        turn.tx.put_in(out, out.listed, name, mark)
    return True


def all_told_taken(turn: Turn, lines: list[Line]) -> bool:
    """Whether somebody has all that the lines were told of and that still fires."""
    told = [line for line in lines if line.told]
    return bool(told) and not any(crowds.is_open(turn, line) for line in told)

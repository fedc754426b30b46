"""Taking: which channels are to be told that somebody took an alert, and what of that is still worth telling.

A channel hears of it where it was told that the alert fires, and wants to (``send_acknowledged``). No gate keeps it
back: its receiver goes on calling people meanwhile. It is no word about the alert itself, so that what the channel
knows, its reminders and the aggregator's instants stay as they are.
"""

from __future__ import annotations

from tocsin.engine import crowds
from tocsin.engine.gates import acknowledged
from tocsin.engine.outgoing import Listed
from tocsin.engine.owing import busy, current, decided
from tocsin.engine.state import Episode, Incident, Line
from tocsin.engine.turn import Turn
from tocsin.model.notification import AlertStatus
from tocsin.model.reason import Action, Reason

__all__ = ["all_told_taken", "hears", "list_taken", "owe_word", "still_taken", "worth_telling"]


def hears(turn: Turn, channel_id: str) -> bool:
    """Whether the channel is told when somebody takes what it was told of."""
    found = turn.plan.channels.get(channel_id)
    return found is not None and found.channel.enabled and found.hears_acknowledgements


def owe_word(turn: Turn, incident: Incident, episode: Episode) -> None:
    """Owe to every line that was told of the episode, or is just being told, that somebody took it.

    Of a crowd that is taken together a line names so many as it lists; the notification says whether that is all.
    """
    episode_id = episode.episode_id
    for line in incident.lines.values():
        if episode_id in line.taken or len(line.taken) >= crowds.LISTED or not hears(turn, line.channel_id):
            continue
        if episode_id in line.told or _is_being_told(turn, line, episode_id):
            turn.tx.edit(line).taken = (*line.taken, episode_id)
            decided(turn, episode, line.channel_id, Action.NOTIFY, Reason.TAKEN, turn.clock)
            if busy(turn, line):
                decided(turn, episode, line.channel_id, Action.HOLD, Reason.BUSY)


def _is_being_told(turn: Turn, line: Line, episode_id: str) -> bool:
    out = current(turn, line)
    return out is not None and out.attempted and episode_id in out.listed


def worth_telling(turn: Turn, line: Line, episode_id: str) -> bool:
    """Whether the line's channel knows that the episode fires, and is to hear that somebody has it."""
    episode = turn.state.episodes.get(episode_id)
    if episode is None or not episode.firing or episode_id not in line.told:
        return False
    return acknowledged(turn, episode) and hears(turn, line.channel_id)


def still_taken(turn: Turn, line: Line) -> list[Episode]:
    """Return what the line has to say was taken; what is not worth it any more is let go."""
    left = tuple(name for name in line.taken if worth_telling(turn, line, name))
    if left != line.taken:
        for episode_id in line.taken:
            episode = turn.state.episodes.get(episode_id)
            if episode is not None and episode_id not in left:
                why = Reason.LAPSED if episode.firing else Reason.RESOLVED
                decided(turn, episode, line.channel_id, Action.SKIP, why)
        turn.tx.edit(line).taken = left
    return list(map(turn.episode, left))


def list_taken(turn: Turn, line: Line) -> Listed:
    """Take what the line has to say was taken, as the list of its next notification."""
    found = still_taken(turn, line)
    turn.tx.edit(line).taken = ()
    return {one.episode_id: (AlertStatus.FIRING, line.told[one.episode_id]) for one in found}


def all_told_taken(turn: Turn, lines: list[Line]) -> bool:
    """Whether somebody has all that the lines were told of and that still fires; of a crowd, all of its incident."""
    told = [line for line in lines if line.told]
    return bool(told) and all(_has_all(turn, line) for line in told)


def _has_all(turn: Turn, line: Line) -> bool:
    if len(line.told) > crowds.LISTED:
        return crowds.all_taken(turn, turn.incident(line))
    return all(acknowledged(turn, turn.episode(episode_id)) for episode_id in line.told)

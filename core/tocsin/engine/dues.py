"""Dues: what a line is to tell now and what it is to tell later, in the orders in which that is asked for.

The orders are derived from the records, and kept for lines that owe a crowd only: from when it becomes one, or, once a
state was loaded, from when they are first needed. A smaller number is sorted each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice, takewhile
from operator import itemgetter
from typing import Any, Final

from tocsin.engine import crowds
from tocsin.engine.agenda import Ordered
from tocsin.engine.due import Due
from tocsin.engine.state import Episode, Incident, Line, Owed
from tocsin.engine.turn import Turn
from tocsin.roles.aggregator import Cause

__all__ = [
    "drop_due",
    "drop_waiting",
    "ends_due",
    "first_waiting",
    "in_order",
    "next_due",
    "overdue",
    "put_due",
    "put_waiting",
    "rank_again",
]


def _ends(owed: Owed) -> bool:
    return owed.cause is Cause.RESOLVED


def _is_news(episode: Episode, owed: Owed) -> bool:
    return episode.resolved_at is None and owed.cause is not Cause.RESOLVED


_RANKS: Final[dict[Due, Callable[[Episode, Owed], Any]]] = {
    Due.END: lambda episode, owed: 0 if _ends(owed) else None,
    Due.NEWS: lambda episode, owed: -episode.alert.severity.rank if _is_news(episode, owed) else None,
    Due.PASSENGER: lambda episode, owed: None if episode.firing or _ends(owed) else 0,
    Due.SINCE: lambda episode, owed: owed.due if episode.resolved_at is None or _ends(owed) else None,
    Due.LATER: lambda episode, owed: None if _ends(owed) else (owed.due, -episode.alert.severity.rank),
    Due.LATER_END: lambda episode, owed: owed.due if _ends(owed) else None,
}
"""The rank of what is owed in each order; None: it is not in that one."""

_FEW: Final = 16
"""So many are sorted in any case."""

_NAME: Final = itemgetter(1)
_OF_LATER: Final = (Due.LATER, Due.LATER_END)
_OF_NOW: Final = (Due.NEWS, Due.END, Due.PASSENGER, Due.SINCE)


def put_due(turn: Turn, line: Line, episode_id: str, owed: Owed) -> None:
    """Let the line owe an episode now."""
    turn.tx.put_in(turn.state.episodes[episode_id], line.due, episode_id, owed)
    _note(turn, line, episode_id, _OF_NOW)


def drop_due(turn: Turn, line: Line, episode_id: str) -> None:
    """Let the line not owe an episode any more, if it does."""
    if episode_id in line.due:
        turn.tx.drop_from(turn.state.episodes[episode_id], line.due, episode_id)
        _note(turn, line, episode_id, _OF_NOW)


def put_waiting(turn: Turn, line: Line, episode_id: str, owed: Owed) -> None:
    """Let the line owe an episode from an instant on."""
    turn.tx.put_in(turn.state.episodes[episode_id], line.waiting, episode_id, owed)
    _note(turn, line, episode_id, _OF_LATER)


def drop_waiting(turn: Turn, line: Line, episode_id: str) -> None:
    """Let an episode not wait on the line any more, if it does."""
    if episode_id in line.waiting:
        turn.tx.drop_from(turn.state.episodes[episode_id], line.waiting, episode_id)
        _note(turn, line, episode_id, _OF_LATER)


def rank_again(turn: Turn, incident: Incident, episode: Episode) -> None:
    """Take in that an episode's severity is another one, or that it resolved."""
    if turn.state.dues:
        for line in incident.lines.values():
            if line.line_id in turn.state.dues:
                _note(turn, line, episode.episode_id, (*_OF_NOW, *_OF_LATER))


def _note(turn: Turn, line: Line, episode_id: str, among: tuple[Due, ...]) -> None:
    """Bring the orders in accord with what the line owes of an episode."""
    number = len(line.due) + len(line.waiting)
    kept = turn.state.dues.get(line.line_id)
    if kept is None:
        if number > crowds.CROWD:
            _kept(turn, line)
        return
    if number <= crowds.CROWD // 2:
        turn.tx.unindex(turn.state.dues, line.line_id)
        return
    episode = turn.episode(episode_id)
    for due in among:
        owed = _table(line, due).get(episode_id)
        rank = None if owed is None else _RANKS[due](episode, owed)
        if rank is None:
            kept[due].drop(turn.tx, episode_id)
        else:
            kept[due].put(turn.tx, episode_id, rank)


def _table(line: Line, due: Due) -> dict[str, Owed]:
    return line.waiting if due in _OF_LATER else line.due


def _kept(turn: Turn, line: Line) -> dict[Due, Ordered[str]] | None:
    """Return the orders of what the line owes, if that is a crowd."""
    kept = turn.state.dues.get(line.line_id)
    if kept is None and len(line.due) + len(line.waiting) > crowds.CROWD:
        kept = {due: Ordered() for due in Due}
        for due, order in kept.items():
            order.ranks.update([(name, rank) for rank, name in _ranked(turn, _table(line, due), due)])
            order.rebuild()
        turn.tx.index(turn.state.dues, line.line_id, kept)
    return kept


def _ranked(turn: Turn, table: dict[str, Owed], due: Due) -> list[tuple[Any, str]]:
    rank_of, episodes = _RANKS[due], turn.state.episodes
    ranked = []
    for episode_id, owed in table.items():
        rank = rank_of(episodes[episode_id], owed)
        if rank is not None:
            ranked.append((rank, episode_id))
    return ranked


def in_order(turn: Turn, line: Line, due: Due) -> Iterator[str]:
    """Yield the episodes that the line owes in that way, in their order; nothing may change meanwhile."""
    table = line.waiting if due in _OF_LATER else line.due
    kept = _kept(turn, line) if len(table) > _FEW else None
    if kept is not None:
        return kept[due].in_order()
    return map(_NAME, sorted(_ranked(turn, table, due)))


def ends_due(turn: Turn, line: Line) -> bool:
    """Whether the line owes an end now."""
    kept = _kept(turn, line) if len(line.due) > _FEW else None
    return any(map(_ends, line.due.values())) if kept is None else len(kept[Due.END]) > 0


def next_due(turn: Turn, line: Line, room: int) -> list[tuple[str, Owed]]:
    """Return what is due, by id, as far as there is *room*: what fires, the most severe first, then what ended."""
    if len(line.due) <= room:
        return sorted(line.due.items())  # no two have one id
    chosen: list[str] = []
    for due in (Due.NEWS, Due.END, Due.PASSENGER):
        chosen += islice(in_order(turn, line, due), room - len(chosen))
    return [(episode_id, line.due[episode_id]) for episode_id in sorted(chosen)]


def overdue(turn: Turn, line: Line) -> list[str]:
    """Return those that have waited long enough, so many as are listed at once: the most severe of one instant first.

    Of ends also those that were to wait for others, once these are told.
    """
    clock = turn.clock
    released = line.resolve_at is not None and line.resolve_at <= clock
    later = takewhile(lambda name: line.waiting[name].due <= clock, in_order(turn, line, Due.LATER))
    ends = takewhile(lambda name: released or line.waiting[name].due <= clock, in_order(turn, line, Due.LATER_END))
    chosen = list(islice(later, crowds.LISTED))
    return chosen + list(islice(ends, crowds.LISTED - len(chosen)))


def first_waiting(turn: Turn, line: Line) -> float | None:
    """Return the instant at which something that waits is due, or None."""
    firsts = (next(in_order(turn, line, due), None) for due in (Due.LATER, Due.LATER_END))
    return min((line.waiting[name].due for name in firsts if name is not None), default=None)

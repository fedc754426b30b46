"""Crowds: what a notification needs of very many episodes without a look at each: their order, and their numbers.

Both are derived from the records, and kept for crowds only: from when one becomes a crowd, or, once a state was loaded,
from when they are first needed. A smaller number is gone through each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping
from operator import itemgetter
from typing import Final, TypeVar

from tocsin.engine.agenda import Ordered
from tocsin.engine.state import Episode, Incident, Line, Owed, Tally
from tocsin.engine.turn import Turn
from tocsin.model.alert import PerformanceAlert
from tocsin.model.severity import AlertSeverity
from tocsin.roles.aggregator import Cause

__all__ = [
    "CROWD",
    "LISTED",
    "began",
    "drop_due",
    "ended",
    "forgotten",
    "highest_due",
    "left",
    "next_due",
    "put_due",
    "reported",
    "tally_of",
]

CROWD: Final = 1000
"""More than so many are a crowd."""

LISTED: Final = 1000
"""So many firing episodes are due in one notification at most; the others follow in the next one."""

_OVER: Final = -1000
"""The rank of what ended: it is told before all that fires."""

_MOST_SEVERE: Final = max(severity.rank for severity in AlertSeverity)

K = TypeVar("K")


# -- what is due on a line ---------------------------------------------------------------------------------------------


def put_due(turn: Turn, line: Line, episode_id: str, owed: Owed) -> None:
    """Let the line owe an episode now."""
    turn.tx.put_in(line, line.due, episode_id, owed)
    if len(line.due) > CROWD // 2:
        order = turn.state.orders.get(line.line_id)
        if order is not None:
            order.put(turn.tx, episode_id, _rank(turn.episode(episode_id), owed))
        elif len(line.due) > CROWD:
            _order(turn, line)


def drop_due(turn: Turn, line: Line, episode_id: str) -> None:
    """Let the line not owe an episode any more, if it does."""
    if episode_id not in line.due:
        return
    turn.tx.drop_from(line, line.due, episode_id)
    if len(line.due) >= CROWD // 2:
        order = turn.state.orders.get(line.line_id)
        if order is not None:
            order.drop(turn.tx, episode_id)
            if len(line.due) == CROWD // 2:
                turn.tx.unindex(turn.state.orders, line.line_id)


def _order(turn: Turn, line: Line) -> Ordered[str]:
    """Return the order of what is due on the line; that of a crowd is kept."""
    known = turn.state.orders.get(line.line_id)
    if known is not None:
        return known
    made: Ordered[str] = Ordered()
    made.ranks.update((name, _rank(turn.episode(name), owed)) for name, owed in line.due.items())
    made.rebuild()
    if len(line.due) > CROWD:
        turn.tx.index(turn.state.orders, line.line_id, made)
    return made


def _rank(episode: Episode, owed: Owed) -> int:
    over = owed.cause is Cause.RESOLVED or episode.resolved_at is not None
    return _OVER if over else -episode.alert.severity.rank


def _rank_again(turn: Turn, incident: Incident, episode: Episode) -> None:
    if not turn.state.orders:
        return
    for line in incident.lines.values():
        order, owed = turn.state.orders.get(line.line_id), line.due.get(episode.episode_id)
        if order is not None and owed is not None:
            order.put(turn.tx, episode.episode_id, _rank(episode, owed))


def next_due(turn: Turn, line: Line) -> list[tuple[str, Owed]]:
    """Return what is due, by id: all that ended, and of what fires the most severe, so many as are listed at once."""
    if len(line.due) <= LISTED:
        return sorted(line.due.items(), key=itemgetter(0))
    order = _order(turn, line)
    chosen: list[tuple[str, Owed]] = []
    room = LISTED
    for episode_id in order.in_order():
        room -= order.ranks[episode_id] != _OVER
        if room < 0:
            break
        chosen.append((episode_id, line.due[episode_id]))
    return sorted(chosen, key=itemgetter(0))


def highest_due(turn: Turn, line: Line, least: int, passes: Callable[[Episode], bool]) -> int:
    """Return the highest severity rank of what is due, fires and *passes*; *least*, if none is above that."""
    order, highest = turn.state.orders.get(line.line_id), least
    for episode_id in line.due if order is None else order.in_order():
        episode = turn.episode(episode_id)
        rank = -_rank(episode, line.due[episode_id])
        if rank == -_OVER:
            continue
        if rank > highest and passes(episode):
            highest = rank
        if highest == _MOST_SEVERE or (order is not None and rank <= highest):
            break
    return highest


# -- the members of an incident ----------------------------------------------------------------------------------------


def tally_of(turn: Turn, incident: Incident) -> Tally:
    """Return the incident's tally; that of a crowd is kept."""
    known = turn.state.tallies.get(incident.incident_id)
    if known is not None:
        return known
    episodes = list(map(turn.state.episodes.__getitem__, incident.members))
    made = Tally()
    _count_all(made.alerts, (episode.alert.alert_id for episode in episodes))
    _count_all(made.clusters, (episode.alert.cluster_id for episode in episodes))
    _count_all(made.severities, (episode.alert.severity for episode in episodes))
    _count_all(made.firing, (episode.alert.severity for episode in episodes if episode.resolved_at is None))
    made.ends[False] = min(episodes, key=_serial)
    made.ends[True] = max(episodes, key=_serial)
    if len(episodes) > CROWD:
        turn.tx.index(turn.state.tallies, incident.incident_id, made)
    return made


def _serial(episode: Episode) -> int:
    return episode.serial


def _count_all(counts: dict[K, int], keys: Iterable[K]) -> None:
    for key in keys:
        counts[key] = counts.get(key, 0) + 1


def _count(turn: Turn, counts: MutableMapping[K, int], key: K, more: int) -> None:
    number = counts.get(key, 0) + more
    if number:
        turn.tx.index(counts, key, number)
    else:
        turn.tx.unindex(counts, key)


def began(turn: Turn, incident: Incident, episode: Episode) -> None:
    """Take in that an episode joined the incident."""
    tally = turn.state.tallies.get(incident.incident_id)
    if tally is not None:
        _count(turn, tally.alerts, episode.alert.alert_id, 1)
        _count(turn, tally.clusters, episode.alert.cluster_id, 1)
        _count(turn, tally.severities, episode.alert.severity, 1)
        _count(turn, tally.firing, episode.alert.severity, 1)
        turn.tx.index(tally.ends, True, episode)
    elif len(incident.members) > CROWD:
        tally_of(turn, incident)


def reported(turn: Turn, incident: Incident, episode: Episode, before: PerformanceAlert) -> None:
    """Take in that the alert of an episode that fires is another one than *before*."""
    _rank_again(turn, incident, episode)
    tally = turn.state.tallies.get(incident.incident_id)
    if tally is not None:
        for alert, more in ((before, -1), (episode.alert, 1)):
            _count(turn, tally.clusters, alert.cluster_id, more)
            _count(turn, tally.severities, alert.severity, more)
            _count(turn, tally.firing, alert.severity, more)


def ended(turn: Turn, incident: Incident, episode: Episode) -> None:
    """Take in that an episode resolved."""
    _rank_again(turn, incident, episode)
    tally = turn.state.tallies.get(incident.incident_id)
    if tally is not None:
        _count(turn, tally.firing, episode.alert.severity, -1)


def left(turn: Turn, incident: Incident, episode: Episode) -> None:
    """Take in that an episode, which resolved, is forgotten."""
    tally = turn.state.tallies.get(incident.incident_id)
    if tally is None:
        return
    if episode in tally.ends.values():
        turn.tx.unindex(turn.state.tallies, incident.incident_id)
        return
    _count(turn, tally.alerts, episode.alert.alert_id, -1)
    _count(turn, tally.clusters, episode.alert.cluster_id, -1)
    _count(turn, tally.severities, episode.alert.severity, -1)


def forgotten(turn: Turn, incident: Incident) -> None:
    """Take in that an incident is forgotten; its lines owe nothing."""
    turn.tx.unindex(turn.state.tallies, incident.incident_id)

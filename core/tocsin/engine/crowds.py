"""Crowds: what is asked of an incident's very many members without a look at each: their numbers, and their orders.

Both are derived from the records, and kept for crowds only: from when one becomes a crowd, or, once a state was loaded,
from when they are first needed. A smaller number is gone through each time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, MutableMapping
from itertools import compress
from operator import attrgetter
from typing import Any, Final, TypeVar

from tocsin.engine.gates import acknowledged
from tocsin.engine.roll import Roll
from tocsin.engine.state import Episode, Incident, Tally
from tocsin.engine.turn import Turn
from tocsin.model.alert import PerformanceAlert
from tocsin.model.severity import AlertSeverity

__all__ = [
    "CROWD",
    "DIGESTED",
    "LISTED",
    "all_taken",
    "began",
    "ended",
    "forgotten",
    "from_serial",
    "left",
    "most_severe",
    "reported",
    "taken",
    "tally_of",
]

CROWD: Final = 1000
"""More than so many are a crowd."""

LISTED: Final = 250
"""So many episodes are listed by one notification at most, and looked at for one at a time: others wait meanwhile."""

DIGESTED: Final = 1000
"""So many are listed by a digest, which is to be one wherever it can."""

_HIGHEST: Final = max(severity.rank for severity in AlertSeverity)

K = TypeVar("K")


def tally_of(turn: Turn, incident: Incident) -> Tally:
    """Return the incident's tally; that of a crowd is kept."""
    known = turn.state.tallies.get(incident.incident_id)
    if known is not None:
        return known
    episodes = list(map(turn.state.episodes.__getitem__, incident.members))
    if len(episodes) == 1:
        return _alone(episodes[0])
    alerts = [episode.alert for episode in episodes]
    severities = [alert.severity for alert in alerts]
    fires = [episode.resolved_at is None for episode in episodes]
    made = Tally(
        Counter([alert.alert_id for alert in alerts]),
        Counter([alert.cluster_id for alert in alerts]),
        _by_severity(severities),
        _by_severity(compress(severities, fires)),
        {False: min(episodes, key=_serial), True: max(episodes, key=_serial)},
    )
    if len(episodes) > CROWD:
        _order(made, list(compress(episodes, fires)), list(compress(severities, fires)))
        turn.tx.index(turn.state.tallies, incident.incident_id, made)
    return made


def _alone(episode: Episode) -> Tally:
    """Return the tally of an incident of one, which most are."""
    alert = episode.alert
    counts = {alert.severity: 1}
    return Tally(
        {alert.alert_id: 1},
        {alert.cluster_id: 1},
        counts,
        counts.copy() if episode.resolved_at is None else {},
        {False: episode, True: episode},
        by_serial=_NOBODY,
        by_severity=_NOBODY,
    )


_NOBODY: Final = Roll[Any]()
"""The order of those who fire, where nobody asks for it."""


def _order(tally: Tally, firing: list[Episode], severities: list[AlertSeverity]) -> None:
    """Put those that fire in their orders."""
    pairs = [(episode.serial, episode.episode_id) for episode in firing]
    tally.by_serial.fill(pairs)
    ranks = {id(severity): -severity.rank for severity in AlertSeverity}
    tally.by_severity.fill(
        [((ranks[which], pair[0]), pair[1]) for which, pair in zip(map(id, severities), pairs, strict=True)]
    )
    tally.taken.update([(episode.episode_id, None) for episode in firing if episode.ack and _is_taken(episode)])


def _place(episode: Episode, alert: PerformanceAlert) -> tuple[int, int]:
    return -alert.severity.rank, episode.serial


def _is_taken(episode: Episode) -> bool:
    """Whether somebody took it at its severity; when that ends, it is none of its any more."""
    return episode.ack is not None and episode.severity <= episode.ack.severity


def _crowd(turn: Turn, incident: Incident) -> Tally | None:
    return tally_of(turn, incident) if len(incident.members) > CROWD else None


def most_severe(turn: Turn, incident: Incident) -> Iterator[Episode]:
    """Yield those that fire, the most severe first, then the oldest; nothing may change meanwhile."""
    crowd = _crowd(turn, incident)
    if crowd is not None:
        return map(turn.episode, crowd.by_severity.names(from_=(-_HIGHEST, 0)))
    firing = map(turn.episode, incident.firing)
    return iter(sorted(firing, key=lambda episode: _place(episode, episode.alert)))


def from_serial(turn: Turn, incident: Incident, serial: int) -> Iterator[Episode]:
    """Yield those that fire, the oldest first, from a number on; nothing may change meanwhile."""
    crowd = _crowd(turn, incident)
    if crowd is not None:
        return map(turn.episode, crowd.by_serial.names(from_=serial))
    firing = map(turn.episode, incident.firing)
    return iter(sorted((episode for episode in firing if episode.serial >= serial), key=_serial))


def all_taken(turn: Turn, incident: Incident) -> bool:
    """Whether somebody took all that fires."""
    crowd = _crowd(turn, incident)
    if crowd is not None:
        return len(crowd.taken) == len(incident.firing) > 0
    for name in incident.firing:
        episode = turn.state.episodes[name]
        if episode.ack is None or not acknowledged(turn, episode):
            return False
    return bool(incident.firing)


def taken(turn: Turn, incident: Incident, episode: Episode) -> None:
    """Take in that somebody took an episode that fires, or not any more."""
    tally = turn.state.tallies.get(incident.incident_id)
    if tally is not None:
        if _is_taken(episode):
            turn.tx.index(tally.taken, episode.episode_id, None)
        else:
            turn.tx.unindex(tally.taken, episode.episode_id)


_serial: Final = attrgetter("serial")


def _by_severity(found: Iterable[AlertSeverity]) -> dict[AlertSeverity, int]:
    """Count severities by identity: to hash a member of an enumeration takes longer."""
    counts = Counter(map(id, found))
    return {severity: number for severity in AlertSeverity if (number := counts[id(severity)])}


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
        tally.by_serial.put(turn.tx, episode.serial, episode.episode_id)
        tally.by_severity.put(turn.tx, _place(episode, episode.alert), episode.episode_id)
    elif len(incident.members) > CROWD:
        tally_of(turn, incident)


def reported(turn: Turn, incident: Incident, episode: Episode, before: PerformanceAlert) -> None:
    """Take in that the alert of an episode that fires is another one than *before*."""
    tally = turn.state.tallies.get(incident.incident_id)
    if tally is not None:
        for alert, more in ((before, -1), (episode.alert, 1)):
            _count(turn, tally.clusters, alert.cluster_id, more)
            _count(turn, tally.severities, alert.severity, more)
            _count(turn, tally.firing, alert.severity, more)
        if before.severity is not episode.severity:
            tally.by_severity.remove(turn.tx, _place(episode, before))
            tally.by_severity.put(turn.tx, _place(episode, episode.alert), episode.episode_id)
        taken(turn, incident, episode)


def ended(turn: Turn, incident: Incident, episode: Episode) -> None:
    """Take in that an episode resolved."""
    tally = turn.state.tallies.get(incident.incident_id)
    if tally is not None:
        _count(turn, tally.firing, episode.alert.severity, -1)
        tally.by_serial.remove(turn.tx, episode.serial)
        tally.by_severity.remove(turn.tx, _place(episode, episode.alert))
        turn.tx.unindex(tally.taken, episode.episode_id)


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

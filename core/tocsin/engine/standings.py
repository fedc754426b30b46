"""Standings: what an incident's lines and escalations hold of one episode, kept with the record of that episode.

Of a crowd they hold very many: as a part of the incident's record, all of them would be written again whenever one of
them changes, and everything else would wait meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tocsin.engine.state import Episode, Escalation, Incident, Line

__all__ = ["APART", "stand_again", "standing"]

APART: Final[dict[type, tuple[str, ...]]] = {
    Line: ("due", "waiting", "blocked", "told", "adopted"),
    Escalation: ("awake",),
}
"""The mappings of these classes that are keyed by episodes, and are not kept with their owners."""

_ON_A_LINE: Final = APART[Line]


def standing(incident: Incident, episode_id: str, plain: Callable[[Any], Any]) -> dict[str, Any]:
    """Return what the record of an episode says beside its own fields; *plain* makes plain data of a value."""
    said: dict[str, Any] = {}
    lines = {}
    for channel_id, line in incident.lines.items():
        held = {name: plain(of[episode_id]) for name in _ON_A_LINE if episode_id in (of := getattr(line, name))}
        if held:
            lines[channel_id] = held
    if lines:
        said["lines"] = lines
    awake = [policy_id for policy_id, one in incident.escalations.items() if episode_id in one.awake]
    if awake:
        said["awake"] = awake
    return said


def stand_again(
    incident: Incident, episode: Episode, record: Mapping[str, Any], read: Mapping[str, Callable[[Any], Any]]
) -> None:
    """Give the incident's lines and escalations what the *record* of an episode says of them.

    *read* has for each mapping of a line what makes a value of plain data.
    """
    episode_id = episode.episode_id
    for channel_id, held in record.get("lines", {}).items():
        line = incident.lines[channel_id]
        for name, value in held.items():
            getattr(line, name)[episode_id] = read[name](value)
    for policy_id in record.get("awake", ()):
        incident.escalations[policy_id].awake[episode_id] = None

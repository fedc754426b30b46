"""Silences: which one mutes an episode now, and where their edges lie in wall time."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from tocsin.engine.state import Episode
from tocsin.model.silence import LabelMatcher, Silence
from tocsin.roles.matcher import FieldTest, field_test

__all__ = ["active", "muted_by", "next_edge"]


@lru_cache(maxsize=16_384)
def _test(matcher: LabelMatcher) -> FieldTest:
    return field_test(matcher)


def active(silence: Silence, wall: float) -> bool:
    """Whether the silence lasts at that wall time: from its start until just before its end."""
    return silence.starts_at <= wall < silence.ends_at


def next_edge(silence: Silence, wall: float) -> float | None:
    """Return the wall time at which the silence next starts or ends, or None."""
    if wall < silence.starts_at:
        return silence.starts_at
    return silence.ends_at if wall < silence.ends_at else None


def muted_by(silences: Mapping[str, Silence], episode: Episode, wall: float) -> Silence | None:
    """Return the first silence, by id, that is active and matches, or None."""
    view = episode.view()
    matching = [
        silence
        for silence in silences.values()
        if active(silence, wall) and all((test := _test(m)).accepts(test.read(view)) for m in silence.matchers)
    ]
    return min(matching, key=lambda silence: silence.silence_id, default=None)

"""The engine's records as text, and back; and a keeper of checkpoints that must never fall behind the state."""

from __future__ import annotations

import json
from typing import Any

from tocsin.engine.codec import dump
from tocsin.engine.loading import load
from tocsin.engine.machine import Engine
from tocsin.engine.plan import Plan
from tocsin.engine.state import State

__all__ = ["Keeper", "as_text", "difference", "reloaded"]


def _text(records: dict[tuple[str, str], Any]) -> str:
    return json.dumps(sorted((table, key, plain) for (table, key), plain in records.items()), sort_keys=True)


def as_text(state: State) -> str:
    """Return the records as text, whatever the order of their mappings."""
    return _text(dump(state))


def difference(one: str, other: str) -> list[Any]:
    """Return the records of which two texts differ."""
    both = [json.loads(text) for text in (one, other)]
    return [[record for record in mine if record not in theirs] for mine, theirs in (both, both[::-1])]


def reloaded(state: State, plan: Plan) -> State:
    """Return the state as it is after its records were written as JSON and read back, in the order of their keys."""
    written = json.dumps(sorted((table, key, plain) for (table, key), plain in dump(state).items()))
    read = load({(table, key): plain for table, key, plain in json.loads(written)}, plan)
    assert as_text(read) == as_text(state), "records that were dumped and loaded are dumped otherwise"
    for channel_id, lane in state.lanes.items():
        assert read.lanes[channel_id].promised.ranks == lane.promised.ranks, "the watchdog looks at others"
    return read


class Keeper:
    """Takes what changed after each step, as checkpoints do: together that must be every record there is."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Any] = {}

    def take(self, engine: Engine) -> None:
        """Take what changed, and compare with the whole."""
        self._kept |= engine.unsaved_records()
        engine.saved()
        self._kept = {key: plain for key, plain in self._kept.items() if plain is not None}
        assert _text(self._kept) == as_text(engine.state), "a checkpoint of what changed misses something"

"""The files of a run, read back: what the store kept, what the receivers saw, and what happened beside.

Of the standard library alone, as everything in this folder: the checker knows nothing of tocsin's code.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Files", "Plain", "read"]

Plain = dict[str, Any]
_STORE_MENDS_SECONDS = 10.0


@dataclass
class Files:
    """A run. ``asleep`` are the times, from and to, in which no process could act; ``moments`` is all in order.

    ``calls`` are those that tell of alerts, ``beat_of`` the heartbeats, ``unrecorded`` those that no journal knows of.
    """

    journal: list[Plain]
    calls: list[Plain]
    happenings: list[Plain]
    asleep: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._on_engine_time()
        self.beat_of = {call["notification"]: call for call in self.calls if call["kind"] == "heartbeat"}
        self.unrecorded = [call for call in self.calls if call["notification"].startswith("gap_")]
        self.calls = [call for call in self.calls if call["kind"] != "heartbeat" and call not in self.unrecorded]
        self.call_of = {(call["notification"], call["attempt"]): call for call in self.calls}
        since: dict[str, float] = {}
        for happening in self.happenings:
            at, what = happening["at"], happening["what"]
            if what in ("killed", "left"):
                since.setdefault("started", at)
                if "thawed" in since:  # it dies as it wakes; what follows is on the next one's clock
                    self.asleep.append((since.pop("thawed"), at))
            elif what == "frozen":
                since["thawed"] = at
            elif what in since:
                self.asleep.append((min(since[what], at), max(since.pop(what), at)))
            elif what == "store failed":
                self.asleep.append((at, at + _STORE_MENDS_SECONDS))
        self.asleep += [(at, float("inf")) for at in since.values()]
        self.deaths = [h for h in self.happenings if h["what"] in ("killed", "left")]

    def _on_engine_time(self) -> None:
        """Put the simulation's instants on the engine's clock.

        That goes on over a restart by the wall time that passed, which is not what really passed if the wall clock
        jumped meanwhile. Within the life of a process the difference stays the same.
        """
        numbers = [entry["sequence"] for entry in self.journal]
        ahead = [entry["engine_time"] - entry["at"] for entry in self.journal]
        deaths = [one["sequence"] for one in self.happenings if one["what"] in ("killed", "left")]
        for call in self.calls:
            call["at"] += ahead[
                max(bisect_left(numbers, call["sequence"]) - 1, 0)
            ]  # the store may fail before all else
        for one in self.happenings:
            place = bisect_left(numbers, one["sequence"])
            since = numbers[place - 1] if place else 0
            died = bisect_left(deaths, one["sequence"]) > bisect_left(deaths, since)
            if ahead:
                one["at"] += ahead[min(place, len(ahead) - 1)] if died or not place else ahead[place - 1]

    def moments(self) -> list[tuple[int, str, Plain]]:
        """Everything in order: (number, 'entry' or 'happening', what)."""
        entries = [(entry["sequence"], "entry", entry) for entry in self.journal]
        return sorted(entries + [(h["sequence"], "happening", h) for h in self.happenings], key=lambda one: one[0])

    def awake(self, since: float, until: float) -> float | None:
        """Return None if a process could act all the while; otherwise when one could again."""
        ends = [end for start, end in self.asleep if start <= until and end > since]
        return max(ends) if ends else None

    def death_after(self, sequence: int) -> Plain | None:
        """Return the first end of a process after that number."""
        place = bisect_left(self.deaths, sequence, key=lambda death: death["sequence"])
        return self.deaths[place] if place < len(self.deaths) else None


def read(folder: Path) -> Files:
    """Read the three files of *folder*."""
    lines = (folder / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    return Files(
        journal=[json.loads(line) for line in lines],
        calls=json.loads((folder / "receivers.json").read_text(encoding="utf-8")),
        happenings=json.loads((folder / "happenings.json").read_text(encoding="utf-8")),
    )

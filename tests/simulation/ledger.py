"""What a run writes down for the checker: the journal, the receivers' logs, and what happened beside.

All three are numbered by one counter, for much happens at one instant of the virtual clock.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tocsin.journal import Entry, entry_to_plain
from tocsin.testing.clock import VirtualClock

__all__ = ["Ledger"]

Plain = dict[str, Any]


class Ledger:
    """Takes note, in order."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._sequence = 0
        self.journal: list[Plain] = []
        self.calls: list[Plain] = []
        self.happenings: list[Plain] = []

    def next(self) -> int:
        """Return the next number."""
        self._sequence += 1
        return self._sequence

    def keep(self, entry: Entry) -> None:
        """The store has *entry*."""
        self.journal.append({"sequence": self.next(), "at": self._clock.now(), **entry_to_plain(entry)})

    def happened(self, what: str, **details: Any) -> int:
        """Something happened that is in nobody else's log; return its number."""
        number = self.next()
        self.happenings.append({"sequence": number, "at": self._clock.now(), "what": what, **details})
        return number

    def called(self, **details: Any) -> Plain:
        """A receiver is called; return its log line, to which the end of the call is added."""
        line = {"sequence": self.next(), "at": self._clock.now(), **details, "answer": None, "answered_at": None}
        self.calls.append(line)
        return line

    def write(self, folder: Path) -> None:
        """Write the three files into *folder*."""
        folder.mkdir(parents=True, exist_ok=True)
        lines = "".join(json.dumps(line) + "\n" for line in self.journal)
        (folder / "journal.jsonl").write_text(lines, encoding="utf-8")
        (folder / "receivers.json").write_text(json.dumps(self.calls), encoding="utf-8")
        (folder / "happenings.json").write_text(json.dumps(self.happenings), encoding="utf-8")

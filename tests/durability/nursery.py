"""The nursery, seen by whoever kills what lives there: one life after another, and what each said of itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Final, Self

import attrs

__all__ = ["Doom", "Life", "Nursery"]

ROOT: Final = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS: Final = 60.0


@attrs.frozen
class Doom:
    """When a life is ended: *seconds* after it said *word* for the *count*-th time; None: it is not."""

    word: str
    count: int
    seconds: float

    @classmethod
    def draw(cls, random: Random) -> Doom:
        """Draw one: mostly under load, sometimes in a recovery, a checkpoint or a prune."""
        word = random.choice(("started", "load", "ready", "ready", "ready", "checkpoint", "prune"))
        if word in ("checkpoint", "prune"):
            return cls(word, random.randint(1, 6), random.choice((0.0, random.uniform(0.0, 0.004))))
        longest = {"started": 0.1, "load": 0.1, "ready": 0.5}[word]
        return cls(word, 1, random.uniform(0.0, longest))


class Life:
    """One process from its start to its end; ``delivered`` are the ids whose delivery it committed."""

    def __init__(self, number: int, doom: Doom | None) -> None:
        self.number = number
        self.delivered: set[str] = set()
        self.status: int | None = None
        self.ended = threading.Event()
        self.said: dict[str, int] = {}
        self._doom = doom
        self._pid = 0
        self._lock = threading.Lock()

    def hear(self, word: str, rest: str) -> None:
        """Take note of what it says, and kill it when its moment has come."""
        self.said[word] = self.said.get(word, 0) + 1
        if word == "delivered":
            self.delivered.add(rest)
        elif word == "started":
            self._pid = int(rest)
        elif word == "ended":
            self.status = int(rest)
            with self._lock:
                self._pid = 0
            self.ended.set()
        if self._doom is not None and word == self._doom.word and self.said[word] == self._doom.count:
            self.kill_after(self._doom.seconds)

    def kill_after(self, seconds: float) -> None:
        """Kill it so many seconds from now, unless it has ended by then."""
        timer = threading.Timer(seconds, self._kill)
        timer.daemon = True
        timer.start()

    def _kill(self) -> None:
        with self._lock:
            if self._pid:
                os.kill(self._pid, signal.SIGKILL)

    @property
    def killed(self) -> bool:
        """Whether it was killed."""
        return self.status == -signal.SIGKILL


class Nursery:
    """Starts lives, one at a time."""

    def __init__(self) -> None:
        self.lives: list[Life] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.durability.victim"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None, "it was asked for"
        self._process.stdin.close()
        for life in self.lives[-1:]:
            life.kill_after(0.0)
        self._process.wait(PATIENCE_SECONDS)
        self._reader.join()
        assert self._process.stdout is not None, "it was asked for"
        self._process.stdout.close()

    def start(self, settings: Mapping[str, Any], doom: Doom | None) -> Life:
        """Start the next life; the one before has ended."""
        life = Life(len(self.lives), doom)
        self.lives.append(life)
        assert self._process.stdin is not None, "it was asked for"
        self._process.stdin.write(json.dumps({**settings, "life": life.number}) + "\n")
        self._process.stdin.flush()
        return life

    def _read(self) -> None:
        assert self._process.stdout is not None, "it was asked for"
        for line in self._process.stdout:
            word, _, rest = line.strip().partition(" ")
            self.lives[-1].hear(word, rest)

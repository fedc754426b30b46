"""A folder as the receiver of a contract: what is in its file has arrived."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from tocsin.testing.receiver import Answer, Arrival, BackendReceiver

__all__ = ["FolderReceiver"]


class FolderReceiver(BackendReceiver):
    """Down, its folder is gone."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = Path(tempfile.mkdtemp(prefix="tocsin-file-"))

    @property
    def path(self) -> Path:
        """The file."""
        return self._folder / "alerts.jsonl"

    def will(self, answer: Answer, /) -> None:
        """Answer like this from now on."""
        super().will(answer)
        if answer is Answer.DOWN:
            shutil.rmtree(self._folder)

    @property
    def arrivals(self) -> tuple[Arrival, ...]:
        """The lines, in order."""
        if not self.path.exists():
            return ()
        found = []
        for line in self.path.read_bytes().decode("utf-8").split("\n")[:-1]:
            document = json.loads(line)
            found.append(
                Arrival("\n".join(_strings(document)), document.get("notification_id"), document.get("incident_id"))
            )
        return tuple(found)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


def _strings(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        for key, value in document.items():
            yield key
            yield from _strings(value)
    elif isinstance(document, list):
        for value in document:
            yield from _strings(value)
    elif isinstance(document, str):
        yield document

"""The file of heartbeats: which ones are expected, and how often; it is written when that changes, and whole or not."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from tocsin import AlertSeverity, StoreError

__all__ = ["Expected", "HeartbeatFile"]

_log: Final = logging.getLogger("tocsin")
_FORMAT: Final = 1


@attrs.frozen(slots=True)
class Expected:
    """One heartbeat: how often it has to be heard, and how severe it is when it is not."""

    every_seconds: float
    severity: AlertSeverity


class HeartbeatFile:
    """The heartbeats that are expected, by name, at *path*; None: they are not kept."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def read(self) -> dict[str, Expected]:
        """Return what is kept; a file that cannot be read is reported, and nothing is expected then."""
        if self._path is None or not self._path.exists():
            return {}
        try:
            document = json.loads(self._path.read_bytes())
            kept: Mapping[str, Any] = document["heartbeats"]
            return {
                name: Expected(float(one["every_seconds"]), AlertSeverity.parse(one["severity"]))
                for name, one in kept.items()
            }
        except Exception as error:  # noqa: BLE001  whatever a damaged file makes of itself; the daemon has to start
            _log.error("the heartbeats in %s cannot be read: %s", self._path.name, type(error).__name__)
            return {}

    def write(self, expected: Mapping[str, Expected]) -> None:
        """Keep *expected*, all of it or nothing.

        :raises StoreError: when that cannot be done.
        """
        if self._path is None:
            return
        kept = {
            name: {"every_seconds": one.every_seconds, "severity": one.severity.value}
            for name, one in sorted(expected.items())
        }
        new = self._path.with_name(f"{self._path.name}.new")
        try:
            with new.open("w", encoding="ascii") as file:
                json.dump({"format": _FORMAT, "heartbeats": kept}, file)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except OSError as error:
            raise StoreError(f"the heartbeats cannot be kept: {error.strerror}") from None

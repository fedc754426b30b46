"""The log of the daemon: lines for people, or JSON objects for machines, on standard error."""

from __future__ import annotations

import json
import logging
import sys
from typing import Final

from tocsin import iso_time

__all__ = ["set_up_logs"]

_LEVELS: Final = {name: getattr(logging, name.upper()) for name in ("debug", "info", "warning", "error")}


class _Json(logging.Formatter):
    """One object for each record: when, how bad, who and what; its ids and its trace, where it has any."""

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "time": iso_time(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "ids", {}),
        }
        if record.exc_info:
            said["trace"] = self.formatException(record.exc_info)
        return json.dumps(said)


def set_up_logs(form: str, level: str) -> None:
    """Let tocsin and what it serves with log to standard error.

    :param form: ``console`` or ``json``.
    :param level: ``debug``, ``info``, ``warning`` or ``error``.
    """
    handler = logging.StreamHandler(sys.stderr)
    console = logging.Formatter("%(asctime)s %(levelname)-7s %(message)s")
    handler.setFormatter(_Json() if form == "json" else console)
    for name, least in (("tocsin", _LEVELS[level]), ("uvicorn", logging.WARNING), ("opentelemetry", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.propagate = False
        logger.setLevel(least)

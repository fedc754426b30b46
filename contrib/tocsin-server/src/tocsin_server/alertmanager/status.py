"""``GET /api/v2/status`` and ``/receivers``: what the daemon is, in the words of Alertmanager's API."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable
from typing import Any, Final

import importlib_metadata

from tocsin_server.web.times import written

__all__ = ["SPOKEN", "receivers", "status", "version"]

SPOKEN: Final = "0.25.0"
"""The version of Alertmanager whose API this is."""

_NOBODY: Final = "tocsin"


def version() -> str:
    """Return the version of this distribution."""
    return str(importlib_metadata.version("tocsin-server"))


def receivers(names: Iterable[str]) -> list[Any]:
    """Return the document of all receivers."""
    return [{"name": name} for name in names]


def status(started_at: float, names: Iterable[str], original: str | None) -> dict[str, Any]:
    """Return the document of the daemon.

    :param started_at: wall time.
    :param names: those of the receivers.
    :param original: the Alertmanager configuration that this one was converted from, without secrets. Where there was
        none, one stands in that has the receivers and nothing else, for clients read it strictly.
    """
    return {
        "cluster": {"peers": [], "status": "disabled"},
        "config": {"original": _stand_in(names) if original is None else original},
        "uptime": written(started_at),
        "versionInfo": {
            "branch": "tocsin",
            "buildDate": "",
            "buildUser": "",
            "goVersion": f"python{platform.python_version()}",
            "revision": version(),
            "version": SPOKEN,
        },
    }


def _stand_in(names: Iterable[str]) -> str:
    """Return an Alertmanager configuration of these receivers; JSON strings are YAML strings."""
    known = list(names) or [_NOBODY]
    lines = [f"route:\n  receiver: {json.dumps(known[0])}", "receivers:"]
    lines += [f"- name: {json.dumps(name)}" for name in known]
    return "\n".join(lines) + "\n"

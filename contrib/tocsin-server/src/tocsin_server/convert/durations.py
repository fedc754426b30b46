"""Durations as Prometheus and as Go write them, in seconds."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["go_duration", "prometheus_duration"]

_PROMETHEUS: Final = re.compile(
    r"(?:(?P<y>[0-9]+)y)?(?:(?P<w>[0-9]+)w)?(?:(?P<d>[0-9]+)d)?"
    r"(?:(?P<h>[0-9]+)h)?(?:(?P<m>[0-9]+)m)?(?:(?P<s>[0-9]+)s)?(?:(?P<ms>[0-9]+)ms)?"
)
_MILLISECONDS: Final = {
    "y": 365 * 86_400_000,
    "w": 7 * 86_400_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1000,
    "ms": 1,
}
_LONGEST: Final = (2**63 - 1) // 1_000_000
_GO: Final = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_NANOSECONDS: Final = {
    "ns": 1,
    "us": 1000,
    "µs": 1000,
    "μs": 1000,
    "ms": 1_000_000,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}


def prometheus_duration(text: str) -> float | None:
    """Return the seconds of ``1h30m``, units from years to milliseconds in that order; None if it is no duration."""
    if text == "0":
        return 0.0
    found = _PROMETHEUS.fullmatch(text)
    if not text or found is None:
        return None
    if any(digits is not None and len(digits) > 19 for digits in found.groups()):
        return None
    total = sum(int(digits) * _MILLISECONDS[unit] for unit, digits in found.groupdict(default="0").items())
    return None if total > _LONGEST else total / 1000


def go_duration(text: str) -> float | None:
    """Return the seconds of ``1m0.5s``, as Go's ``time.ParseDuration`` reads it; None if it is no duration."""
    if text.lstrip("+-") == "0" and len(text) <= 2:
        return 0.0
    sign = -1.0 if text.startswith("-") else 1.0
    rest = text[1:] if text[:1] in ("+", "-") else text
    parts = list(_GO.finditer(rest))
    if not parts or len(rest) > 100 or "".join(part[0] for part in parts) != rest:
        return None
    return sign * sum(float(part[1]) * _NANOSECONDS[part[2]] for part in parts) / 1e9

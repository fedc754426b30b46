"""Values that are more than texts and numbers: instants, durations, labels; and what is shown of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, Final, TypeAlias

import attrs
from jinja2 import Undefined

from tocsin import iso_time

__all__ = ["Duration", "Instant", "Labels", "Missing", "Pair", "Value", "as_text", "as_value"]

Value: TypeAlias = str | float | None
_FIRST_LABEL: Final = "alertname"


class Missing(Undefined):
    """A label that an alert does not have: it is empty, and not defined."""

    __slots__ = ()
    is_missing = True

    def __str__(self) -> str:
        return ""


@attrs.frozen(slots=True, order=True)
class Instant:
    """An instant, and the time zone that it is shown in."""

    seconds: float
    zone: tzinfo = attrs.field(default=UTC, eq=False, order=False)

    @property
    def local(self) -> datetime | None:
        """Date and time there; None outside the calendar."""
        try:
            return datetime.fromtimestamp(self.seconds, self.zone)
        except (ValueError, OverflowError, OSError):
            return None

    def __str__(self) -> str:
        local = self.local
        if local is None or self.zone is UTC:
            return iso_time(self.seconds)
        return local.isoformat(timespec="milliseconds")


@attrs.frozen(slots=True, order=True)
class Duration:
    """A number of seconds, shown as Go does: ``1h2m3s``."""

    seconds: float

    def __str__(self) -> str:
        sign, rest = ("-" if self.seconds < 0 else ""), abs(self.seconds)
        hours, rest = divmod(rest, 3600)
        minutes, rest = divmod(rest, 60)
        seconds = f"{rest:.3f}".rstrip("0").rstrip(".")
        parts = [f"{hours:.0f}h"] if hours else []
        parts += [f"{minutes:.0f}m"] if hours or minutes else []
        return f"{sign}{''.join(parts)}{seconds}s"


@attrs.frozen(slots=True)
class Pair:
    """A label's name and value."""

    name: str
    value: str


class Labels(Mapping[str, str]):
    """Labels or annotations; one that is absent is :class:`Missing`."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        self._labels = labels

    def __getitem__(self, name: str) -> str:
        return self._labels[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self._labels)

    @property
    def names(self) -> list[str]:
        """The names in order, ``alertname`` before all others."""
        return sorted(self._labels, key=lambda name: (name != _FIRST_LABEL, name))

    @property
    def pairs(self) -> list[Pair]:
        """Name and value of each, in that order."""
        return [Pair(name, self._labels[name]) for name in self.names]

    def remove(self, names: list[str]) -> Labels:
        """Return those that have none of these *names*."""
        return Labels({name: value for name, value in self._labels.items() if name not in names})

    def __str__(self) -> str:
        return ", ".join(f"{name}={self._labels[name]}" for name in self.names)


def as_value(value: Any) -> Value:
    """Return what is shown of *value*.

    :raises TypeError: when that is nothing, for people would not be told what is meant.
    """
    if value is None or (isinstance(value, (str, int, float)) and not isinstance(value, bool)):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (Instant, Duration, Labels, Undefined)):
        return str(value)
    if isinstance(value, (list, tuple)):
        raise TypeError("a list cannot be shown; go through it with for, or put it together with |join(', ')")
    raise TypeError("this cannot be shown: it is neither text nor number")


def as_text(value: Any) -> str:
    """Return what is shown of *value* in a text."""
    shown = as_value(value)
    if isinstance(shown, float) and shown.is_integer() and abs(shown) < 1e15:
        return str(int(shown))
    return "" if shown is None else str(shown)

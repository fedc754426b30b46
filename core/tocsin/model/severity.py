"""How bad an alert is."""

from __future__ import annotations

import enum

from tocsin.errors import ConfigurationError, nearest

__all__ = ["AlertSeverity", "parse_severity"]


@enum.unique
class AlertSeverity(enum.Enum):
    """Five distinct severities, comparable: INFO < WARNING < ERROR < CRITICAL < EMERGENCY.

    ``value`` is the lower-case name, as written in configuration files; ``rank`` is 0 to 4.
    """

    rank: int

    INFO = ("info", 0)
    WARNING = ("warning", 1)
    ERROR = ("error", 2)
    CRITICAL = ("critical", 3)
    EMERGENCY = ("emergency", 4)

    def __new__(cls, value: str, rank: int) -> AlertSeverity:
        member = object.__new__(cls)
        member._value_ = value
        member.rank = rank
        return member

    @classmethod
    def parse(cls, value: AlertSeverity | str) -> AlertSeverity:
        """Return the severity that *value* names, whatever its case.

        :raises ConfigurationError: for any other value; the message names the nearest severity.
        """
        if isinstance(value, cls):
            return value
        try:
            return cls(value.lower())  # type: ignore[call-arg, union-attr]  # mypy reads __new__; a non-string is caught
        except (ValueError, AttributeError):
            known = [severity.value for severity in cls]
            raise ConfigurationError(f"unknown severity {value!r}{nearest(str(value), known)}", "severity") from None

    __hash__ = object.__hash__  # there is one object of each, and its name need not be hashed each time

    def __lt__(self, other: AlertSeverity) -> bool:
        if not isinstance(other, AlertSeverity):
            return NotImplemented
        return self.rank < other.rank

    def __le__(self, other: AlertSeverity) -> bool:
        if not isinstance(other, AlertSeverity):
            return NotImplemented
        return self.rank <= other.rank

    def __gt__(self, other: AlertSeverity) -> bool:
        if not isinstance(other, AlertSeverity):
            return NotImplemented
        return self.rank > other.rank

    def __ge__(self, other: AlertSeverity) -> bool:
        if not isinstance(other, AlertSeverity):
            return NotImplemented
        return self.rank >= other.rank


def parse_severity(value: AlertSeverity | str) -> AlertSeverity:
    """Return the severity that *value* names; :meth:`AlertSeverity.parse` as a plain function, for converters."""
    return AlertSeverity.parse(value)

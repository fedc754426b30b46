"""Validators for settings that several of the bundled backends have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs

from tocsin import ConfigurationError, nearest
from tocsin.http import seconds

__all__ = ["HARD_TIMEOUT", "LONGEST_TIMEOUT", "attempt_timeout", "one_of"]

LONGEST_TIMEOUT: Final = 60.0
"""Seconds that a channel may give one attempt."""

HARD_TIMEOUT: Final = LONGEST_TIMEOUT + 5.0
"""Seconds after which the runtime ends an attempt; the channel's own timeout comes first, since it knows more."""


def attempt_timeout(instance: object, attribute: attrs.Attribute[Any], value: float) -> None:
    """A number of seconds above zero and at most a minute."""
    seconds(instance, attribute, value)
    if value > LONGEST_TIMEOUT:
        raise ConfigurationError(
            f"{attribute.name} is at most {LONGEST_TIMEOUT:g} seconds, not {value:g}", attribute.name
        )


def one_of(*known: str) -> Callable[[object, attrs.Attribute[Any], object], None]:
    """One of the words *known*."""

    def check(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if value not in known:
            problem = f"unknown {attribute.name} {value!r}{nearest(str(value), known)}"
            raise ConfigurationError(problem, attribute.name)

    return check

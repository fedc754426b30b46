"""A validator for settings that several of the bundled backends have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from tocsin import ConfigurationError, nearest

__all__ = ["one_of"]


def one_of(*known: str) -> Callable[[object, attrs.Attribute[Any], object], None]:
    """One of the words *known*."""

    def check(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if value not in known:
            problem = f"unknown {attribute.name} {value!r}{nearest(str(value), known)}"
            raise ConfigurationError(problem, attribute.name)

    return check

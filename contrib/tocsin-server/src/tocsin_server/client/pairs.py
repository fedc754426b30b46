"""Names with values on the command line, and numbers that JSON has a form for."""

from __future__ import annotations

import math
from typing import Any, Final

import click

__all__ = ["NUMBER", "PAIR", "mapping"]


class _Pair(click.ParamType):  # type: ignore[type-arg]  # generic in newer releases of click only
    """``name=value``; the value may be empty, and may hold further equals signs."""

    name = "name=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Return name and value."""
        if isinstance(value, tuple):
            return str(value[0]), str(value[1])
        name, equals, content = str(value).partition("=")
        if not name or not equals:
            self.fail(f"{value!r} is no name=value, such as job=backup", param, ctx)
        return name, content


class _Number(click.ParamType):  # type: ignore[type-arg]  # generic in newer releases of click only
    """A number; "nan" and the infinities, which no threshold can be compared with, are none."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number."""
        try:
            found = float(value)
        except ValueError:
            found = math.nan
        if not math.isfinite(found):
            self.fail(f"{value!r} is no number, such as 97 or 0.25", param, ctx)
        return found


PAIR: Final = _Pair()
NUMBER: Final = _Number()


def mapping(pairs: tuple[tuple[str, str], ...], option: str) -> dict[str, str]:
    """Return *pairs* as a mapping.

    :raises click.BadParameter: when a name is there twice.
    """
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise click.BadParameter(f"{name!r} is given twice", param_hint=option)
        found[name] = value
    return found

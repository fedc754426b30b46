"""How a contract finds the plugin that it is about: as a service does, by its registered name."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from tocsin.discovery import Discovery, load
from tocsin.registry import Registration, Registry
from tocsin.testing.contracts.owing import owes

__all__ = ["PluginTests"]


class PluginTests:
    """What the contract classes have in common."""

    plugins: ClassVar[Sequence[object]] = ()
    """Plugins that are not installed, such as the module under test; those with entry points are found."""

    @property
    def registry(self) -> Registry:
        """What the plugins registered."""
        return _loaded(tuple(self.plugins)).registry

    def registered(self, kind: str, known: Mapping[str, Registration[Any]], name: str) -> Any:
        """Return what is registered as *name* among *known*, which are of the *kind*."""
        failures = "".join(f"; failed to load: {failure}" for failure in _loaded(tuple(self.plugins)).failures)
        owes(
            name in known,
            f"no {kind} is registered as {name!r}; registered are: {', '.join(known)}{failures}",
            f"set `{kind}` to its name, and give the plugin an entry point (and install it), or list it in `plugins`",
            f"docs/reference/hooks.md, tocsin_register_{kind}s",
        )
        return known[name].spec


@functools.lru_cache(maxsize=32)
def _loaded(plugins: tuple[object, ...]) -> Discovery:
    return load(extra=plugins)

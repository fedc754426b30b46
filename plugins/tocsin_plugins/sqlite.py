"""The store ``sqlite``: one file, which survives the process and, if asked to, a power failure."""

from __future__ import annotations

from typing import Literal

import attrs

from tocsin import ConfigurationError, SqliteStore, StoreRegistrar, hookimpl
from tocsin_plugins._settings import one_of

__all__ = ["SqliteConfig", "open_sqlite"]


def _a_path(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    if not isinstance(value, str) or not value:  # type: ignore[redundant-expr]  # a configuration may hold anything
        raise ConfigurationError(f"path names the store's file, such as 'tocsin.db', not {value!r}", "path")


@attrs.frozen(slots=True)
class SqliteConfig:
    """``path``: the file, made if there is none; a relative one starts at the process' working folder.

    ``synchronous``: ``full`` waits for the device at every commit, so that a power failure takes nothing; ``normal``
    does not, and a power failure may take the newest commits.
    """

    path: str = attrs.field(validator=_a_path)
    synchronous: Literal["full", "normal"] = attrs.field(default="full", validator=one_of("full", "normal"))


def open_sqlite(config: SqliteConfig) -> SqliteStore:
    """Open the file; StoreError says why that cannot be."""
    return SqliteStore(config.path, config.synchronous)


@hookimpl
def tocsin_register_stores(registrar: StoreRegistrar) -> None:
    """Register ``sqlite``."""
    registrar.register("sqlite", open_sqlite, config_class=SqliteConfig)

"""The store ``memory``: the newest entries, gone with the process."""

from __future__ import annotations

import attrs

from tocsin import ConfigurationError, MemoryStore, StoreRegistrar, hookimpl

__all__ = ["MemoryConfig", "open_memory"]


@attrs.frozen(slots=True)
class MemoryConfig:
    """``entries``: how many of the newest journal entries are kept."""

    entries: int = 1000

    def __attrs_post_init__(self) -> None:
        if self.entries < 1:
            raise ConfigurationError(f"entries is at least 1, not {self.entries}", "entries")


def open_memory(config: MemoryConfig) -> MemoryStore:
    """Return an empty store."""
    return MemoryStore(config.entries)


@hookimpl
def tocsin_register_stores(registrar: StoreRegistrar) -> None:
    """Register ``memory``."""
    registrar.register("memory", open_memory, config_class=MemoryConfig)

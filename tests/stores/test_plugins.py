"""The stores ``sqlite`` and ``memory`` as plugins: found, configured, opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cattrs
import pytest

from tocsin import ConfigurationError, MemoryStore, SqliteStore, StoreError
from tocsin.discovery import load
from tocsin.testing.contracts import entry


def open_store(name: str, config: dict[str, Any]) -> Any:
    """Open a store as a service does: by its registered name, from its settings."""
    spec = load().registry.stores[name].spec
    return spec.factory(cattrs.structure(config, spec.config_class))


def test_both_are_registered() -> None:
    """By tocsin_register_stores, from this distribution."""
    stores = load().registry.stores
    assert {name: stores[name].provenance.distribution for name in ("memory", "sqlite")} == {
        "memory": "tocsin",
        "sqlite": "tocsin",
    }


def test_sqlite_opens_its_file(tmp_path: Path) -> None:
    """Waiting for the device unless told otherwise."""
    store = open_store("sqlite", {"path": str(tmp_path / "tocsin.db")})
    assert isinstance(store, SqliteStore)
    store.commit(entry(1))
    store.close()
    again = open_store("sqlite", {"path": str(tmp_path / "tocsin.db"), "synchronous": "normal"})
    assert list(again.entries()) == [entry(1)]
    again.close()


@pytest.mark.parametrize(
    ("config", "where"),
    [({"path": ""}, "path"), ({"path": "a", "synchronous": "off"}, "synchronous")],
)
def test_sqlites_settings_are_checked(config: dict[str, str], where: str) -> None:
    """With the place of the mistake."""
    config_class: Any = load().registry.stores["sqlite"].spec.config_class
    with pytest.raises(ConfigurationError) as caught:
        config_class(**config)
    assert caught.value.where == where


def test_a_file_that_cannot_be_opened_is_a_store_error(tmp_path: Path) -> None:
    """When it is opened, not when it is configured."""
    with pytest.raises(StoreError, match="does not exist; make it first"):
        open_store("sqlite", {"path": str(tmp_path / "no" / "tocsin.db")})


def test_memory_keeps_as_many_entries_as_it_is_told() -> None:
    """At least one."""
    store = open_store("memory", {"entries": 7})
    assert isinstance(store, MemoryStore)
    with pytest.raises(ConfigurationError, match="entries is at least 1, not 0"):
        load().registry.stores["memory"].spec.config_class(entries=0)

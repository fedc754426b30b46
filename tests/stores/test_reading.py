"""A store that is read beside whoever has it open says what the store itself says; so does its archive."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from tests.stores.conftest import Filled

from tocsin import SqliteStore, StoreError
from tocsin.stores.archive import export_lines
from tocsin.stores.interface import STATE
from tocsin.stores.reading import reading
from tocsin.stores.sqlite_reading import SqliteFile

SUBJECTS: Sequence[list[str] | None] = (None, ["a0-0"], ["a3-0", "a5"], ["a38-0", "a40"], ["nobody"], [])


@pytest.mark.parametrize("subjects", SUBJECTS, ids=str)
@pytest.mark.parametrize("after", [0, 7, 33, 40])
def test_it_has_the_entries_that_the_store_has(filled: Filled, subjects: list[str] | None, after: int) -> None:
    """Before the checkpoint the index tells which ones; what came after it is not in the index."""
    with closing(SqliteStore(filled.path)) as store, reading(filled.path) as opened:
        wanted = list(store.entries(after, subjects))
        assert list(opened.store.entries(after, subjects)) == wanted
    assert subjects or len(wanted) == (40 - after if subjects is None else 0)


def test_an_archive_has_them_too(filled: Filled, tmp_path: Path) -> None:
    archive = tmp_path / "archive.jsonl"
    with closing(SqliteFile(filled.path)) as file:
        archive.write_text("".join(export_lines(file)))
    with reading(filled.path) as opened, reading(archive) as saved:
        assert (opened.archived, saved.archived) == (False, True)
        assert list(saved.store.entries()) == list(opened.store.entries()) == list(filled.entries)
        assert saved.store.load() == opened.store.load() == filled.checkpoint
        assert saved.store.configuration("c1") == opened.store.configuration("c1") == {"channels": ["ops", "mail"]}
        assert saved.store.configuration("none") is opened.store.configuration("none") is None


def test_what_is_neither_is_told(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    with pytest.raises(StoreError, match="is no store of tocsin"), reading(path):
        pass
    with pytest.raises(StoreError, match="there is no such file"), reading(tmp_path / "none.db"):
        pass


def test_streamed_records_are_read_one_by_one_too(filled: Filled) -> None:
    with closing(SqliteStore(filled.path)) as store:
        streamed = store.stream()
        assert streamed is not None
        records = streamed.records
        assert (len(records), set(records)) == (25, set(filled.checkpoint.records))
        assert {key: records[key] for key in records} == filled.checkpoint.records
        assert ("t", "nobody") not in records
        with pytest.raises(KeyError, match="nobody"):
            records["t", "nobody"]


def test_one_streamed_record_that_is_damaged_is_not_handed_out(filled: Filled) -> None:
    with closing(sqlite3.connect(filled.path)) as connection:
        connection.execute("UPDATE records SET data = replace(data, ':', ': ')")
        connection.commit()
    with closing(SqliteStore(filled.path)) as store:
        streamed = store.stream()
        assert streamed is not None
        with pytest.raises(StoreError, match="is not what was written"):
            streamed.records[STATE]


def test_a_new_store_has_nothing_to_stream(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "tocsin.db")) as store:
        assert store.stream() is None

"""Archives: a store as text and back, and every mistake in one with the number of its line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.stores.conftest import Filled

from tocsin import Checkpoint, MemoryStore, SqliteStore, StoreError
from tocsin.stores import archive_reading
from tocsin.stores.archive import StoreSource, export_lines
from tocsin.stores.archive_import import import_file, import_into
from tocsin.stores.archive_reading import ArchiveError, read_lines
from tocsin.stores.interface import STATE
from tocsin.stores.sqlite_check import check
from tocsin.stores.sqlite_reading import SqliteFile
from tocsin.testing.contracts import STRANGE, entry
from tocsin.testing.contracts.sample import full_entry


def export(path: Path, after: int = 0) -> list[str]:
    """Return the lines of a file's archive."""
    file = SqliteFile(path)
    try:
        return list(export_lines(file, after))
    finally:
        file.close()


@pytest.fixture
def lines(filled: Filled) -> list[str]:
    """The archive of a filled store."""
    return export(filled.path)


def _put(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(lines), encoding="utf-8")
    return path


def test_a_file_comes_back_as_it_was(filled: Filled, lines: list[str], tmp_path: Path) -> None:
    """Journal, records, configurations and index; and its archive is the same again."""
    new = tmp_path / "new.db"
    done = import_file(_put(tmp_path / "archive", lines), new)
    assert (done.configurations, done.records, done.entries, done.checkpoint) == (2, 25, 40, 30)
    assert (done.damage, done.left_out) == ((), ())
    store = SqliteStore(new)
    assert tuple(store.entries()) == filled.entries
    assert store.load() == filled.checkpoint
    assert store.configuration("c1") == {"channels": ["ops", "mail"]}
    assert {one.ordinal for one in store.entries(subjects=["a0-0"])} == {7, 14, 21, 28}
    store.commit(entry(41))
    store.close()
    assert check(new).findings == ()
    new.unlink()
    import_file(tmp_path / "archive", new)
    assert export(new) == lines


def test_an_import_leaves_only_the_file(lines: list[str], tmp_path: Path) -> None:
    """Everything that was needed to make it is gone."""
    (tmp_path / "there").mkdir()
    import_file(_put(tmp_path / "archive", lines), tmp_path / "there" / "new.db")
    assert sorted(one.name for one in (tmp_path / "there").iterdir()) == ["new.db", "new.db-lock"]


def test_any_store_can_be_exported_and_filled(filled: Filled, lines: list[str], tmp_path: Path) -> None:
    """Memory has the configurations that its entries name."""
    memory = MemoryStore()
    import_into(_put(tmp_path / "archive", lines), memory)
    assert list(memory.entries()) == list(filled.entries)
    assert memory.load() == filled.checkpoint
    again = list(export_lines(StoreSource(memory)))
    assert [line for line in again if "c0" in line] == []
    assert [line for line in again if '"type":"configuration"' not in line][1:-1] == [
        line for line in lines if '"type":"configuration"' not in line
    ][1:-1]


@pytest.mark.parametrize("kind", sorted(STRANGE))
def test_any_text_survives(tmp_path: Path, kind: str) -> None:
    """The archive itself is ASCII with one line per thing, whatever is in it."""
    text = STRANGE[kind]
    store = SqliteStore(tmp_path / "a.db")
    store.keep_configuration(text, {text: text})
    store.commit(full_entry(1, text))
    store.checkpoint(Checkpoint(1, {(text, text): text, STATE: {text: text}}))
    store.close()
    lines = export(tmp_path / "a.db")
    assert len(lines) == 6
    assert all(line.isascii() and line.count("\n") == 1 and line.endswith("\n") for line in lines)
    import_file(_put(tmp_path / "archive", lines), tmp_path / "b.db")
    assert export(tmp_path / "b.db") == lines


def test_the_header_says_what_it_is(lines: list[str]) -> None:
    """And the end what was written."""
    assert json.loads(lines[0]) == {"type": "header", "format": 1, "journal": 1, "checkpoint": 30, "after": 0}
    assert json.loads(lines[-1]) == {"type": "end", "configurations": 2, "records": 25, "entries": 40}


def test_a_store_without_a_checkpoint(tmp_path: Path) -> None:
    """There are no records, and the checkpoint is null."""
    store = SqliteStore(tmp_path / "a.db")
    store.commit(entry(1))
    store.close()
    lines = export(tmp_path / "a.db")
    assert json.loads(lines[0])["checkpoint"] is None
    import_file(_put(tmp_path / "archive", lines), tmp_path / "b.db")
    again = SqliteStore(tmp_path / "b.db")
    assert (again.load(), list(again.entries())) == (None, [entry(1)])
    again.close()


def test_a_store_whose_journal_was_pruned(filled: Filled, tmp_path: Path) -> None:
    """It goes on where it was, also when nothing of the journal is left."""
    store = SqliteStore(filled.path)
    store.checkpoint(Checkpoint(40, {}))
    assert store.prune(1e12, 100) == 40
    store.close()
    import_file(_put(tmp_path / "archive", export(filled.path)), tmp_path / "b.db")
    again = SqliteStore(tmp_path / "b.db")
    assert again.load() == Checkpoint(40, filled.checkpoint.records)
    with pytest.raises(StoreError, match="entry 1 cannot follow entry 40"):
        again.commit(entry(1))
    again.commit(entry(41))
    again.close()
    assert check(tmp_path / "b.db").findings == ()


@pytest.mark.parametrize(("after", "first"), [(0, 1), (20, 21), (30, 31), (39, 40)])
def test_earlier_entries_can_be_left_out(filled: Filled, tmp_path: Path, after: int, first: int) -> None:
    """A new file can be made as long as the entries go on from the records."""
    lines = export(filled.path, after)
    ordinals = [json.loads(line).get("ordinal") for line in lines if '"type":"entry"' in line]
    assert ordinals == list(range(first, 41))
    archive = _put(tmp_path / "archive", lines)
    if after <= 30:
        import_file(archive, tmp_path / "b.db")
        assert check(tmp_path / "b.db").findings == ()
    else:
        with pytest.raises(
            StoreError, match=r"line 1: the entries up to 39 were left out, .* entry 30; export with --from 31 at most"
        ):
            import_file(archive, tmp_path / "b.db")


def test_an_existing_file_is_never_replaced(filled: Filled, lines: list[str], tmp_path: Path) -> None:
    """Nor one whose log is still there, nor one in use."""
    archive = _put(tmp_path / "archive", lines)
    content = filled.path.read_bytes()
    with pytest.raises(StoreError, match="exists already: an import makes a new file"):
        import_file(archive, filled.path)
    (tmp_path / "b.db-wal").write_bytes(b"x")
    with pytest.raises(StoreError, match=r"b\.db-wal exists already"):
        import_file(archive, tmp_path / "b.db")
    store = SqliteStore(filled.path)
    with pytest.raises(StoreError, match="is in use"):
        import_file(archive, filled.path)
    store.close()
    assert filled.path.read_bytes() == content


def _fields(line: str, **changes: Any) -> str:
    return json.dumps({**json.loads(line), **changes}) + "\n"


def _without(line: str, *names: str) -> str:
    return json.dumps({key: value for key, value in json.loads(line).items() if key not in names}) + "\n"


Change = Callable[[list[str]], list[str]]

# In the archive: line 1 header, 2 and 3 configurations, 4 to 28 records, 29 to 68 entries, 69 end.
MISTAKES: dict[str, tuple[Change, str]] = {
    "nothing": (lambda at: [], "line 1: the archive ends without a line of type 'end'"),
    "no header": (lambda at: at[1:], "line 1: an archive begins with a line of type 'header'"),
    "damage first": (
        lambda at: ['{"type":"damage","problem":"x","first":null,"last":null}\n'],
        "line 1: an archive begins",
    ),
    "two headers": (lambda at: [*at[:1], *at], "line 2: a line of type 'header' cannot follow one of type 'header'"),
    "cut off": (lambda at: at[:50], "line 51: the archive ends without a line of type 'end': it was cut off"),
    "cut off in a line": (lambda at: [*at[:50], at[50][:99]], "line 51: no JSON: .* at character"),
    "no JSON": (lambda at: [*at[:4], "hello\n", *at[4:]], "line 5: no JSON: Expecting value at character 1"),
    "a blank line": (lambda at: [*at[:4], "\n", *at[4:]], "line 5: no JSON"),
    "a list": (lambda at: [*at[:4], "[]\n", *at[4:]], "line 5: a line is a JSON object, not list"),
    "not ASCII": (lambda at: [*at[:4], '"\u00e4"\n', *at[4:]], "line 5: other than ASCII"),
    "not a number": (lambda at: [*at[:3], at[3].replace('"n":0', '"n":NaN')], "line 4: no JSON that can be read: NaN"),
    "deep": (lambda at: [*at[:3], '{"type":' + "[" * 200_000 + "\n"], "line 4: no JSON that can be read"),
    "a huge number": (lambda at: [*at[:3], '{"type":' + "9" * 9_000 + "}\n"], "line 4: no JSON that can be read"),
    "no type": (lambda at: [*at[:3], _without(at[3], "type")], "line 4: unknown type None"),
    "another type": (
        lambda at: [*at[:3], _fields(at[3], type="recrd")],
        "line 4: unknown type 'recrd'; did you mean 'record'",
    ),
    "a type of no text": (lambda at: [*at[:3], _fields(at[3], type=[1])], r"line 4: unknown type \[1\]"),
    "a newer archive": (lambda at: [_fields(at[0], format=2)], "line 1: format is 2; this version reads 1 to 1"),
    "newer entries": (lambda at: [_fields(at[0], journal=2)], "line 1: journal is 2; this version reads 1 to 1"),
    "a number of a hundred bits": (
        lambda at: [_fields(at[0], checkpoint=2**100)],
        "line 1: 'checkpoint' is a number from 0 to",
    ),
    "an entry of a hundred bits": (
        lambda at: [*at[:28], _fields(at[28], ordinal=2**100), *at[29:]],
        "line 29: 'ordinal' is a number from 0 to",
    ),
    "a negative number": (lambda at: [_fields(at[0], checkpoint=-5)], "line 1: 'checkpoint' is a number from 0 to"),
    "a beginning behind the records": (
        lambda at: [_fields(at[0], after=31)],
        "line 1: the entries up to 31 were left out, and its records are .* export with --from 31 at most",
    ),
    "a record of no checkpoint": (
        lambda at: [_fields(at[0], checkpoint=None), *at[1:]],
        "line 4: a record, and the header names no checkpoint that has it",
    ),
    "a missing field": (
        lambda at: [*at[:3], _without(at[3], "table")],
        r"line 4: a line of type 'record' has 'table' \(str\)",
    ),
    "a field of another type": (lambda at: [_fields(at[0], checkpoint=True)], r"'checkpoint' \(int or null\)"),
    "no data": (lambda at: [*at[:3], _fields(at[3], data=None), *at[4:]], "line 4: a line of type 'record' has 'data'"),
    "out of order": (
        lambda at: [*at[:40], at[3], *at[40:]],
        "line 41: a line of type 'record' cannot follow one of type 'entry'",
    ),
    "a record twice": (
        lambda at: [*at[:4], at[3], *at[4:-1], _fields(at[-1], records=26)],
        "line 5: the record 'a0' of 'episodes' was",
    ),
    "an entry missing": (lambda at: [*at[:40], *at[41:]], "line 41: entry 14 cannot follow entry 12"),
    "an entry twice": (lambda at: [*at[:41], *at[40:]], "line 42: entry 13 cannot follow entry 13"),
    "an entry of nothing": (
        lambda at: [*at[:28], _fields(at[28], ordinal=0)],
        "line 29: entry 0 cannot follow entry 0",
    ),
    "a damaged entry": (lambda at: [*at[:28], _fields(at[28], inputs=7), *at[29:]], "line 29: no journal entry"),
    "a record missing": (lambda at: [*at[:3], *at[4:]], "line 68: 24 records are above, and 25 were written"),
    "something after the end": (
        lambda at: [*at, at[3]],
        "line 70: a line of type 'record' cannot follow one of type 'end'",
    ),
    "two ends": (lambda at: [*at, at[-1]], "line 70: a line of type 'end' cannot follow one of type 'end'"),
}


@pytest.mark.parametrize("mistake", sorted(MISTAKES))
def test_a_mistake_is_told_with_its_line_and_nothing_is_made(lines: list[str], tmp_path: Path, mistake: str) -> None:
    """Whatever is wrong; no file is left."""
    change, message = MISTAKES[mistake]
    archive = _put(tmp_path / "archive", change(lines))
    with pytest.raises(ArchiveError, match=message) as caught:
        import_file(archive, tmp_path / "new.db")
    assert str(caught.value).startswith(f"{archive}, line {caught.value.line}: ")
    assert "\n" not in str(caught.value)
    assert {one.name for one in tmp_path.iterdir()} == {"archive", "tocsin.db", "tocsin.db-lock", "new.db-lock"}


def test_a_line_that_is_too_long_is_not_read_into_memory(
    lines: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An archive is not trusted with more than an entry can have."""
    monkeypatch.setattr(archive_reading, "LONGEST_LINE", 1000)
    archive = _put(tmp_path / "archive", [*lines[:3], "x" * 5000])
    with archive.open("rb") as file, pytest.raises(ArchiveError, match="line 4: a line has at most 1000 bytes"):
        list(read_lines(file, "archive"))


def test_an_archive_that_cannot_be_read(tmp_path: Path) -> None:
    """One message."""
    with pytest.raises(StoreError, match="cannot read it: No such file"):
        import_file(tmp_path / "no", tmp_path / "new.db")
    assert not (tmp_path / "new.db").exists()

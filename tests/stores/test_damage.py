"""Damaged files: what is handed out is what was written, or an error; the check finds it; the rest can be saved."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stores.conftest import Filled, fill

from tocsin import Checkpoint, Entry, SqliteStore, StoreError
from tocsin.stores.archive import export_lines
from tocsin.stores.archive_import import import_file
from tocsin.stores.interface import STATE
from tocsin.stores.sqlite_check import check, compact
from tocsin.stores.sqlite_faults import Loss
from tocsin.stores.sqlite_reading import SqliteFile
from tocsin.testing.contracts import entry


@attrs.frozen
class Read:
    """All that a store hands out, and the errors that it raises meanwhile."""

    entries: tuple[Entry, ...]
    checkpoint: Checkpoint | None
    errors: tuple[str, ...]


def read(path: Path) -> Read:
    """Open a store and read everything."""
    errors: list[str] = []
    entries: list[Entry] = []
    checkpoint = None
    try:
        with closing(SqliteStore(path)) as store:
            streamed = _outcome(lambda: _gone_through(store))
        # anew, for SQLite remembers pages of which it complained, and does so once
        with closing(SqliteStore(path)) as store:
            loaded = _outcome(store.load)
            try:
                entries.extend(store.entries())
            except StoreError as error:
                errors.append(str(error))
    except StoreError as error:
        return Read((), None, (str(error),))
    assert str(streamed) == str(loaded), "records that are read one by one are the same, or as damaged"
    if isinstance(loaded, StoreError):
        errors.insert(0, str(loaded))
    else:
        checkpoint = loaded
    return Read(tuple(entries), checkpoint, tuple(errors))


def _outcome(load: Callable[[], Checkpoint | None]) -> Checkpoint | StoreError | None:
    try:
        return load()
    except StoreError as error:
        return error


def _gone_through(store: SqliteStore) -> Checkpoint | None:
    streamed = store.stream()
    return streamed and attrs.evolve(streamed, records=dict(streamed.records.items()))


def findings(path: Path) -> tuple[str, ...]:
    """Return what the check finds, also where it cannot begin."""
    try:
        return check(path).findings
    except StoreError as error:
        return (str(error),)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[Filled, bytes]:
    """A store and its bytes."""
    filled = fill(tmp_path_factory.mktemp("original") / "tocsin.db")
    return filled, filled.path.read_bytes()


def _holds(filled: Filled, path: Path) -> None:
    """Whatever was read is what was written; if it is not all, an error said so, and the check had found it."""
    before = path.read_bytes()
    found = findings(path)
    assert path.read_bytes() == before
    result = read(path)
    assert result.entries == filled.entries[: len(result.entries)]
    assert result.checkpoint in (None, filled.checkpoint)
    whole = result.entries == filled.entries and result.checkpoint == filled.checkpoint
    assert whole or result.errors
    assert found or (whole and not result.errors)


@settings(max_examples=150)
@given(seed=st.integers(0, 2**32), count=st.sampled_from([1, 1, 2, 16]))
def test_flipped_bits_are_never_handed_out(
    original: tuple[Filled, bytes], tmp_path_factory: pytest.TempPathFactory, seed: int, count: int
) -> None:
    """Anywhere in the file, one or several."""
    filled, content = original
    damaged = bytearray(content)
    for place in random.Random(seed).sample(range(len(content) * 8), count):
        damaged[place // 8] ^= 1 << place % 8
    path = tmp_path_factory.mktemp("flipped") / "tocsin.db"
    path.write_bytes(damaged)
    _holds(filled, path)


@settings(max_examples=40)
@given(share=st.floats(0, 0.9999))
def test_a_truncated_file_is_noticed(
    original: tuple[Filled, bytes], tmp_path_factory: pytest.TempPathFactory, share: float
) -> None:
    """Wherever it was cut."""
    filled, content = original
    path = tmp_path_factory.mktemp("cut") / "tocsin.db"
    path.write_bytes(content[: int(len(content) * share)])
    _holds(filled, path)
    assert findings(path)


@pytest.mark.parametrize("page", range(1, 12))
def test_a_page_of_zeros_is_noticed(original: tuple[Filled, bytes], tmp_path: Path, page: int) -> None:
    """As a file system leaves it whose journal was cut off."""
    filled, content = original
    path = tmp_path / "tocsin.db"
    path.write_bytes(content[: page * 4096] + bytes(4096) + content[(page + 1) * 4096 :])
    _holds(filled, path)


def _change(path: Path, sql: str, *values: object) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    assert connection.execute(sql, values).rowcount > 0
    connection.close()


SWAP = "UPDATE journal SET data = (SELECT data FROM journal AS other WHERE other.ordinal = 8) WHERE ordinal = 7"

CHANGES = {
    "an entry's text": (
        "UPDATE journal SET data = replace(data, 'prod-1', 'prod-2') WHERE ordinal = 7",
        "entry 7 is not",
    ),
    "an entry's time": ("UPDATE journal SET wall_time = 0 WHERE ordinal = 7", "entry 7 is not what was written"),
    "an entry's subjects": ("UPDATE journal SET about = x'' WHERE ordinal = 7", "entry 7 is not what was written"),
    "an entry's type": ("UPDATE journal SET data = CAST(data AS BLOB), about = 7 WHERE ordinal = 7", "entry 7 is not"),
    "another entry's text": (SWAP, "entry 7 is not what was written"),
    "an entry": ("DELETE FROM journal WHERE ordinal = 7", "entry 7 is gone"),
    "the first entry": ("DELETE FROM journal WHERE ordinal = 1", "begins with entry 2 and not 1"),
    "the newest entry": ("DELETE FROM journal WHERE ordinal = 40", "the entries 40 to 40 are gone"),
    "the newest entry's ordinal": (
        "UPDATE journal SET ordinal = 1 << 60 WHERE ordinal = 40",
        "is not what was written",
    ),
    "all entries": ("DELETE FROM journal", "the entries 1 to 40 are gone"),
    "a record": ("UPDATE records SET data = replace(data, 'x', 'y') WHERE rowid = 3", "the record in row 3 is not"),
    "a record's key": ("UPDATE records SET key = randomblob(16) WHERE rowid = 3", "the record in row 3 is not"),
    "a record's long key": (
        "UPDATE records SET key = randomblob(100) WHERE rowid = 3",
        "the record in row 3 is not",
    ),
    "a record that is gone": ("DELETE FROM records WHERE rowid = 3", r"records are not those .* \(24 of 25\)"),
    "all records": ("DELETE FROM records", r"records are not those .* \(0 of 25\)"),
    "the bounds": ("UPDATE bounds SET checkpoint = 20", "its row of bounds is not what was written"),
    "no bounds": ("DELETE FROM bounds", "its row of bounds is not what was written"),
    "the index": ("DELETE FROM mentions WHERE ordinal = 7", "the index of subjects does not fit"),
    "a block of the index": ("UPDATE mentions SET block = 1 << 60 WHERE ordinal = 7", "the index of subjects does not"),
    "a configuration": ("UPDATE configurations SET digest = 0", "the configuration in row 1 is not what was written"),
    "a configuration that is gone": (
        "DELETE FROM configurations WHERE rowid = 2",
        "'c1' is named by an entry and is not",
    ),
}


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_the_check_says_what_is_damaged(filled: Filled, change: str) -> None:
    """Changed behind SQLite's back or through it, by a person or a disk."""
    sql, message = CHANGES[change]
    _change(filled.path, sql)
    with pytest.raises(AssertionError, match=message):
        assert findings(filled.path) == ()
    with pytest.raises(AssertionError, match=message):
        raise AssertionError("\n".join(findings(filled.path)))


@pytest.mark.parametrize(
    "change", sorted(set(CHANGES) - {name for name in CHANGES if "configuration" in name or "index" in name})
)
def test_what_is_damaged_is_not_handed_out(filled: Filled, change: str) -> None:
    """The error names the file, what is damaged, and the ways out."""
    _change(filled.path, CHANGES[change][0])
    _holds(filled, filled.path)
    (error,) = read(filled.path).errors[:1]
    assert error.startswith(f"{filled.path} is damaged: ")
    assert "'tocsin store check'" in error
    assert "'tocsin store export --salvage'" in error


def test_a_damaged_configuration_is_not_handed_out(filled: Filled) -> None:
    """It raises; one that is gone is None."""
    _change(filled.path, CHANGES["a configuration"][0])
    store = SqliteStore(filled.path)
    with pytest.raises(StoreError, match="the configuration 'c1' is not what was written"):
        store.configuration("c1")
    assert store.configuration("nobody's") is None
    store.close()


def test_entries_before_the_damage_are_handed_out(filled: Filled) -> None:
    """And the error comes where the damage is; by subject, only where the damaged one would be handed out."""
    _change(filled.path, CHANGES["an entry's text"][0])
    assert read(filled.path).entries == filled.entries[:6]
    store = SqliteStore(filled.path)
    assert [one.ordinal for one in store.entries(after=7)] == list(range(8, 41))
    assert [one.ordinal for one in store.entries(subjects=["a3-0"])][:1] == [3]
    with pytest.raises(StoreError, match="entry 7 is not what was written"):
        list(store.entries(subjects=["a0-0"]))
    store.close()


def test_a_store_with_old_damage_takes_new_entries(filled: Filled) -> None:
    """A damaged entry of last week is no reason to lose today's."""
    _change(filled.path, CHANGES["an entry's text"][0])
    store = SqliteStore(filled.path)
    store.commit(entry(41))
    assert list(store.entries(40)) == [entry(41)]
    assert store.prune(1e12, 100) == 30
    store.close()
    assert check(filled.path).findings == ()


def test_a_damaged_index_is_made_anew_by_compacting(filled: Filled) -> None:
    """It is derived from the journal."""
    _change(filled.path, CHANGES["the index"][0])
    compact(filled.path)
    assert check(filled.path).findings == ()


def test_compacting_a_damaged_file_is_refused(filled: Filled) -> None:
    """It would be written anew, without what might still be saved."""
    _change(filled.path, CHANGES["an entry's text"][0])
    content = filled.path.read_bytes()
    with pytest.raises(StoreError, match="entry 7 is not what was written"):
        compact(filled.path)
    assert filled.path.read_bytes() == content


def _salvage(path: Path, archive: Path) -> list[Loss]:
    told: list[Loss] = []
    pending: list[Loss] = []

    def lose(loss: Loss) -> None:
        told.append(loss)
        pending.append(loss)

    with closing(SqliteFile(path, lost=lose)) as file:
        archive.write_text("".join(export_lines(file, 0, pending)))
    return told


def _whole(result: Read, filled: Filled) -> bool:
    """Whether all that was read is what was written, apart from the note that records may be missing."""
    if result.checkpoint is None:
        return False
    records = {**result.checkpoint.records, STATE: filled.checkpoint.records[STATE]}
    return (
        all(one in filled.entries for one in result.entries)
        and records.items() <= filled.checkpoint.records.items()
        and result.checkpoint.is_salvaged
        and result.checkpoint.entry_named == result.checkpoint.ordinal == filled.checkpoint.ordinal
    )


@pytest.mark.parametrize("change", sorted(set(CHANGES) - {"the index", "a block of the index", "all records"}))
def test_what_is_not_damaged_can_be_saved(filled: Filled, tmp_path: Path, change: str) -> None:
    """Everything but the damaged thing itself, and a new file of it opens."""
    _change(filled.path, CHANGES[change][0])
    nothing_lost = "configuration that is gone" in change
    assert bool(_salvage(filled.path, tmp_path / "saved.jsonl")) is not nothing_lost
    import_file(tmp_path / "saved.jsonl", tmp_path / "new.db")
    result = read(tmp_path / "new.db")
    assert result.errors == ()
    assert nothing_lost or _whole(result, filled)
    assert result.checkpoint is not None
    assert len(result.checkpoint.records) >= 24
    assert findings(tmp_path / "new.db") == tuple(
        found for found in findings(tmp_path / "new.db") if "configuration" in change and "'c1'" in found
    )


def test_salvaged_history_before_the_records_is_left_out(filled: Filled, tmp_path: Path) -> None:
    """Entries before a hole are of no use to a restart; the archive itself has them."""
    _change(filled.path, CHANGES["an entry"][0])
    _salvage(filled.path, tmp_path / "saved.jsonl")
    done = import_file(tmp_path / "saved.jsonl", tmp_path / "new.db")
    assert done.left_out == ((1, 6),)
    assert read(tmp_path / "new.db").entries == filled.entries[7:]


def test_salvaged_entries_after_a_hole_beyond_the_records_are_left_out(filled: Filled, tmp_path: Path) -> None:
    """They cannot be decided again without the one that is lost."""
    _change(filled.path, "UPDATE journal SET data = '' WHERE ordinal = 35")
    _salvage(filled.path, tmp_path / "saved.jsonl")
    done = import_file(tmp_path / "saved.jsonl", tmp_path / "new.db")
    assert done.left_out == ((36, 40),)
    assert read(tmp_path / "new.db").entries == filled.entries[:34]


@pytest.mark.parametrize("change", ["the bounds", "no bounds"])
def test_without_bounds_everything_else_is_saved(filled: Filled, tmp_path: Path, change: str) -> None:
    """The state record says which entry the records stand for, also where the oldest entries were pruned."""
    store = SqliteStore(filled.path)
    assert store.prune(1e12, 30) == 30
    store.close()
    _change(filled.path, CHANGES[change][0])
    (told,) = _salvage(filled.path, tmp_path / "saved.jsonl")
    assert told == "its row of bounds is not what was written"
    import_file(tmp_path / "saved.jsonl", tmp_path / "new.db")
    result = read(tmp_path / "new.db")
    assert _whole(result, filled)
    assert result.entries == filled.entries[30:]
    assert len(result.checkpoint.records if result.checkpoint else ()) == 25


def test_without_bounds_a_hole_behind_the_records_ends_what_is_saved(filled: Filled, tmp_path: Path) -> None:
    """The entry that the records stand for is known exactly, and need not be there itself."""
    _change(filled.path, CHANGES["the bounds"][0])
    _change(filled.path, "DELETE FROM journal WHERE ordinal IN (30, 36)")
    _salvage(filled.path, tmp_path / "saved.jsonl")
    done = import_file(tmp_path / "saved.jsonl", tmp_path / "new.db")
    assert done.left_out == ((1, 29), (37, 40))
    assert read(tmp_path / "new.db").entries == filled.entries[30:35]


STATE_IS_GONE = "DELETE FROM records WHERE rowid = 25"


@pytest.mark.parametrize(
    "changes", [[CHANGES["all records"][0]], [STATE_IS_GONE], [STATE_IS_GONE, CHANGES["the bounds"][0]]]
)
def test_what_no_service_could_go_on_from_is_refused_by_the_import(
    filled: Filled, tmp_path: Path, changes: list[str]
) -> None:
    """The archive has what can be read all the same."""
    for change in changes:
        _change(filled.path, change)
    _salvage(filled.path, tmp_path / "saved.jsonl")
    with pytest.raises(StoreError, match=r"has no record of the table 'state', .* without it; restore a backup"):
        import_file(tmp_path / "saved.jsonl", tmp_path / "new.db")
    assert not (tmp_path / "new.db").exists()
    assert (tmp_path / "saved.jsonl").read_text().count('"type":"entry"') == 40


def test_records_of_an_unknown_entry_are_named_as_lost(filled: Filled, tmp_path: Path) -> None:
    _change(filled.path, CHANGES["no bounds"][0])
    _change(filled.path, STATE_IS_GONE)
    told = _salvage(filled.path, tmp_path / "saved.jsonl")
    assert "which entry its 24 records stand for is not known, so that none can be used" in told


def test_every_salvage_ends(
    original: tuple[Filled, bytes], tmp_path_factory: pytest.TempPathFactory, make_filled: Callable[[str], Filled]
) -> None:
    """Whatever is damaged, what it saves is what was written."""
    filled, content = original
    known = {one.ordinal: one for one in filled.entries}
    folder = tmp_path_factory.mktemp("salvage")
    for seed in range(30):
        damaged = bytearray(content)
        for place in random.Random(seed).sample(range(4096 * 8, len(content) * 8), 64):
            damaged[place // 8] ^= 1 << place % 8
        path = folder / f"{seed}.db"
        path.write_bytes(damaged)
        try:
            _salvage(path, folder / f"{seed}.jsonl")
            import_file(folder / f"{seed}.jsonl", folder / f"{seed}-new.db")
        except StoreError:
            continue
        assert all(known[one.ordinal] == one for one in read(folder / f"{seed}-new.db").entries)

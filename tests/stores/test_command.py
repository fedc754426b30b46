"""``tocsin store``: check, export, import and compact, as somebody at a terminal has them."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.stores.conftest import Filled

from tocsin import Checkpoint, SqliteStore, cli
from tocsin.cli import store as command
from tocsin.stores.archive import export_lines
from tocsin.testing.contracts import entry

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``tocsin store``; give exit code, standard output and standard error."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        code = cli.main(["store", *map(str, arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def _damage(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("UPDATE journal SET data = '{}' WHERE ordinal IN (3, 35)")
    connection.close()


def test_check_says_that_all_is_well(run: Run, filled: Filled) -> None:
    path = filled.path
    assert run("check", path) == (0, f"{path}: all is well: 40 entries, 25 records, a checkpoint of entry 30\n", "")


def test_check_of_a_store_with_one_entry(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "tocsin.db"
    store = SqliteStore(path)
    store.commit(entry(1))
    assert run("check", path) == (0, f"{path}: all is well: 1 entry, 0 records, no checkpoint\n", "")
    store.close()


def test_check_lists_what_is_damaged_and_exits_with_1(run: Run, filled: Filled) -> None:
    _damage(filled.path)
    code, out, err = run("check", filled.path)
    assert code == 1
    assert out == "entry 3 is not what was written\nentry 35 is not what was written\n"
    assert err == f"tocsin: {filled.path}: 2 findings\n"


def test_check_of_what_is_no_store_exits_with_1(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    code, out, err = run("check", path)
    assert (code, out) == (1, "")
    assert err.startswith(f"tocsin: {path} is no store of tocsin")


@pytest.mark.parametrize("command", ["check", "export", "compact"])
def test_a_file_that_is_not_there_was_called_wrongly(run: Run, tmp_path: Path, command: str) -> None:
    code, out, err = run(command, tmp_path / "no.db")
    assert (code, out) == (2, "")
    assert "does not exist" in err
    assert list(tmp_path.iterdir()) == []


def test_import_from_nothing_was_called_wrongly(run: Run, tmp_path: Path) -> None:
    assert run("import", tmp_path / "no.jsonl", tmp_path / "new.db")[0] == 2
    assert list(tmp_path.iterdir()) == []


def test_export_to_standard_output_and_to_a_file_are_the_same(run: Run, filled: Filled, tmp_path: Path) -> None:
    code, out, err = run("export", filled.path)
    assert (code, err) == (0, "")
    assert run("export", filled.path, "-o", tmp_path / "out.jsonl") == (0, "", "")
    assert (tmp_path / "out.jsonl").read_text() == out
    assert len(out.splitlines()) == 69


def test_export_from_an_ordinal(run: Run, filled: Filled) -> None:
    _, out, _ = run("export", filled.path, "--from", "39")
    assert [line[:28] for line in out.splitlines()[-3:-1]] == [
        '{"type":"entry","ordinal":39',
        '{"type":"entry","ordinal":40',
    ]
    assert run("export", filled.path, "--from", "0")[0] == 2


def test_export_of_a_damaged_file_stops_with_the_way_out(run: Run, filled: Filled, tmp_path: Path) -> None:
    _damage(filled.path)
    out = tmp_path / "out.jsonl"
    out.write_text("older")
    code, _, err = run("export", filled.path, "-o", out)
    assert code == 1
    assert "entry 3 is not what was written" in err
    assert "--salvage" in err
    assert out.read_text() == "older"
    assert not (tmp_path / "out.jsonl.part").exists()


def test_salvage_goes_on_and_says_what_is_lost(run: Run, filled: Filled, tmp_path: Path) -> None:
    _damage(filled.path)
    out, new = tmp_path / "out.jsonl", tmp_path / "new.db"
    lost = "tocsin: lost: entry 3 is not what was written\ntocsin: lost: entry 35 is not what was written\n"
    assert run("export", filled.path, "--salvage", "-o", out) == (1, "", lost)
    assert out.read_text().count('{"type":"damage"') == 2
    code, text, err = run("import", out, new)
    assert code == 1
    assert text == f"{new}: 31 entries, 25 records, 2 configurations\n"
    assert err == lost + "".join(
        f"tocsin: left out, for what lies between is lost: entries {span}\n" for span in ("1 to 2", "36 to 40")
    )
    assert run("check", new)[0] == 0


def test_salvage_of_a_sound_file_is_an_export(run: Run, filled: Filled) -> None:
    assert run("export", "--salvage", filled.path) == run("export", filled.path)


def test_export_over_the_store_itself_is_refused(run: Run, filled: Filled) -> None:
    content = filled.path.read_bytes()
    code, _, err = run("export", filled.path, "-o", filled.path)
    assert (code, "OUT is FILE itself" in err) == (2, True)
    assert filled.path.read_bytes() == content


def test_export_into_a_folder_that_is_not_there(run: Run, filled: Filled, tmp_path: Path) -> None:
    code, _, err = run("export", filled.path, "-o", tmp_path / "no" / "out.jsonl")
    assert (code, err) == (1, f"tocsin: {tmp_path / 'no' / 'out.jsonl'}: cannot write it: No such file or directory\n")


def test_import_makes_a_new_file_and_never_replaces_one(run: Run, filled: Filled, tmp_path: Path) -> None:
    out, new = tmp_path / "out.jsonl", tmp_path / "new.db"
    run("export", filled.path, "-o", out)
    assert run("import", out, new) == (0, f"{new}: 40 entries, 25 records, 2 configurations\n", "")
    code, _, err = run("import", out, new)
    assert code == 1
    assert "exists already" in err


def test_import_tells_the_line(run: Run, tmp_path: Path) -> None:
    archive = tmp_path / "in.jsonl"
    archive.write_text('{"type":"header","format":1,"journal":1,"checkpoint":null,"after":0}\nnonsense\n')
    code, _, err = run("import", archive, tmp_path / "new.db")
    assert (code, err) == (1, f"tocsin: {archive}, line 2: no JSON: Expecting value at character 1\n")


def test_compact_gives_room_back(run: Run, filled: Filled) -> None:
    """And lets go of the configuration that nothing names."""
    store = SqliteStore(filled.path)
    store.prune(1e12, 100)
    store.close()
    before = filled.path.stat().st_size
    code, out, err = run("compact", filled.path)
    after = filled.path.stat().st_size
    assert (code, err) == (0, "")
    assert out == f"{filled.path}: {before} bytes before, {after} after; 1 configuration let go of\n"
    assert after < before
    assert run("check", filled.path)[0] == 0


def test_compact_keeps_configurations_that_are_named_and_the_newest(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "tocsin.db"
    store = SqliteStore(path)
    for name in ("old", "named", "in a record", "newest"):
        store.keep_configuration(name, {"name": name})
    store.commit(entry(1, configuration="named"))
    store.checkpoint(Checkpoint(1, {("state", ""): {"list": [{"configuration": "in a record"}]}}))
    store.close()
    assert "1 configuration let go of" in run("compact", path)[1]
    store = SqliteStore(path)
    kept = [name for name in ("old", "named", "in a record", "newest") if store.configuration(name) is not None]
    store.close()
    assert kept == ["named", "in a record", "newest"]


def test_compact_of_a_store_in_use_is_refused(run: Run, filled: Filled) -> None:
    store = SqliteStore(filled.path)
    code, _, err = run("compact", filled.path)
    store.close()
    assert code == 1
    assert "is in use by" in err


def test_an_interruption_is_one_line_and_leaves_nothing_half_made(
    run: Run, filled: Filled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in the middle of an export and of an import."""
    out = tmp_path / "out.jsonl"
    run("export", filled.path, "-o", out)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("tocsin.stores.sqlite_reading.Tables.walk", interrupt)
        assert run("export", filled.path, "-o", tmp_path / "other.jsonl") == (130, "", "\ntocsin: stopped\n")
    with monkeypatch.context() as patch:
        patch.setattr(SqliteStore, "checkpoint", interrupt)
        assert run("import", out, tmp_path / "new.db") == (130, "", "\ntocsin: stopped\n")
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "new.db-lock",
        "out.jsonl",
        "tocsin.db",
        "tocsin.db-lock",
    ]


def test_a_reader_that_goes_away_is_no_traceback(filled: Filled) -> None:
    """``tocsin store export FILE | head -1``."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tocsin", "store", "export", str(filled.path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        os.read(process.stdout.fileno(), 10)
        process.stdout.close()
        process.wait()
        assert b"Traceback" not in process.stderr.read()
    assert process.returncode in (0, 1, -signal.SIGPIPE)


def test_export_to_a_device_is_refused(run: Run, filled: Filled) -> None:
    """It would be replaced by a file."""
    code, _, err = run("export", filled.path, "-o", "/dev/null")
    assert code == 2
    assert "OUT is no regular file: /dev/null; leave -o out" in err
    assert not Path("/dev/null").is_file()


def test_an_export_that_cannot_be_trusted_leaves_the_one_before(
    run: Run, filled: Filled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service opened the file while it was read."""
    backup = tmp_path / "backup.jsonl"
    backup.write_text("yesterday's", encoding="ascii")

    def lines(*arguments: Any) -> Iterator[str]:
        yield from export_lines(*arguments)
        store = SqliteStore(filled.path)
        store.commit(entry(41))
        store.close()

    monkeypatch.setattr(command, "export_lines", lines)
    code, _, err = run("export", filled.path, "-o", backup)
    assert (code, "opened by a service while it was read" in err) == (1, True)
    assert backup.read_text(encoding="ascii") == "yesterday's"
    assert sorted(path.name for path in tmp_path.iterdir() if "backup" in path.name) == ["backup.jsonl"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("what", ["export", "check"])
def test_a_full_disk_behind_standard_output_is_one_line(filled: Filled, what: str) -> None:
    with Path("/dev/full").open("w", encoding="ascii") as full:
        done = subprocess.run(
            [sys.executable, "-m", "tocsin", "store", what, str(filled.path)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "tocsin: the output cannot be written: No space left on device\n"


@pytest.mark.parametrize("where", ["no/such", "n" * 252, "tocsin.db/x"])
def test_an_output_that_cannot_be_made_is_one_line(run: Run, filled: Filled, where: str) -> None:
    code, _, err = run("export", filled.path, "-o", filled.path.parent / where)
    assert code in (1, 2)
    assert "cannot write it" in err or "OUT" in err
    assert err.count("\n") <= 4


def test_an_import_from_a_pipe_is_refused(run: Run, tmp_path: Path) -> None:
    """The archive is read twice."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    code, _, err = run("import", pipe, tmp_path / "b.db")
    assert code == 1
    assert err == f"tocsin: {pipe} is no regular file: save the archive in one first\n"


def test_what_is_in_the_way_of_an_import_is_named(run: Run, filled: Filled, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    run("export", filled.path, "-o", archive)
    (tmp_path / "b.db-import").mkdir()
    code, _, err = run("import", archive, tmp_path / "b.db")
    assert code == 1
    assert err == f"tocsin: {tmp_path / 'b.db-import'} is in the way: Is a directory\n"

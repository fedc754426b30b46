"""Runs of real programs: what they are given, what their end means, and that nothing of them stays."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import attrs
import pytest
from programs import written

from tocsin import BackendContext, Message, Outcome, OutcomeStatus
from tocsin.testing.samples import make_notification
from tocsin_exec.backend import ExecBackend
from tocsin_exec.settings import ExecConfig

on_every_loop = pytest.mark.anyio

PATIENCE_SECONDS = 20
"""After this a test that waits for what never comes fails."""

NOTE = attrs.evolve(make_notification(), message=Message("a headline", '{"a": 1}', "application/json"))


def backend(command: str, **settings: Any) -> ExecBackend:
    """Return a backend that runs *command*."""
    return ExecBackend(ExecConfig(command=(command,), **settings), BackendContext("ops"))


async def told(folder: Path, source: str, **settings: Any) -> Outcome:
    """Run a program of *source* once."""
    return await backend(written(folder, source), **settings).send(NOTE)


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie that somebody else has to reap does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def ended(pid: int) -> None:
    """Wait until the process does not run; one that was killed may take a moment."""
    with anyio.fail_after(PATIENCE_SECONDS):
        while alive(pid):
            await anyio.sleep(0.001)


def there(path: Path) -> bool:
    """Whether there is such a file."""
    return path.exists()


def opened() -> int:
    """How many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """An orphan is reaped by the machine's first process, which may take its time, and is not waited for."""
    monkeypatch.setattr("tocsin_exec.program.GRACE_SECONDS", 0.2)


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    """After each test there is no child, and no zombie of one."""
    yield
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@on_every_loop
@pytest.mark.parametrize(
    ("code", "settings", "status"),
    [
        (0, {}, OutcomeStatus.DELIVERED),
        (1, {}, OutcomeStatus.REJECTED),
        (64, {}, OutcomeStatus.REJECTED),
        (69, {}, OutcomeStatus.UNAVAILABLE),
        (75, {}, OutcomeStatus.UNAVAILABLE),
        (127, {}, OutcomeStatus.UNAVAILABLE),
        (75, {"retry_exit_codes": (1,)}, OutcomeStatus.REJECTED),
        (1, {"retry_exit_codes": (1,)}, OutcomeStatus.UNAVAILABLE),
        (2, {"other_exit_codes": "unavailable"}, OutcomeStatus.UNAVAILABLE),
    ],
)
async def test_an_exit_code_has_its_outcome(
    tmp_path: Path, code: int, settings: dict[str, Any], status: OutcomeStatus
) -> None:
    outcome = await told(tmp_path, f"print('said'); sys.exit({code})", **settings)
    assert (outcome.status, outcome.detail, outcome.code) == (status, f"exit code {code}: said", code)


@on_every_loop
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
async def test_death_by_a_signal_is_unknown(tmp_path: Path, number: signal.Signals) -> None:
    outcome = await told(tmp_path, f"os.kill(os.getpid(), {number.value})")
    assert outcome == Outcome.unknown(f"ended by {number.name}")


@on_every_loop
async def test_the_document_comes_on_standard_input_and_variables_say_what_it_is(tmp_path: Path) -> None:
    os.environ["UNRELATED_SECRET"] = "x"
    source = "sys.stdout.write(sys.stdin.read()); open('seen', 'w').write(repr(dict(os.environ)))"
    try:
        outcome = await told(tmp_path, source, working_directory=str(tmp_path), environment={"PAGER": "p-1"})
    finally:
        del os.environ["UNRELATED_SECRET"]
    assert outcome == Outcome.delivered('exit code 0: {"a": 1}', code=0)
    seen: dict[str, str] = eval((tmp_path / "seen").read_text())
    kept = {"PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ"}
    assert {name: value for name, value in seen.items() if name not in kept} == {
        "PAGER": "p-1",
        "TOCSIN_ALERT_COUNT": "1",
        "TOCSIN_ATTEMPT": "1",
        "TOCSIN_CHANNEL_ID": "ops",
        "TOCSIN_CONTENT_TYPE": "application/json",
        "TOCSIN_INCIDENT_ID": "inc-1",
        "TOCSIN_KIND": "firing",
        "TOCSIN_LEVEL": "",
        "TOCSIN_NOTIFICATION_ID": "ntf-1",
        "TOCSIN_OVER": "false",
        "TOCSIN_SEVERITY": "critical",
        "TOCSIN_STATUS": "firing",
        "TOCSIN_SUBJECT": "a headline",
        "TOCSIN_TEST": "false",
    }
    assert seen["PATH"] == os.environ["PATH"]


@on_every_loop
async def test_no_text_keeps_a_program_from_starting_or_makes_two_lines_of_a_variable(tmp_path: Path) -> None:
    notification = attrs.evolve(NOTE, channel_id="a\x00b\nc\ud800\u2028", message=Message("\x00\r\n x\ud800", "\ud800"))
    program = written(tmp_path, "print(ascii(os.environ['TOCSIN_CHANNEL_ID']), ascii(os.environ['TOCSIN_SUBJECT']))")
    outcome = await backend(program).send(notification)
    assert outcome.success
    assert outcome.detail == r"exit code 0: 'a\ufffdb\ufffdc?\ufffd' '\ufffd x?'"


@on_every_loop
async def test_a_program_that_does_not_read_is_fine(tmp_path: Path) -> None:
    notification = attrs.evolve(NOTE, message=Message("", "x" * 1_000_000))
    for source in ("", "os.close(0)"):
        assert (await backend(written(tmp_path, source)).send(notification)).success


@on_every_loop
async def test_any_amount_of_output_is_taken_and_the_end_of_it_shown(tmp_path: Path) -> None:
    source = "for n in range(40): os.write(1 + n % 2, b'x' * 65536)\nprint('\\x1b[31mthe end', file=sys.stderr)"
    outcome = await told(tmp_path, source)
    assert outcome.success
    assert outcome.detail.endswith("xxx [31mthe end")
    assert len(outcome.detail) < 250


@on_every_loop
async def test_no_variable_is_shown_whole_or_cut(tmp_path: Path) -> None:
    secret = "BEGIN-0123456789-END"
    source = "os.write(1, os.environ['KEY'].encode() + b' ' * (4096 - {left}) + b'.')"
    for left in (0, 1, 5, 10, 18, 19, 20):
        outcome = await told(
            tmp_path, source.format(left=left), environment={"KEY": secret, "AUTH": f"Bearer {secret}"}
        )
        assert outcome.success
        assert not any(secret[start : start + 4] in outcome.detail for start in range(len(secret) - 3)), outcome.detail


async def cancelled(folder: Path, source: str) -> list[int]:
    """Run a program, cancel that once it and its child have written their ids, and return these."""
    sender = backend(written(folder, source), working_directory=str(folder))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sender.send, NOTE)
        with anyio.fail_after(PATIENCE_SECONDS):
            while len(pids(folder)) < 2:
                await anyio.sleep(0.001)
        tasks.cancel_scope.cancel()
    return pids(folder)


def pids(folder: Path) -> list[int]:
    """The ids that were written."""
    return [int(path.stem) for path in folder.glob("*.pid")]


@on_every_loop
async def test_no_variable_is_shown_that_was_said_in_part(tmp_path: Path) -> None:
    source = "os.write(1, b'key: ' + os.environ['KEY'].encode()[:12])"
    outcome = await told(tmp_path, source, environment={"KEY": "BEGIN-0123456789-END"})
    assert outcome.detail == "exit code 0: key: ***"


@on_every_loop
async def test_a_cancelled_run_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    """The program, its child, and no zombie of either."""
    source = "os.fork()\nopen(f'{os.getpid()}.pid', 'w').close()\nimport time\ntime.sleep(600)"
    for pid in await cancelled(tmp_path, source):
        await ended(pid)


@on_every_loop
async def test_one_that_will_not_end_is_killed(tmp_path: Path) -> None:
    source = (
        "import signal, time\nsignal.signal(signal.SIGTERM, lambda *_: open('asked', 'w').close())\nos.fork()\n"
        "open(f'{os.getpid()}.pid', 'w').close()\nwhile True: time.sleep(600)"
    )
    for pid in await cancelled(tmp_path, source):
        await ended(pid)
    assert there(tmp_path / "asked")


@on_every_loop
async def test_after_its_time_it_is_ended_and_nobody_can_say(tmp_path: Path) -> None:
    outcome = await told(tmp_path, "import time\ntime.sleep(600)", timeout_seconds=0.2)
    assert outcome == Outcome.unknown("no end within 0.2 s")


@on_every_loop
async def test_what_a_program_leaves_behind_is_ended_and_holds_nothing_up(tmp_path: Path) -> None:
    """Its child has standard output open; nobody waits for the end of that."""
    source = (
        "ready, go = os.pipe()\nif not os.fork():\n open('pid', 'w').write(str(os.getpid()))\n os.write(go, b'x')\n"
        " import time; time.sleep(600)\nos.read(ready, 1)\nprint('done')"
    )
    outcome = await told(tmp_path, source, working_directory=str(tmp_path))
    assert outcome == Outcome.delivered("exit code 0: done", code=0)
    await ended(int((tmp_path / "pid").read_text()))


@on_every_loop
async def test_one_that_left_the_group_holds_nothing_up(tmp_path: Path) -> None:
    source = (
        "ready, go = os.pipe()\nif not os.fork():\n os.setsid()\n open('pid', 'w').write(str(os.getpid()))\n"
        " os.write(go, b'x')\n import time; time.sleep(600)\nos.read(ready, 1)\nprint('done')"
    )
    outcome = await told(tmp_path, source, working_directory=str(tmp_path))
    assert outcome == Outcome.delivered("exit code 0: done", code=0)
    pid = int((tmp_path / "pid").read_text())
    assert alive(pid)
    os.kill(pid, signal.SIGKILL)


@on_every_loop
async def test_one_that_cannot_be_started_is_unavailable(tmp_path: Path) -> None:
    program = tmp_path / "program"
    written(tmp_path, "")
    sender = backend(str(program))
    program.chmod(0o600)
    assert await sender.send(NOTE) == Outcome.unavailable("the program cannot be started: Permission denied")
    program.unlink()
    outcome = await sender.send(NOTE)
    assert outcome == Outcome.unavailable("the program cannot be started: No such file or directory")


@on_every_loop
async def test_no_file_stays_open_however_a_run_ends(tmp_path: Path) -> None:
    program = written(tmp_path, "import time\nif len(sys.argv) > 1: time.sleep(600)")
    gone = backend(written(tmp_path, "", "gone"))
    (tmp_path / "gone").unlink()
    hanging = ExecBackend(ExecConfig(command=(program, "sleep"), timeout_seconds=0.05), BackendContext("ops"))
    counted = set()
    for _ in range(2):
        outcomes = [await sender.send(NOTE) for sender in (backend(program), hanging, gone)]
        assert [outcome.success for outcome in outcomes] == [True, False, False]
        counted.add(opened())
    assert len(counted) == 1


@on_every_loop
async def test_a_bare_name_is_looked_for_along_the_path_that_it_is_given(tmp_path: Path) -> None:
    written(tmp_path, "print('found')", "page")
    path = f"/nowhere:{tmp_path}:{Path(sys.executable).parent}"
    outcome = await backend("page", environment={"PATH": path}).send(NOTE)
    assert outcome == Outcome.delivered("exit code 0: found", code=0)


@on_every_loop
async def test_runs_at_the_same_time_do_not_mix(tmp_path: Path) -> None:
    sender = backend(written(tmp_path, "print(os.environ['TOCSIN_NOTIFICATION_ID'], json := sys.stdin.read())"))
    details = {}

    async def send(number: int) -> None:
        message = Message("", json.dumps({"number": number}), "application/json")
        notification = attrs.evolve(NOTE, notification_id=f"n-{number}", message=message)
        details[number] = (await sender.send(notification)).detail

    async with anyio.create_task_group() as tasks:
        for number in range(8):
            tasks.start_soon(send, number)
    assert details == {number: f'exit code 0: n-{number} {{"number": {number}}}' for number in range(8)}

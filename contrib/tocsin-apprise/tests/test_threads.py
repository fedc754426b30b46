"""Threads that are left to themselves: counted, bounded, and in nobody's way."""

from __future__ import annotations

import subprocess
import sys
import threading

import anyio
import pytest

from tocsin_apprise.threads import Busy, Threads, threads_for

pytestmark = pytest.mark.anyio
PATIENCE = 30


class Gate:
    """Something that blocks threads until it is opened."""

    def __init__(self) -> None:
        self.inside = threading.Semaphore(0)
        self.opened = threading.Event()

    def wait(self) -> str:
        self.inside.release()
        assert self.opened.wait(PATIENCE)
        return "through"

    async def entered(self) -> None:
        assert await anyio.to_thread.run_sync(self.inside.acquire, True, PATIENCE)


async def gone(threads: Threads) -> None:
    with anyio.fail_after(PATIENCE):
        while threads.running:
            await anyio.lowlevel.checkpoint()


async def test_what_a_call_returns_or_raises_comes_back() -> None:
    threads = Threads()
    assert await threads.call(lambda: threading.current_thread().daemon)
    with pytest.raises(ZeroDivisionError):
        await threads.call(lambda: 1 // 0)
    assert (threads.running, threads.abandoned) == (0, 0)


async def test_a_cancelled_call_is_abandoned_at_once_and_counts_until_it_ends() -> None:
    threads, gate = Threads(), Gate()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(threads.call, gate.wait)
        await gate.entered()
        assert (threads.running, threads.abandoned) == (1, 0)
        tasks.cancel_scope.cancel()
    assert (threads.running, threads.abandoned) == (1, 1)
    gate.opened.set()
    await gone(threads)
    assert threads.abandoned == 0


async def test_what_is_cancelled_already_is_not_begun() -> None:
    threads, called = Threads(), list[int]()
    with anyio.CancelScope() as scope:
        scope.cancel()
        await threads.call(lambda: called.append(1))
    await anyio.lowlevel.checkpoint()
    assert (threads.running, called, scope.cancelled_caught) == (0, [], True)


async def test_there_are_never_more_than_the_limit_abandoned_ones_included() -> None:
    threads, gate = Threads(limit=2), Gate()
    async with anyio.create_task_group() as tasks:
        for _ in range(2):
            tasks.start_soon(threads.call, gate.wait)
            await gate.entered()
        with pytest.raises(Busy):
            await threads.call(gate.wait)
        tasks.cancel_scope.cancel()
    with pytest.raises(Busy):
        await threads.call(gate.wait)
    assert (threads.running, threads.abandoned) == (2, 2)
    gate.opened.set()
    await gone(threads)
    assert await threads.call(gate.wait) == "through"


async def test_a_system_without_threads_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    threads = Threads()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        with pytest.raises(Busy):
            await threads.call(lambda: 1)
    assert threads.running == 0
    assert await threads.call(lambda: 1) == 1


async def test_those_of_a_destination_are_counted_on_while_one_runs() -> None:
    """Whatever is made anew meanwhile, as by a reload; another destination has its own."""
    threads, gate = threads_for("ntfy://one/a"), Gate()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(threads.call, gate.wait)
        await gate.entered()
        tasks.cancel_scope.cancel()
    first = id(threads)
    del threads
    assert id(threads_for("ntfy://one/a")) == first
    assert threads_for("ntfy://one/a").abandoned == 1
    assert threads_for("ntfy://two/a").running == 0
    gate.opened.set()
    await gone(threads_for("ntfy://one/a"))


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_a_process_ends_while_a_thread_hangs(loop: str, anyio_backend: object) -> None:
    if anyio_backend != ("trio", {}):
        pytest.skip("once is enough")
    program = f"""
import threading, anyio
from tocsin_apprise.threads import Threads

async def main():
    inside = threading.Event()
    def hang():
        inside.set()
        threading.Event().wait()
    with anyio.move_on_after(30) as scope:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(Threads().call, hang)
            while not inside.is_set():
                await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
    print("over")

anyio.run(main, backend={loop!r})
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "over\n", "")


def test_a_thread_whose_loop_has_ended_ends_quietly() -> None:
    threads, gate = Threads(), Gate()

    async def leave() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(threads.call, gate.wait)
            await gate.entered()
            tasks.cancel_scope.cancel()

    for backend in ("asyncio", "trio"):
        anyio.run(leave, backend=backend)
    assert threads.abandoned == 2
    gate.opened.set()
    for thread in threading.enumerate():
        if thread.name == "tocsin-apprise":
            thread.join(PATIENCE)
    assert threads.running == 0

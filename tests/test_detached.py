"""Detached work: it runs on either loop, raises into none, and ends with the loop."""

from __future__ import annotations

import asyncio
import gc
import logging
import re
import subprocess
import sys
import threading
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from tocsin.runtime.detached import call_in_loop, in_event_loop, running_loop, start_detached

BACKENDS = [
    pytest.param(("asyncio", {"use_uvloop": False}), id="asyncio"),
    pytest.param(("asyncio", {"use_uvloop": True}), id="uvloop"),
    pytest.param(("trio", {}), id="trio"),
]


async def run_to_end() -> None:
    """Let detached work that waits for nothing finish."""
    for _ in range(20):
        await anyio.lowlevel.checkpoint()


@pytest.mark.anyio
async def test_it_runs_beside_the_caller() -> None:
    """The call returns before the work begins, and the work needs no task group."""
    done = anyio.Event()

    async def work() -> None:
        done.set()

    start_detached(work, name="work")
    assert not done.is_set()
    await done.wait()


@pytest.mark.anyio
async def test_what_it_raises_is_logged_under_its_name_and_goes_no_further(caplog: pytest.LogCaptureFixture) -> None:
    """Any exception ends in the log of tocsin.runtime, a SystemExit as well."""

    async def broken() -> None:
        raise ValueError("on purpose")

    async def leaving() -> None:
        raise SystemExit(3)

    start_detached(broken, name="the broken one")
    start_detached(leaving, name="the leaving one")
    await run_to_end()
    assert {(r.name, r.levelno) for r in caplog.records} == {("tocsin.runtime", logging.ERROR)}
    first, second = sorted(r.getMessage() for r in caplog.records)
    assert re.fullmatch(r"the broken one ended with ValueError at test_detached.py:\d+ in broken", first)
    assert re.fullmatch(r"the leaving one ended with SystemExit at test_detached.py:\d+ in leaving", second)
    assert "on purpose" not in caplog.text


@pytest.mark.anyio
async def test_of_a_group_the_failures_are_logged_and_the_cancellation_passes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A group of failures only is swallowed; one that holds a cancellation as well still ends the task as cancelled."""
    cancelled: list[BaseException] = []

    async def failing() -> None:
        raise BaseExceptionGroup("both", [ValueError("one"), SystemExit(2)])

    async def mixed() -> None:
        try:
            await anyio.sleep_forever()
        except anyio.get_cancelled_exc_class() as error:
            cancelled.append(error)
            raise BaseExceptionGroup("mixed", [error, ValueError("late")]) from None

    start_detached(failing, name="failing")
    await run_to_end()
    assert [r.getMessage() for r in caplog.records] == ["failing ended with ValueError, SystemExit"]
    caplog.clear()

    def in_a_loop_of_its_own() -> None:
        async def main() -> None:
            start_detached(mixed, name="mixed")
            await run_to_end()

        anyio.run(main, backend="trio")

    await anyio.to_thread.run_sync(in_a_loop_of_its_own)
    assert len(cancelled) == 1
    assert [r.getMessage() for r in caplog.records] == ["mixed ended with ValueError"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_it_ends_with_the_loop(backend: tuple[str, dict[str, Any]], caplog: pytest.LogCaptureFixture) -> None:
    """Work that still waits when the loop ends is cancelled there, and nothing is warned about or logged."""
    ended: list[str] = []

    async def forever() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append("ended")

    async def main() -> None:
        start_detached(forever, name="forever")
        await run_to_end()

    for times in (1, 2):
        anyio.run(main, backend=backend[0], backend_options=backend[1])
        assert ended == ["ended"] * times
    assert not caplog.records


@pytest.mark.anyio
async def test_nobody_has_to_hold_it() -> None:
    """A task that only waits survives a garbage collection."""
    go, done = anyio.Event(), anyio.Event()

    async def work() -> None:
        await go.wait()
        done.set()

    start_detached(work, name="work")
    await run_to_end()
    gc.collect()
    go.set()
    await done.wait()


@pytest.mark.anyio
async def test_task_groups_and_threads_work_inside() -> None:
    """Detached work may use all of anyio."""
    seen: list[str] = []
    done = anyio.Event()

    async def child() -> None:
        seen.append(await anyio.to_thread.run_sync(lambda: "from a thread"))

    async def work() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(child)
        done.set()

    start_detached(work, name="work")
    await done.wait()
    assert seen == ["from a thread"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_token_tells_one_loop_from_the_next(backend: tuple[str, dict[str, Any]]) -> None:
    """Equal and hashable within a run, in detached work as well; another one for the next run."""

    async def main() -> object:
        found: list[object] = []
        done = anyio.Event()

        async def work() -> None:
            found.append(running_loop())
            done.set()

        start_detached(work, name="work")
        await done.wait()
        assert found == [running_loop()]
        return running_loop()

    first, second = (anyio.run(main, backend=backend[0], backend_options=backend[1]) for _ in range(2))
    assert len({first, second}) == 2


@pytest.mark.anyio
async def test_a_worker_thread_is_not_in_the_loop() -> None:
    """Only the thread that runs the loop is inside it."""
    assert in_event_loop()
    assert not await anyio.to_thread.run_sync(in_event_loop)


@pytest.mark.anyio
async def test_another_thread_can_have_the_loop_call_something() -> None:
    """The call happens in the loop's own thread; what it raises is logged and goes no further."""
    done, threads = anyio.Event(), list[int]()

    def note() -> None:
        threads.append(threading.get_ident())
        done.set()

    loop = running_loop()
    assert await anyio.to_thread.run_sync(call_in_loop, loop, note)
    await done.wait()
    assert threads == [threading.get_ident()]


@pytest.mark.anyio
async def test_a_call_that_raises_is_logged_and_harms_no_loop(caplog: pytest.LogCaptureFixture) -> None:
    """Neither asyncio's exception handler nor trio gets to see it."""
    done = anyio.Event()

    def broken() -> None:
        raise ValueError("on purpose")

    assert call_in_loop(running_loop(), broken)
    assert call_in_loop(running_loop(), done.set)
    await done.wait()
    assert [(r.name, r.levelno) for r in caplog.records] == [("tocsin.runtime", logging.ERROR)]
    assert "broken ended with ValueError" in caplog.text


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_loop_that_has_ended_calls_nothing(backend: tuple[str, dict[str, Any]]) -> None:
    """The caller learns of it; a token of something else is refused."""

    async def main() -> object:
        return running_loop()

    ended = anyio.run(main, backend=backend[0], backend_options=backend[1])
    assert not call_in_loop(ended, lambda: None)
    with pytest.raises(TypeError, match="running_loop"):
        call_in_loop("loop", lambda: None)


def test_it_works_from_a_plain_callback_of_asyncio() -> None:
    """A callback of the loop has no current task, and may start work all the same."""
    seen: list[str] = []

    async def work() -> None:
        seen.append("ran")

    async def main() -> None:
        asyncio.get_running_loop().call_soon(lambda: start_detached(work, name="work"))
        await run_to_end()

    asyncio.run(main())
    assert seen == ["ran"]


def test_without_a_loop_it_says_so() -> None:
    """Outside of async code there is nothing to detach from."""

    async def work() -> None:
        raise AssertionError("must not start")

    assert not in_event_loop()
    with pytest.raises(RuntimeError, match="no event loop is running in this thread"):
        running_loop()
    with pytest.raises(RuntimeError, match="no event loop is running in this thread"):
        start_detached(work, name="work")


def test_importing_it_imports_neither_loop() -> None:
    """Asking whether a loop runs imports none either."""
    code = (
        "import sys, tocsin.runtime.detached as d; "
        "assert not d.in_event_loop(); assert not {'asyncio', 'trio'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

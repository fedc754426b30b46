"""Callers that are committed together, and checkpoints that pass between them: who comes first, and who may leave."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import anyio
import anyio.lowlevel
import pytest

from tocsin import Noted
from tocsin.engine.machine import Input
from tocsin.errors import StoreError, UnstorableError
from tocsin.runtime.detached import running_loop
from tocsin.runtime.turnstile import Turnstile, _Errand
from tocsin.runtime.writer import Committed, Writer
from tocsin.stores.interface import Checkpoint

_PATIENCE_SECONDS = 30.0
"""After this a test fails that waits for another thread; nothing waits so long else."""


def note(name: str) -> Noted:
    """Return something to commit that can be told apart."""
    return Noted(name, "ada", "seen")


class _Held:
    """What one call of the writer waits for: a thread *began* it, and goes on once it is *released*."""

    def __init__(self) -> None:
        self._began = threading.Event()
        self._released = threading.Event()

    def hold(self) -> None:
        """Wait, in the thread."""
        self._began.set()
        assert self._released.wait(_PATIENCE_SECONDS)

    async def begun(self) -> None:
        """Wait until a thread is there."""
        with anyio.fail_after(_PATIENCE_SECONDS):
            while not self._began.is_set():
                await anyio.lowlevel.checkpoint()

    def release(self) -> None:
        """Let it go on."""
        self._released.set()


class _Recorded:
    """A writer that notes what it is asked for, in order, and whose calls may be held."""

    blocking = True

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.held: dict[str, _Held] = {}
        self.refused: set[str] = set()
        self.fails: Exception | None = None
        self.save_is_due = False
        self.given_back = 0

    def hold(self, name: str) -> _Held:
        """Return what holds the first call of that name."""
        return self.held.setdefault(name, _Held())

    def _called(self, name: str) -> None:
        self.calls.append(name)
        held = self.held.pop(name, None)
        if held is not None:
            held.hold()

    def commit_only(self, inputs: Sequence[Input]) -> Committed:
        """Note the names."""
        names = [cast("Noted", item).target for item in inputs]
        self._called("+".join(names))
        if self.fails is not None:
            raise self.fails
        if self.refused.intersection(names):
            raise UnstorableError("it is too long")
        return Committed(tuple(True for _ in inputs), None)

    def take_records(self, given_up: threading.Event) -> Checkpoint | None:
        """Note it."""
        self._called("take")
        if given_up.is_set():
            return None
        self.save_is_due = False
        return Checkpoint(1, {})

    def prepare_records(self, taken: Checkpoint) -> Checkpoint:
        """Note it."""
        self._called("prepare")
        return taken

    def keep_records(self, taken: Checkpoint) -> None:
        """Note it."""
        self._called("keep")

    def give_records_back(self) -> None:
        """Count it."""
        self.given_back += 1


class _Scene:
    """A turnstile, what it lets through to, and what its callers came to."""

    def __init__(self) -> None:
        self.writer = _Recorded()
        self.turnstile = Turnstile(cast("Writer", self.writer))
        self.outcomes: dict[str, Any] = {}

    async def submit(self, name: str) -> None:
        """Submit something, and note what came of it."""
        try:
            self.outcomes[name] = (await self.turnstile.submit((note(name),))).answers
        except StoreError as error:
            self.outcomes[name] = error

    async def until(self, done: Callable[[], object]) -> None:
        """Wait until something holds that other tasks bring about."""
        with anyio.fail_after(_PATIENCE_SECONDS):
            while not done():
                await anyio.lowlevel.checkpoint()

    @asynccontextmanager
    async def while_one_is_committed(self, *others: str) -> AsyncIterator[_Held]:
        """Hold the commit of ``a`` while others come, one behind another; all have left at the end."""
        first = self.writer.hold("a")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.submit, "a")
            await first.begun()
            for name in others:
                tasks.start_soon(self.submit, name)
                await settle()
            yield first


async def settle() -> None:
    """Let every task that can run do so until it waits."""
    await anyio.wait_all_tasks_blocked()


pytestmark = pytest.mark.anyio


async def test_those_who_come_during_a_commit_are_committed_together() -> None:
    scene = _Scene()
    async with scene.while_one_is_committed(*"bcd") as first:
        first.release()
    assert scene.writer.calls == ["a", "b+c+d"]
    assert scene.outcomes == dict.fromkeys("abcd", (True,))


async def test_whoever_was_served_does_not_wait_for_a_checkpoint() -> None:
    scene = _Scene()
    first, keep = scene.writer.hold("a"), scene.writer.hold("keep")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(scene.submit, "a")
        await first.begun()
        scene.writer.save_is_due = True
        tasks.start_soon(scene.turnstile.save)
        for name in "bc":
            tasks.start_soon(scene.submit, name)
            await settle()
        first.release()
        await keep.begun()
        await scene.until(lambda: len(scene.outcomes) == 3)
        keep.release()
    assert scene.writer.calls == ["a", "b+c", "take", "prepare", "keep"]


async def test_a_checkpoint_passes_though_callers_come_without_end() -> None:
    scene = _Scene()

    async def without_end(name: str) -> None:
        for _ in range(50):
            await scene.submit(name)

    async with anyio.create_task_group() as tasks:
        for name in "ab":
            tasks.start_soon(without_end, name)
        await scene.until(lambda: scene.writer.calls)
        scene.writer.save_is_due = True
        when_it_came = len(scene.writer.calls)
        assert await scene.turnstile.save()
        calls = list(scene.writer.calls)
    assert calls.index("take") <= when_it_came + 2, "the commit that was under way, and one more"
    assert sum(len(call.split("+")) for call in scene.writer.calls if set(call) <= set("ab+")) == 100


async def test_a_caller_that_left_before_its_turn_is_not_committed() -> None:
    scene = _Scene()
    first = scene.writer.hold("a")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(scene.submit, "a")
        await first.begun()
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as leaving:
                leaving.start_soon(scene.submit, "b")
                await settle()
                tasks.start_soon(scene.submit, "c")
                await settle()
                scope.cancel()
        first.release()
    assert scene.writer.calls == ["a", "c"]


async def test_a_caller_that_leaves_when_it_is_called_lets_the_next_through() -> None:
    scene = _Scene()
    first = scene.writer.hold("a")
    scope = anyio.CancelScope()

    async def leaves() -> None:
        with scope:
            await scene.submit("b")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(scene.submit, "a")
        await first.begun()
        tasks.start_soon(leaves)
        await settle()
        tasks.start_soon(scene.submit, "c")
        await settle()
        called = scene.turnstile._tickets[0].called
        first.release()
        await scene.until(called.is_set)
        scope.cancel()
    assert scene.outcomes["c"] == (True,)
    assert "c" in "+".join(scene.writer.calls)


async def test_a_checkpoint_that_is_cancelled_while_it_waits_lets_the_next_through() -> None:
    scene = _Scene()
    first = scene.writer.hold("a")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(scene.submit, "a")
        await first.begun()
        scene.writer.save_is_due = True
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as saving:
                saving.start_soon(scene.turnstile.save)
                await settle()
                scope.cancel()
        first.release()
    assert scene.writer.given_back == 1
    await scene.submit("b")
    assert await scene.turnstile.save(), "the next one passes"
    assert scene.writer.calls == ["a", "b", "take", "prepare", "keep"]


async def test_a_checkpoint_that_is_cancelled_when_it_is_called_lets_the_next_through() -> None:
    scene = _Scene()
    first = scene.writer.hold("a")
    scope = anyio.CancelScope()

    async def save() -> None:
        with scope:
            await scene.turnstile.save()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(scene.submit, "a")
        await first.begun()
        scene.writer.save_is_due = True
        tasks.start_soon(save)
        await settle()
        called = scene.turnstile._checkpoint
        assert called is not None
        first.release()
        await scene.until(called.is_set)
        scope.cancel()
    await scene.submit("b")
    assert scene.outcomes["b"] == (True,)


async def test_one_checkpoint_at_a_time_and_others_may_wait_for_its_end() -> None:
    scene = _Scene()
    scene.writer.save_is_due = True
    prepare = scene.writer.hold("prepare")
    order: list[str] = []

    async def save() -> None:
        await scene.turnstile.save()
        order.append("saved")

    async def wait() -> None:
        await scene.turnstile.until_saved()
        order.append("went on")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(save)
        await prepare.begun()
        scene.writer.save_is_due = True
        assert not await scene.turnstile.save()
        tasks.start_soon(wait)
        await settle()
        assert order == []
        await scene.submit("a")
        prepare.release()
    assert sorted(order) == ["saved", "went on"]
    await scene.turnstile.until_saved()
    assert scene.writer.calls == ["take", "prepare", "a", "keep"]


async def test_one_that_cannot_be_stored_harms_no_other() -> None:
    scene = _Scene()
    scene.writer.refused = {"c"}
    async with scene.while_one_is_committed(*"bcd") as first:
        first.release()
    assert scene.writer.calls == ["a", "b+c+d", "b", "c", "d"]
    assert scene.outcomes["b"] == scene.outcomes["d"] == (True,)
    assert isinstance(scene.outcomes["c"], UnstorableError)


async def test_all_are_told_that_the_store_fails_and_the_next_are_let_through() -> None:
    scene = _Scene()
    async with scene.while_one_is_committed(*"bc") as first:
        scene.writer.fails = StoreError("the disk is full")
        first.release()
    assert [str(scene.outcomes[name]) for name in "abc"] == ["the disk is full"] * 3
    scene.writer.fails = None
    await scene.submit("d")
    assert scene.outcomes["d"] == (True,)


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_task_that_is_cancelled_by_asyncio_itself_leaves_no_one_behind(anyio_backend: str) -> None:
    """Unlike a scope of anyio, ``Task.cancel`` does not wait for the thread: what that one began goes on."""
    scene = _Scene()
    first = scene.writer.hold("a")
    leader = asyncio.ensure_future(scene.submit("a"))
    await first.begun()
    follower = asyncio.ensure_future(scene.submit("b"))
    await settle()
    leader.cancel()
    await asyncio.wait([leader])
    assert leader.cancelled()
    assert scene.writer.calls == ["a"], "nobody is let through while the thread is there"
    first.release()
    await scene.until(follower.done)
    assert scene.writer.calls == ["a", "b"]
    assert scene.outcomes == {"b": (True,)}


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_task_that_is_cancelled_before_its_thread_began_commits_nothing(anyio_backend: str) -> None:
    scene = _Scene()
    leader, follower = asyncio.ensure_future(scene.submit("a")), asyncio.ensure_future(scene.submit("b"))
    await asyncio.sleep(0)
    leader.cancel()
    await scene.until(follower.done)
    assert (scene.writer.calls, scene.outcomes) == (["b"], {"b": (True,)})
    scene.writer.save_is_due = True
    saving = asyncio.ensure_future(scene.turnstile.save())
    await asyncio.sleep(0)
    saving.cancel()
    await asyncio.wait([saving])
    assert scene.writer.given_back == 1
    await scene.submit("c")
    assert await scene.turnstile.save()
    assert scene.writer.calls == ["b", "c", "take", "prepare", "keep"]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_what_its_sender_claimed_is_done_by_no_thread(anyio_backend: str) -> None:
    done: list[str] = []
    errand = _Errand(running_loop(), lambda: done.append("work"), lambda: done.append("then"))
    assert errand.claim()
    with pytest.raises(RuntimeError, match="was cancelled"):
        errand.run()
    await settle()
    assert done == []

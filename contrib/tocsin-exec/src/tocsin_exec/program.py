"""One run of a program, from its start to the end of the last of what it started."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from typing import Final

import anyio
import anyio.abc
import attrs

from tocsin_exec.output import Tail
from tocsin_exec.pipes import Pipes, open_pipes

__all__ = ["GRACE_SECONDS", "Ended", "Program"]

GRACE_SECONDS: Final = 2.0
"""How long what was asked to end (SIGTERM) may take until it is ended (SIGKILL)."""

_LOOK_AGAIN_SECONDS: Final = 0.01


@attrs.frozen(slots=True)
class Ended:
    """How a run ended: ``status`` is the exit code, minus the signal that ended it, or None if its time was up."""

    status: int | None
    tail: Tail


@attrs.frozen(slots=True)
class Program:
    """A program, and where and with what it runs."""

    command: Sequence[str]
    environment: Mapping[str, str]
    working_directory: str | None

    async def run(self, stdin: bytes, timeout_seconds: float) -> Ended:
        """Run it once with *stdin*; it, and all in its process group, has ended when this returns or is cancelled.

        :raises OSError: when it could not be started.
        """
        tail = Tail()
        status: int | None = None
        with open_pipes() as pipes:
            process = await self._started(pipes)
            try:
                with anyio.move_on_after(timeout_seconds):
                    status = await _over(process, pipes, stdin, tail)
            finally:
                with anyio.CancelScope(shield=True):
                    await _end_group(process)
            pipes.take_rest(tail.take)
        return Ended(status, tail)

    async def _started(self, pipes: Pipes) -> anyio.abc.Process:
        """Start it as the head of a session of its own; what is begun here is not to be cancelled halfway."""
        with anyio.CancelScope(shield=True):
            process = await anyio.open_process(
                list(self.command),
                stdin=pipes.stdin,
                stdout=pipes.output,
                stderr=pipes.output,
                cwd=self.working_directory,
                env=dict(self.environment),
                start_new_session=True,
            )
        pipes.hand_over()
        return process


async def _over(process: anyio.abc.Process, pipes: Pipes, stdin: bytes, tail: Tail) -> int:
    """Feed it and listen to it until it ends; others may hold its pipes for longer."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pipes.feed, stdin)
        tasks.start_soon(pipes.take, tail.take)
        status = await process.wait()
        tasks.cancel_scope.cancel()
    return status


async def _end_group(process: anyio.abc.Process) -> None:
    """End what is left of the program and of its process group, and reap it.

    Each step is bounded: what the system will not end for us (it changed its user, or hangs in a device) is left.
    """
    if not _signalled(process.pid, signal.SIGTERM) and process.returncode is not None:
        return
    with anyio.move_on_after(GRACE_SECONDS):
        await process.wait()
        while _signalled(process.pid, 0):
            _reap_adopted(process.pid)
            await anyio.sleep(_LOOK_AGAIN_SECONDS)
        return
    _signalled(process.pid, signal.SIGKILL)
    with anyio.move_on_after(GRACE_SECONDS):
        await process.wait()
        _reap_adopted(process.pid)


def _signalled(group: int, number: int) -> bool:
    """Signal a process group; False where there is nobody in it whom we may signal."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _reap_adopted(group: int) -> None:
    """Reap what ended of a group without its head: orphans come to tocsin where it is a container's first process."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-group, os.WNOHANG) != (0, 0):
            pass

"""The turnstile: callers on one event loop are committed together, and checkpoints pass between them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, Generic, TypeVar

import anyio
import attrs

from tocsin.engine.machine import Input
from tocsin.errors import UnstorableError
from tocsin.runtime.detached import call_in_loop, running_loop
from tocsin.runtime.threads import in_thread
from tocsin.runtime.writer import Committed, Writer

__all__ = ["Turnstile"]

R = TypeVar("R")

_PATIENCE: Final = 1
"""So many commits go before a checkpoint that waits; then it passes, for callers may come without end."""


@attrs.define(slots=True, eq=False)
class _Ticket:
    """What one caller wants committed; *called* when it was, or when it is this caller's turn to commit."""

    inputs: tuple[Input, ...]
    called: anyio.Event = attrs.field(factory=anyio.Event)
    turn: bool = False
    result: Committed | None = None
    error: Exception | None = None


class _Errand(Generic[R]):
    """Work for a thread; *then* is called on the loop once it is done, also where its sender was cancelled meanwhile.

    A sender that is cancelled before the thread began may claim it for itself: then nobody does it.
    """

    def __init__(self, loop: object, work: Callable[[], R], then: Callable[[], None]) -> None:
        self._loop = loop
        self._work = work
        self._then = then
        self._claimed = threading.Lock()

    def claim(self) -> bool:
        """Return True to the first who asks: it is this one's."""
        return self._claimed.acquire(blocking=False)

    def run(self) -> R:
        """Do it."""
        if not self.claim():
            raise RuntimeError("whoever sent this was cancelled, and nobody waits for it")
        try:
            return self._work()
        finally:
            call_in_loop(self._loop, self._then)


class Turnstile:
    """Lets one at a time through to the writer, on the event loop that it was made in.

    Whoever comes while somebody is there waits, and is committed with all who came meanwhile, by the first of them. A
    checkpoint waits likewise, and behind them. What a thread has begun goes on where nobody waits for it any more, and
    the next passes only then.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._loop = running_loop()
        self._taken = False
        self._tickets: list[_Ticket] = []
        self._checkpoint: anyio.Event | None = None
        self._passed_over = 0
        self._saving: anyio.Event | None = None

    async def submit(self, inputs: tuple[Input, ...]) -> Committed:
        """Take *inputs* in and commit; what arrives during a commit that waits for a device is committed together.

        :raises StoreError: when the store could not commit; nothing of *inputs* happened then.
        """
        if not self._writer.blocking:
            return self._writer.commit(inputs)
        ticket = _Ticket(inputs)
        self._tickets.append(ticket)
        try:
            if self._taken:
                await ticket.called.wait()
            else:
                self._taken = ticket.turn = True
            if ticket.turn:
                await self._commit_waiting()
        except BaseException:  # cancelled: what nobody has begun to commit is not committed later, behind newer facts
            self._withdraw(ticket)
            raise
        if ticket.error is not None:
            raise ticket.error
        assert ticket.result is not None, "whoever was called and has no turn was served"
        return ticket.result

    def _withdraw(self, ticket: _Ticket) -> None:
        if ticket in self._tickets:
            self._tickets.remove(ticket)
            if ticket.turn:
                self._next()

    async def _commit_waiting(self) -> None:
        tickets, self._tickets = self._tickets, []
        errand = _Errand(self._loop, partial(self._commit_all, tickets), partial(self._served, tickets))
        try:
            await in_thread(errand.run)
        except BaseException:  # cancelled; a thread that began goes on, and lets the next through itself
            if errand.claim():
                self._tickets = tickets + self._tickets
            raise

    def _commit_all(self, tickets: Sequence[_Ticket]) -> None:
        try:
            self._commit_together(tickets)
        except UnstorableError:  # of one of them, perhaps: the others are not to suffer for it
            for ticket in tickets:
                self._commit_alone(ticket)
        except Exception as error:  # noqa: BLE001  it is raised where each ticket waits
            for ticket in tickets:
                ticket.error = error

    def _commit_alone(self, ticket: _Ticket) -> None:
        try:
            self._commit_together([ticket])
        except Exception as error:  # noqa: BLE001  as above
            ticket.error = error

    def _commit_together(self, tickets: Sequence[_Ticket]) -> None:
        whole = self._writer.commit_only([item for ticket in tickets for item in ticket.inputs])
        start = 0
        for ticket in tickets:
            end = start + len(ticket.inputs)
            ticket.result = Committed(whole.answers[start:end], whole.waiting)
            start = end

    def _served(self, tickets: Sequence[_Ticket]) -> None:
        for ticket in tickets:
            ticket.called.set()
        self._next()

    async def save(self) -> bool:
        """Let the records follow the journal, if they are to, while no commit is under way and no caller waits for one.

        Return whether they did. Only where a commit waits for a device: elsewhere each commit does so itself. Callers
        wait while the records are taken and while the store keeps them, and not while they are prepared for that.
        """
        if self._saving is not None or not (self._writer.blocking and self._writer.save_is_due):
            return False
        saving = self._saving = anyio.Event()
        given_up = threading.Event()
        try:
            taken = await self._alone(partial(self._writer.take_records, given_up))
            if taken is None:
                return False
            prepared = await in_thread(self._writer.prepare_records, taken)
            await self._alone(partial(self._writer.keep_records, prepared))
        except BaseException:  # cancelled: they are saved with the next
            given_up.set()
            self._writer.give_records_back()
            raise
        finally:
            self._saving = None
            saving.set()
        return True

    async def until_saved(self) -> None:
        """Return once no records are being saved, so that what changes next does not add to them."""
        if self._saving is not None:
            await self._saving.wait()

    async def _alone(self, work: Callable[[], R]) -> R:
        """Do a part of a checkpoint in a thread, while nobody else is let through."""
        if self._taken:
            await self._until_let_through()
        self._taken = True
        errand = _Errand(self._loop, work, self._next)
        try:
            return await in_thread(errand.run)
        except BaseException:  # cancelled, as above
            if errand.claim():
                self._next()
            raise

    async def _until_let_through(self) -> None:
        called = self._checkpoint = anyio.Event()
        self._passed_over = 0
        try:
            await called.wait()
        except BaseException:  # cancelled: it waits no more
            if self._checkpoint is called:
                self._checkpoint = None
            else:  # it was called just now
                self._next()
            raise

    def _next(self) -> None:
        """Let the next through, of those who wait."""
        waits = self._checkpoint
        if waits is not None and (not self._tickets or self._passed_over >= _PATIENCE):
            self._checkpoint = None
            waits.set()
        elif self._tickets:
            self._passed_over += waits is not None
            self._tickets[0].turn = True
            self._tickets[0].called.set()
        else:
            self._taken = False

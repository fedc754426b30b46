"""The receiver that tests of HTTP backends use: it answers as it is told, and tells what its author did wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator

import anyio
import anyio.to_thread
import httpx
import pytest

from tocsin.http import HttpSender
from tocsin.model.outcome import Outcome, OutcomeStatus
from tocsin.testing.http_receiver import HttpReceiver, Received, Reply
from tocsin.testing.receiver import RETRY_AFTER_SECONDS, Answer, Arrival

pytestmark = pytest.mark.anyio


class Picky(HttpReceiver):
    """Wants a title."""

    def take(self, request: Received) -> Reply:
        assert len(request.json()["title"]) < 5, "the title is too long"
        return Reply(202)


async def post(receiver: HttpReceiver, body: bytes = b'{"title": "T"}') -> Outcome:
    """Send *body*, and return what came of it."""
    request = httpx.Request("POST", receiver.url, content=body, headers={"Idempotency-Key": "k1"})
    return await HttpSender().send(request)


async def test_each_answer_is_what_it_says(receiver: HttpReceiver) -> None:
    """Until another is wanted; the last one closes the shop."""
    receiver.will(Answer.TAKES)
    assert (await post(receiver)).success
    receiver.will(Answer.REFUSES)
    refused = await post(receiver)
    assert (refused.code, "host: 127.0.0.1" in refused.detail) == (400, True)
    receiver.will(Answer.THROTTLES)
    assert (await post(receiver)).retry_after_seconds == RETRY_AFTER_SECONDS
    receiver.will(Answer.FAILS)
    assert (await post(receiver)).code == 503
    receiver.will(Answer.BREAKS_OFF)
    assert (await post(receiver)).status is OutcomeStatus.UNKNOWN
    receiver.will(Answer.DOWN)
    assert (await post(receiver)).status is OutcomeStatus.UNAVAILABLE
    assert len(receiver.arrivals) == 5


async def test_what_arrived_is_its_text_and_its_key(receiver: HttpReceiver) -> None:
    """Of JSON all strings; of what is none, all of it."""
    await post(receiver, b'{"a": ["x", {"b": "\\u00e9"}], "n": 1}')
    await post(receiver, b"not json \xff")
    assert receiver.arrivals == (Arrival("a\nx\nb\né\nn", "k1"), Arrival("not json �", "k1"))


async def test_a_body_that_comes_in_chunks_is_read_to_its_end(receiver: HttpReceiver) -> None:
    """So a client sends what it does not know the length of."""

    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"a": '
        yield b'"x"}'

    for _ in range(2):
        assert (await HttpSender().send(httpx.Request("POST", receiver.url, content=chunks()))).success
    assert [request.body for request in receiver.requests] == [b'{"a": "x"}'] * 2
    assert receiver.arrivals == (Arrival("a\nx"),) * 2


async def test_an_assertion_is_a_refusal_with_its_text() -> None:
    """And any other error says that it is the receiver's own."""
    with Picky() as picky:
        assert (await post(picky)).success
        too_long = await post(picky, b'{"title": "a long title"}')
        assert (too_long.code, "the title is too long" in too_long.detail) == (422, True)
        broken = await post(picky, b'{"titel": "T"}')
        assert (broken.code, "this receiver raised KeyError: 'title'" in broken.detail) == (500, True)
        assert len(picky.arrivals) == 3


async def test_who_goes_on_waiting_is_let_go(receiver: HttpReceiver) -> None:
    """A receiver that is stopped ends what hangs; a second time does nothing."""
    receiver.will(Answer.HANGS)
    outcomes = []

    async def send() -> None:
        outcomes.append(await post(receiver))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(send)
        await anyio.to_thread.run_sync(receiver.wait_for_request)
        assert receiver.still_open == 1
        await anyio.to_thread.run_sync(receiver.stop)
        await anyio.to_thread.run_sync(receiver.stop)
    assert [outcome.status for outcome in outcomes] == [OutcomeStatus.UNKNOWN]
    assert receiver.wait_until(lambda: receiver.still_open == 0, 30.0)
    assert not receiver.wait_until(lambda: False, 0.0)

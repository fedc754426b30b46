"""docs/examples/trio: tocsin in a trio application."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest
import trio
import trio.testing
from tests.embedding.conftest import EXAMPLES, Start, load_example

from tocsin.testing.http_receiver import HttpReceiver

trio_shop = load_example("trio/trio_shop.py")


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals as POSIX has them")
def test_a_queue_that_is_too_long_is_told_and_its_end_too(
    receiver: HttpReceiver, configuration: Path, database: Path
) -> None:
    lengths = iter([1200, 3])

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            await nursery.start(trio_shop.run, lambda: next(lengths, 0), configuration, database)
            for _ in range(2):
                await trio.to_thread.run_sync(receiver.wait_for_request)
            os.kill(os.getpid(), signal.SIGTERM)

    trio.run(main, clock=trio.testing.MockClock(rate=100))
    assert [request.json()["status"] for request in receiver.requests] == ["firing", "resolved"]


def test_as_a_program_it_ends_in_order(start: Start) -> None:
    program = start(str(EXAMPLES / "trio/trio_shop.py"))
    program.until_shown(re.compile("1200 orders wait"))
    assert program.end() == 0
    assert "Traceback" not in "".join(program.output)

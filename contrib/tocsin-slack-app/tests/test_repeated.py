"""A press that comes again with the same signature: carried out if it was not, and never twice."""

from __future__ import annotations

import anyio
import pytest
from slack_peer import SlackPeer
from slack_press import payload_of
from test_interactions import ACKNOWLEDGE, Door, listening, posted, press

from tocsin import Fact, StoreError

pytestmark = pytest.mark.anyio


class SlowDoor(Door):
    """A service whose store takes its time, and fails once or not at all."""

    def __init__(self, *raises: Exception) -> None:
        super().__init__()
        self.asked = anyio.Event()
        self.may_go_on = anyio.Event()
        self._raises = list(raises)

    async def submit(self, *facts: Fact) -> tuple[bool, ...]:
        self.asked.set()
        await self.may_go_on.wait()
        if self._raises:
            raise self._raises.pop()
        return await super().submit(*facts)


async def test_what_could_not_be_committed_is_carried_out_when_it_comes_again(slack: SlackPeer) -> None:
    root, door = await posted(slack), Door(raises=StoreError("disk full"))
    async with listening(slack, door) as interactions:
        assert (await press(interactions, payload_of(root, ACKNOWLEDGE)))[0] == 503
        assert (await press(interactions, payload_of(root, ACKNOWLEDGE)))[0] == 503
        door.raises = None
        for _ in range(2):
            assert await press(interactions, payload_of(root, ACKNOWLEDGE)) == (200, b"")
    assert len(door.facts) == 1


async def test_what_a_service_broke_on_is_carried_out_when_it_comes_again(slack: SlackPeer) -> None:
    """Whatever it raised: nothing says that it was committed."""
    root, door = await posted(slack), Door(raises=RuntimeError("a bug"))
    async with listening(slack, door) as interactions:
        with pytest.raises(RuntimeError, match="a bug"):
            await press(interactions, payload_of(root, ACKNOWLEDGE))
        door.raises = None
        assert await press(interactions, payload_of(root, ACKNOWLEDGE)) == (200, b"")
    assert len(door.facts) == 1


@pytest.mark.parametrize(
    ("errors", "answers"), [((), [200, 200]), ((StoreError("disk full"),), [503, 200])], ids=["committed", "not"]
)
async def test_one_that_comes_while_the_first_is_under_way_waits_for_what_becomes_of_it(
    slack: SlackPeer, errors: tuple[Exception, ...], answers: list[int]
) -> None:
    root, door = await posted(slack), SlowDoor(*errors)
    found: list[int] = []
    async with listening(slack, door) as interactions, anyio.create_task_group() as tasks:

        async def pressed() -> None:
            found.append((await press(interactions, payload_of(root, ACKNOWLEDGE)))[0])

        tasks.start_soon(pressed)
        await door.asked.wait()
        tasks.start_soon(pressed)
        await anyio.wait_all_tasks_blocked()
        assert found == []
        door.may_go_on.set()
    assert found == answers
    assert len(door.facts) == 1

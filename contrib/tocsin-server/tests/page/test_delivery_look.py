"""A look at deliveries: what is counted, in which order, and how often it is taken."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import attrs
import pytest
from api_world import World, alert, world

from tocsin import NotificationChannel, Outcome
from tocsin.testing.clock import VirtualClock
from tocsin_server.page.delivery_look import ChannelLook, look_at_deliveries
from tocsin_server.page.shared import Shared

pytestmark = pytest.mark.anyio


@pytest.fixture
async def here(anyio_backend: str, tmp_path: Path) -> AsyncIterator[World]:
    """A service with its API."""
    async with world(tmp_path) as made:
        yield made


def channel(here: World, name: str) -> ChannelLook:
    """Return what a look says of one channel."""
    (found,) = [
        one for one in look_at_deliveries(here.alerting, here.clock).channels if one.document["channel_id"] == name
    ]
    return found


async def test_what_failed_comes_first_by_channel_and_states_are_counted(here: World) -> None:
    here.recording.script("ops", Outcome.rejected("no such room", code=404))
    await here.report(alert("lost", metric_name="m1"))
    await here.clock.advance(1.0)
    await here.report(alert("fine", metric_name="m2"))
    look = look_at_deliveries(here.alerting, here.clock)
    assert [(one.failed, one.document["state"]) for one in look.deliveries] == [
        (True, "rejected"),
        (False, "delivered"),
    ]
    assert look.states == {"delivered": 1, "rejected": 1}
    ops = channel(here, "ops")
    assert (ops.failed, ops.waiting, ops.attempts, ops.missed) == (1, 0, 2, 1)


async def test_attempts_of_the_past_hour_make_the_plots(here: World) -> None:
    """Each bar is two minutes; the oldest stand on the left, and go out of it."""
    here.recording.script("ops", Outcome.rejected("no"))
    await here.report(alert("a", metric_name="m1"), alert("b", metric_name="m2"))
    await here.clock.advance(600.0)
    await here.report(alert("c", metric_name="m3"))
    for name in ("a", "b", "c"):  # or else they escalate
        await here.ask("POST", f"/alerts/{name}/acknowledge", {"by": "li"})
    ops = channel(here, "ops")
    before, now = ops.attempted
    assert (now.x - before.x, now.x) == (4 * 5, 4 * 29)
    assert (before.height, before.part, now.height, now.part) == (24.0, 12.0, 12.0, 0.0)
    await here.clock.advance(3200.0)
    assert [bar.height for bar in channel(here, "ops").attempted] == [24.0]
    await here.clock.advance(600.0)
    ops = channel(here, "ops")
    assert (ops.attempted, ops.taken, ops.attempts, ops.middle_ms, ops.longest_ms) == ((), (), 0, None, None)


async def test_an_open_circuit_and_a_limit_are_seen(here: World) -> None:
    kept = here.alerting.channels["ops"]
    here.alerting.add_channel(attrs.evolve(kept, rate_limit_per_minute=1))
    here.alerting.add_channel(NotificationChannel("free", "recording"))
    for number in range(3):
        await here.report(alert(f"a{number}", metric_name=f"m{number}", severity="warning"))
    ops = channel(here, "ops")
    assert (ops.limited, ops.document["circuit"]) == (ops.waiting, "closed")
    assert ops.limited > 0
    here.alerting.add_channel(kept)
    here.recording.script("ops", *[Outcome.unavailable("down")] * 9)
    for number in range(3, 9):
        await here.report(alert(f"a{number}", metric_name=f"m{number}"))
    assert channel(here, "ops").document["circuit"] == "open"


async def test_it_is_found_for_all_together_and_anew_when_it_is_time() -> None:
    clock, found = VirtualClock(), iter(range(9))
    shared = Shared(lambda: next(found), clock)
    assert [await shared.get(), await shared.get()] == [0, 0]
    await clock.advance(0.9)
    assert await shared.get() == 0
    await clock.advance(0.1)
    assert await shared.get() == 1
    shared.expire()
    assert [await shared.get(), await shared.get()] == [2, 2]


async def test_what_takes_long_is_found_rarely() -> None:
    clock, found = VirtualClock(), iter(range(9))
    begun = [clock.now()]

    def slow() -> int:
        begun[0] += 2.0
        return next(found)

    @attrs.define
    class Slow(VirtualClock):
        def now(self) -> float:
            return begun[0]

    shared = Shared(slow, Slow())
    assert await shared.get() == 0
    begun[0] += 17.0
    assert await shared.get() == 0
    begun[0] += 1.0
    assert await shared.get() == 1

"""Deliveries: what failed comes first, and is sent again when somebody asks."""

from __future__ import annotations

import pytest
from api_world import World, alert

from tocsin import Outcome

pytestmark = pytest.mark.anyio


async def test_what_was_given_up_comes_first_and_can_be_sent_again(here: World) -> None:
    await here.report(alert("ok", metric_name="m1"))
    here.recording.script("ops", Outcome.rejected("no such room", code=404))
    await here.report(alert("lost", metric_name="m2"))
    page = await here.ask("GET", "/deliveries")
    first, *others = page["items"]
    assert (first["state"], first["reason"], first["alert_ids"]) == ("rejected", "rejected", ["lost"])
    assert first["detail"] == "no such room"
    assert [one["state"] for one in others] == ["delivered"]
    path = f"/deliveries/{first['notification_id']}/redrive"
    assert await here.ask("POST", path, {"by": "li"}) == {"changed": True}
    await here.quiet()
    assert {one["state"] for one in (await here.ask("GET", "/deliveries"))["items"]} == {"delivered"}
    assert await here.ask("POST", path) == {"changed": False}


async def test_a_query_says_which_are_wanted_and_pages_follow_each_other(here: World) -> None:
    for number in range(5):
        await here.report(alert(f"a{number}", metric_name=f"m{number}"))
        await here.clock.advance(1.0)
    newest = await here.ask("GET", "/deliveries", params={"limit": 3, "channel": "ops", "state": "delivered"})
    rest = await here.ask("GET", "/deliveries", params={"limit": 3, "cursor": newest["next"]})
    ids = [one["alert_ids"][0] for one in newest["items"] + rest["items"]]
    assert ids == ["a4", "a3", "a2", "a1", "a0"]
    assert rest["next"] is None
    assert (await here.ask("GET", "/deliveries", params={"channel": "nobody"}))["items"] == []
    assert "there are" in (await here.ask("GET", "/deliveries", params={"state": "lost"}, status=400))["error"]


async def test_what_waits_stands_between_what_failed_and_what_arrived(here: World) -> None:
    """With the reason for which it waits."""
    await here.report(alert("ok", metric_name="m0"))
    here.recording.script("ops", *[Outcome.unavailable("down")] * 5)
    for number in range(1, 6):
        await here.report(alert(f"a{number}", metric_name=f"m{number}"))
    await here.report(alert("held", metric_name="m9"))
    items = (await here.ask("GET", "/deliveries"))["items"]
    assert items[-1]["state"] == "delivered"
    assert {one["state"] for one in items[:-1]} <= {"retrying", "held", "queued"}
    assert all(one["ended_at"] is None for one in items[:-1])
    assert "circuit_open" in {one["reason"] for one in items}


async def test_nobody_s_notification_is_not_found(here: World) -> None:
    await here.ask("POST", "/deliveries/ntf_none/redrive", {"by": "li"}, status=404)
    await here.ask("POST", "/deliveries/ntf_none/redrive", {"buy": "li"}, status=400)

"""Statistics, gaps and health."""

from __future__ import annotations

import pytest
from api_world import World, alert

from tocsin import GapFound, GapKind, Outcome

pytestmark = pytest.mark.anyio


async def test_statistics_have_the_shape_of_the_service_s(here: World) -> None:
    await here.report(alert())
    figures = await here.ask("GET", "/statistics")
    assert figures == here.alerting.get_alerting_statistics() | {"recent_deliveries": figures["recent_deliveries"]}
    assert (figures["active_alerts"], figures["delivery_stats"]["total_sent"]) == (1, 1)


async def test_gaps_are_listed_the_newest_last_in_pages(here: World) -> None:
    for number in range(3):
        await here.alerting.submit(GapFound(GapKind.OBSERVER_FAILED, f"o{number}", "it raised"))
        await here.clock.advance(1.0)
    first = await here.ask("GET", "/gaps", params={"limit": 2})
    rest = await here.ask("GET", "/gaps", params={"limit": 2, "cursor": first["next"]})
    assert [gap["subject"] for gap in first["items"] + rest["items"]] == ["o0", "o1", "o2"]
    assert first["items"][0] == {
        "kind": "observer_failed",
        "subject": "o0",
        "detail": "it raised",
        "count": 1,
        "first_at": "2023-11-14T22:13:20.000Z",
        "last_at": "2023-11-14T22:13:20.000Z",
    }


async def test_health_is_good_until_something_was_given_up(here: World) -> None:
    await here.clock.advance(5.0)
    health = await here.ask("GET", "/health")
    assert health == {
        "status": "ok",
        "version": health["version"],
        "uptime_seconds": 5.0,
        "firing": 0,
        "gaps": 0,
        "open_circuits": [],
        "undelivered": 0,
        "store": "ok",
    }
    here.recording.script("ops", Outcome.rejected("no"))
    await here.report(alert())
    health = await here.ask("GET", "/health")
    assert (health["status"], health["undelivered"], health["firing"]) == ("degraded", 1, 1)

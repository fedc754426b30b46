"""What a silence would match now, and what it would have matched."""

from __future__ import annotations

from typing import Any

import pytest
from api_world import World, alert

from tocsin.testing.clock import VirtualClock
from tocsin_server.api.hiding import Hiding
from tocsin_server.api.matching import matching, read_matchers

pytestmark = pytest.mark.anyio


async def preview(here: World, hours: float | None = None, matcher: str = 'cluster_id="eu"') -> dict[str, Any]:
    """Try a silence."""
    body: dict[str, Any] = {"matchers": [matcher]}
    if hours is not None:
        body["hours"] = hours
    found: dict[str, Any] = await here.ask("POST", "/silences/preview", body)
    return found


async def past(here: World, hours: float) -> list[str]:
    """Return what it would have matched."""
    found: list[str] = (await preview(here, hours))["past"]["alert_ids"]
    return found


async def test_it_tells_what_fires_and_what_fired_in_the_past_hours(here: World) -> None:
    await here.report(alert("old"), alert("other", cluster_id="us"))
    await here.ask("POST", "/alerts/old/resolve")
    await here.clock.advance(2 * 3600.0)
    await here.report(alert("long"))
    await here.clock.advance(3 * 3600.0)
    await here.report(alert("new"))
    await here.ask("POST", "/alerts/new/resolve")
    found = await preview(here)
    assert [one["alert_id"] for one in found["now"]] == ["long"]
    assert found["count"] == 1
    assert found["past"] == {"hours": 24.0, "count": 3, "alert_ids": ["long", "new", "old"], "complete": True}
    assert await past(here, 5.1) == ["long", "new", "old"]
    assert await past(here, 1.0) == ["long", "new"]
    assert (await preview(here, matcher='cluster_id="mars"'))["past"]["count"] == 0


async def test_it_changes_nothing_and_lists_a_hundred_at_most(here: World) -> None:
    for start in range(0, 120, 40):
        await here.report(*(alert(f"a{number:03}") for number in range(start, start + 40)))
    before = here.alerting.journal_ordinal
    found = await preview(here, 0.5)
    assert (found["count"], len(found["now"])) == (120, 100)
    assert (found["past"]["count"], len(found["past"]["alert_ids"])) == (120, 100)
    assert here.alerting.journal_ordinal == before


@pytest.mark.parametrize("body", [{}, {"matchers": ['a=""']}, {"matchers": ['a="b"'], "hours": 1e9}, []])
async def test_what_is_no_silence_is_refused(here: World, body: Any) -> None:
    await here.ask("POST", "/silences/preview", body, status=400)


async def test_with_a_limit_of_time_the_newest_are_looked_at_and_what_is_known(here: World) -> None:
    """And how far back that was. Each look at the clock takes a second here."""
    for severity in ("critical", "warning"):
        await here.report(alert("worse", severity=severity))
    for number in range(20):
        await here.clock.advance(60.0)
        await here.report(alert(f"a{number}"))
    begun_at = here.clock.wall()

    class Slow(VirtualClock):
        seen = 0.0

        def now(self) -> float:
            self.seen += 1.0
            return self.seen

        def wall(self) -> float:
            return begun_at

    everything = matching(read_matchers(['cluster_id="eu"'], "filter"))
    whole = await Hiding(here.alerting, Slow()).what(everything, 24.0)
    assert (whole.complete, whole.back_to, whole.past["worse"].severity.value) == (True, begun_at - 86_400, "critical")
    some = await Hiding(here.alerting, Slow()).what(everything, 24.0, seconds=6.0)
    assert not some.complete
    assert begun_at - 1199.0 < some.back_to < begun_at
    assert some.past["worse"].severity.value == "warning"
    none = await Hiding(here.alerting, Slow()).what(everything, 24.0, seconds=0.0)
    assert (none.complete, none.back_to, set(none.past)) == (False, begun_at, set(whole.past))

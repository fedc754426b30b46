"""A look is shared, is not taken too often, and says when the daemon is blind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from api_world import World, alert, world

from tocsin import GapFound, GapKind
from tocsin_server.page.durations import duration
from tocsin_server.page.looks import Looks
from tocsin_server.page.troubles import OPEN_SECONDS

pytestmark = pytest.mark.anyio


@pytest.fixture
async def here(anyio_backend: str, tmp_path: Path) -> AsyncIterator[World]:
    """A service with its API."""
    async with world(tmp_path) as made:
        yield made


def looks_of(here: World, *stopped: str) -> Looks:
    """Return what takes looks at a service, some sources of which do not run."""
    return Looks(here.alerting, here.clock, lambda: list(stopped))


def one(name: str, **changes: Any) -> dict[str, Any]:
    """Return an alert that is an incident of its own."""
    return alert(name, metric_name=name, **changes)


async def test_an_incident_stands_once_with_all_of_its_alerts(here: World) -> None:
    await here.report(alert("a1", severity="warning"), alert("a2", severity="critical"))
    await here.ask("POST", "/alerts/a2/acknowledge", {"by": "li"})
    look = await looks_of(here).current()
    (incident,) = look.incidents
    assert [state.alert.alert_id for state in incident.states] == ["a2", "a1"]
    assert (incident.severity.value, incident.clusters) == ("critical", ("eu",))
    assert {severity.value: count for (severity, _), count in look.counts.items()} == {"warning": 1, "critical": 1}


async def test_a_look_is_taken_when_something_changed_and_not_within_a_second(here: World) -> None:
    looks = looks_of(here)
    first = await looks.current()
    await here.report(alert("a1"))
    assert await looks.current() is first
    await here.clock.advance(1.0)
    second = await looks.current()
    assert [one.incident_id for one in second.incidents]
    assert second.number > first.number
    await here.quiet()
    await here.clock.advance(1.0)
    assert (await looks.current()).counts == second.counts


async def test_without_a_change_it_is_taken_again_after_a_while(here: World) -> None:
    looks = looks_of(here)
    await here.quiet()  # its configuration is an entry, too
    first = await looks.current()
    await here.clock.advance(29.0)
    assert await looks.current() is first
    await here.clock.advance(1.0)
    second = await looks.current()
    assert second.taken_at == first.taken_at + 30.0
    assert second.number == first.number, "it shows nothing else"


async def test_those_come_first_who_wait_then_the_severe_then_the_old(here: World) -> None:
    await here.report(one("old"), one("mild", severity="info"), one("taken", severity="emergency"))
    await here.clock.advance(60.0)
    await here.report(one("new"), one("worse", severity="critical"), one("quiet", severity="emergency"))
    await here.ask("POST", "/alerts/taken/acknowledge", {"by": "li"})
    await here.ask("POST", "/alerts/quiet/snooze", {"seconds": 600, "by": "li"})
    look = await looks_of(here).current()
    assert [one.head.alert.alert_id for one in look.incidents] == ["worse", "old", "new", "mild", "taken", "quiet"]
    assert [one.waits for one in look.incidents] == [True] * 4 + [False] * 2
    assert look.incidents[4].takers == ("li",)
    assert look.incidents[5].snoozed_until == here.clock.wall() + 600


async def test_it_counts_what_each_silence_hides(here: World) -> None:
    body = {"matchers": ['cluster_id="eu"'], "seconds": 600, "created_by": "li", "comment": "x"}
    silence_id = (await here.ask("POST", "/silences", body, status=201))["silence_id"]
    await here.report(one("a"), one("b"), one("c", cluster_id="us"))
    assert (await looks_of(here).current()).silenced == {silence_id: 2}


async def test_a_gap_makes_blind_until_it_has_ended_for_a_while(here: World) -> None:
    looks = looks_of(here)
    await here.alerting.submit(GapFound(GapKind.LATE, "ops", "late by 5 s"))
    (trouble,) = (await looks.current()).troubles
    assert (trouble.title, trouble.detail) == ("Gap: late", "ops: late by 5 s")
    await here.clock.advance(OPEN_SECONDS)
    assert (await looks.current()).troubles == ()


async def test_whoever_is_not_heard_from_makes_blind(here: World) -> None:
    await here.ask("PUT", "/heartbeats/backup", params={"every": "1m"})
    await here.clock.advance(61.0)
    await here.quiet()
    (trouble,) = (await looks_of(here).current()).troubles
    assert (trouble.title, trouble.detail) == ("Not heard from", "backup")


async def test_a_source_that_stopped_makes_blind(here: World) -> None:
    (trouble,) = (await looks_of(here, "host", "disk").current()).troubles
    assert (trouble.title, trouble.detail) == ("Stopped sources", "host, disk")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-1, "0 s"), (59.9, "59 s"), (60, "1 min"), (3599, "59 min"), (7200, "2 h"), (86_400, "1 d"), (1e6, "11 d")],
)
def test_durations_are_short(seconds: float, said: str) -> None:
    assert duration(seconds) == said

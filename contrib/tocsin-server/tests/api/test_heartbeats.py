"""Heartbeats: one that is missed raises an alert, the next one resolves it, and downtime does not count."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from api_world import World, alert, world

from tocsin.testing.clock import VirtualClock
from tocsin_server.api import heartbeat_ingress

pytestmark = pytest.mark.anyio


async def beat(here: World, name: str = "backup", every: str = "60s", **params: str) -> dict[str, object]:
    """Send a heartbeat."""
    found: dict[str, object] = await here.ask("PUT", f"/heartbeats/{name}", params={"every": every, **params})
    return found


async def missed(here: World) -> list[str]:
    """Return the ids of the heartbeats' alerts that fire."""
    await here.quiet()
    return await here.ids(status="firing")


async def test_a_missed_one_raises_an_alert_and_the_next_one_resolves_it(here: World) -> None:
    assert await beat(here) == {"name": "backup", "every_seconds": 60.0, "due": "2023-11-14T22:14:20.000Z"}
    await here.clock.advance(59.0)
    assert await missed(here) == []
    await here.clock.advance(1.0)
    assert await missed(here) == ["heartbeat/backup"]
    (shown,) = (await here.ask("GET", "/alerts"))["items"]
    assert (shown["metric_name"], shown["severity"], shown["labels"]) == (
        "heartbeat",
        "critical",
        {"heartbeat": "backup"},
    )
    await here.clock.advance(1000.0)
    await beat(here)
    assert await missed(here) == []
    await here.clock.advance(60.0)
    assert await missed(here) == ["heartbeat/backup"]


async def test_one_that_is_heard_in_time_costs_no_commit(here: World) -> None:
    await beat(here)
    await here.quiet()  # the configuration is committed first
    before = here.alerting.journal_ordinal
    for _ in range(10):
        await here.clock.advance(50.0)
        await beat(here)
    assert await missed(here) == []
    assert here.alerting.journal_ordinal == before


async def test_its_time_and_severity_may_change(here: World) -> None:
    await beat(here, every="1h")
    await beat(here, every="5m", severity="warning")
    await here.clock.advance(300.0)
    assert await missed(here) == ["heartbeat/backup"]
    (shown,) = (await here.ask("GET", "/alerts"))["items"]
    assert shown["severity"] == "warning"


async def test_one_that_is_ended_is_expected_no_longer(here: World) -> None:
    await beat(here)
    await here.clock.advance(60.0)
    assert await missed(here) == ["heartbeat/backup"]
    assert await here.ask("DELETE", "/heartbeats/backup") == {"changed": True}
    assert await missed(here) == []
    await here.clock.advance(600.0)
    assert await missed(here) == []
    await here.ask("DELETE", "/heartbeats/backup", status=404)


async def test_they_survive_a_restart_and_downtime_does_not_count(tmp_path: Path) -> None:
    """Also a missed one, whose alert the next one resolves."""
    clock = VirtualClock()
    async with world(tmp_path, clock=clock) as here:
        await beat(here, "lost", "10s")
        await clock.advance(20.0)
        await beat(here, "fine")
        await clock.advance(50.0)
    await clock.advance(86_400.0)
    async with world(tmp_path, clock=clock) as here:
        assert await missed(here) == ["heartbeat/lost"]
        await clock.advance(59.0)
        assert await missed(here) == ["heartbeat/lost"]
        await clock.advance(1.0)
        assert await missed(here) == ["heartbeat/fine", "heartbeat/lost"]
        await beat(here, "lost", "10s")
        assert await missed(here) == ["heartbeat/fine"]


async def test_time_in_which_the_process_stood_still_does_not_count(here: World) -> None:
    await beat(here)
    await here.clock.advance(30.0)
    await here.clock.freeze(3600.0)
    assert await missed(here) == []
    await here.clock.advance(61.0)
    assert await missed(here) == ["heartbeat/backup"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"heartbeats": {"x": {}}}', '{"heartbeats": 5}'])
async def test_a_damaged_file_does_not_keep_the_daemon_from_starting(tmp_path: Path, text: str) -> None:
    (tmp_path / "heartbeats.json").write_text(text)
    async with world(tmp_path) as here:
        assert len(here.heartbeats) == 0
        await beat(here)
    kept = json.loads((tmp_path / "heartbeats.json").read_text())
    assert kept["heartbeats"] == {"backup": {"every_seconds": 60.0, "severity": "critical"}}


async def test_what_cannot_be_kept_is_not_accepted(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        (tmp_path / "heartbeats.json.new").mkdir()
        await here.ask("PUT", "/heartbeats/x", params={"every": "60"}, status=503)
        assert len(here.heartbeats) == 0


async def test_they_stand_beside_other_alerts(here: World) -> None:
    await here.report(alert("a1"))
    await beat(here, "a%2Fb", "1s")
    await here.clock.advance(1.0)
    assert await missed(here) == ["heartbeat/a/b", "a1"]


@pytest.mark.parametrize(
    ("every", "seconds"), [("60s", 60.0), ("5m", 300.0), ("1h", 3600.0), ("1d", 86_400.0), ("90", 90.0), ("1.5m", 90.0)]
)
async def test_a_duration_has_units(here: World, every: str, seconds: float) -> None:
    assert (await beat(here, every=every))["every_seconds"] == seconds


@pytest.mark.parametrize("every", ["", "0", "0.5s", "32d", "60 s", "-5", "1w", "nan", "1e9", "٦٠"])
async def test_what_is_no_duration_is_refused(here: World, every: str) -> None:
    refused = await here.ask("PUT", "/heartbeats/x", params={"every": every}, status=400)
    assert "every is a duration" in refused["error"]


async def test_names_and_severities_and_how_many_there_are_are_bounded(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.ask("PUT", "/heartbeats/x", status=400)
    await here.ask("PUT", "/heartbeats/x", params={"every": "60", "severity": "bad"}, status=400)
    await here.ask("PUT", "/heartbeats/" + "x" * 201, params={"every": "60"}, status=400)
    await here.ask("PUT", "/heartbeats/a%00", params={"every": "60"}, status=400)
    monkeypatch.setattr(heartbeat_ingress, "MOST", 1)
    await beat(here, "one")
    await beat(here, "one")
    await here.ask("PUT", "/heartbeats/two", params={"every": "60"}, status=413)

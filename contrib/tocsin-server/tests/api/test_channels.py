"""Channels: shown without their settings, and tried."""

from __future__ import annotations

import pytest
from api_world import SECRET, World, alert

from tocsin import Outcome

pytestmark = pytest.mark.anyio


async def test_they_are_shown_without_the_settings_of_their_backends(here: World) -> None:
    page = await here.ask("GET", "/channels")
    assert [one["channel_id"] for one in page["items"]] == ["boss", "ops"]
    assert page["items"][1] == {
        "channel_id": "ops",
        "backend": "recording",
        "min_severity": "info",
        "enabled": True,
        "human": page["items"][1]["human"],
        "rate_limit_per_minute": page["items"][1]["rate_limit_per_minute"],
        "fallback": None,
        "send_resolved": True,
        "circuit": "closed",
        "probe_at": None,
    }


async def test_an_open_circuit_shows_when_it_is_probed(here: World) -> None:
    here.recording.script("ops", *[Outcome.unavailable("down")] * 5)
    for number in range(5):
        await here.report(alert(f"a{number}", metric_name=f"m{number}"))
    (ops,) = [one for one in (await here.ask("GET", "/channels"))["items"] if one["channel_id"] == "ops"]
    assert (ops["circuit"], ops["probe_at"]) == ("open", "2023-11-14T22:13:50.000Z")
    health = await here.ask("GET", "/health")
    assert (health["status"], health["open_circuits"]) == ("degraded", ["ops"])


@pytest.mark.parametrize(
    ("end", "status", "code"),
    [
        (Outcome.delivered("fine", code=200), "delivered", 200),
        (Outcome.rejected("wrong token"), "rejected", None),
        (Outcome.throttled("slow down", code=429), "throttled", 429),
        (RuntimeError("bang"), "unavailable", None),
    ],
    ids=str,
)
async def test_a_test_says_how_it_ended_and_leaves_no_trace(
    here: World, end: Outcome | Exception, status: str, code: int | None
) -> None:
    here.recording.script("ops", end)
    before = here.alerting.journal_ordinal
    answer = await here.ask("POST", "/channels/ops/test")
    assert (answer["status"], answer["code"], answer["seconds"]) == (status, code, 0.0)
    assert here.recording.attempts[0].notification.test
    assert (await here.ask("GET", "/deliveries"))["items"] == []
    assert here.alerting.journal_ordinal == max(before, 1)


async def test_a_channel_that_is_not_there_is_not_found(here: World) -> None:
    assert "ops" in (await here.ask("POST", "/channels/opps/test", status=404))["error"]
    await here.ask("POST", "/channels/ops/test", {"loud": True}, status=400)


async def test_no_answer_of_any_request_has_a_secret_of_a_channel(here: World) -> None:
    await here.report(alert())
    for operation in here.api.operations():
        if operation.name == "stream_events":
            continue
        path = operation.path.replace("{alert_id}", "a1").replace("{channel_id}", "ops")
        answer = await here.client.request(operation.method, path, json=operation.body_example)
        assert SECRET not in answer.text, operation.name
    for entry in await here.alerting.journal(limit=1000):
        assert SECRET not in repr(entry)

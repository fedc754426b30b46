"""PagerDuty's events: trigger, acknowledge, resolve by the deduplication key, in PagerDuty's own answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest
from api_world import World, world
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

on_asyncio = pytest.mark.anyio
PATH = "/v2/enqueue"
PAYLOAD = {"summary": "the disk is full", "source": "db1", "severity": "critical"}


def event(action: str = "trigger", **changes: Any) -> dict[str, Any]:
    """Return an event."""
    fields: dict[str, Any] = {"routing_key": "ingest", "event_action": action, "dedup_key": "k"}
    if action == "trigger":
        fields["payload"] = PAYLOAD
    return fields | changes


@on_asyncio
async def test_an_alert_is_triggered_taken_and_resolved(here: World) -> None:
    details = {"free": "0 B", "inodes": {"left": 3}}
    payload = PAYLOAD | {
        "class": "disk",
        "group": "eu",
        "component": "pg",
        "timestamp": "2023-11-14T22:00:00Z",
        "custom_details": details,
    }
    triggered = event(payload=payload, client="nagios", client_url="http://nagios.example/")
    answer = await here.ask("POST", PATH, triggered, status=202)
    assert answer == {"status": "success", "message": "Event processed", "dedup_key": "k"}
    (shown,) = (await here.ask("GET", "/alerts"))["items"]
    assert (shown["alert_id"], shown["metric_name"], shown["cluster_id"], shown["node_id"]) == (
        "k",
        "disk",
        "eu",
        "db1",
    )
    assert (shown["message"], shown["severity"], shown["timestamp"]) == (
        "the disk is full",
        "critical",
        "2023-11-14T22:00:00.000Z",
    )
    assert shown["annotations"] == {"free": "0 B", "inodes": '{"left": 3}', "client": "nagios"}
    assert shown["generator_url"] == "http://nagios.example/"
    await here.ask("POST", PATH, event("acknowledge"), status=202)
    assert await here.ids(acknowledged="true") == ["k"]
    await here.ask("POST", PATH, event("resolve"), status=202)
    assert await here.ids(status="resolved") == ["k"]


@on_asyncio
async def test_a_trigger_without_a_key_is_given_one(here: World) -> None:
    triggered = event()
    del triggered["dedup_key"]
    first = await here.ask("POST", PATH, triggered, status=202)
    second = await here.ask("POST", PATH, triggered, status=202)
    assert sorted([first["dedup_key"], second["dedup_key"]]) == await here.ids()


@pytest.mark.parametrize("action", ["acknowledge", "resolve"])
@on_asyncio
async def test_what_nobody_knows_is_taken_in_as_there(here: World, action: str) -> None:
    """PagerDuty accepts an event for a key that nothing is open of."""
    await here.ask("POST", PATH, event(action, dedup_key="nobody"), status=202)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([], "an event is an object"),
        (event("page"), "event_action: is trigger, acknowledge or resolve"),
        (event("resolve", dedup_key=None), "dedup_key"),
        (event(dedup_key="x" * 256), "dedup_key"),
        (event(dedup_key=5), "dedup_key"),
        (event("resolve", dedup_key="tocsin:gap:late:ops"), "dedup_key"),
        (event(payload=None), "payload: is required"),
        (event(payload=PAYLOAD | {"severity": "bad"}), "payload.severity: is one of critical"),
        (event(payload=PAYLOAD | {"summary": ""}), "payload.summary"),
        (event(payload=PAYLOAD | {"source": 5}), "payload.source"),
        (event(payload=PAYLOAD | {"timestamp": "now"}), "payload.timestamp"),
        (event(payload=PAYLOAD | {"class": "x" * 501}), "payload.class"),
        (event(payload=PAYLOAD | {"custom_details": {"x": "y" * 501}}), "payload.custom_details"),
        (event(client_url=[]), "client_url"),
        (b"", "no body"),
        (b"{", "not JSON"),
    ],
    ids=lambda value: str(value)[:50],
)
@on_asyncio
async def test_what_is_no_event_is_refused_in_pagerduty_s_form(here: World, body: Any, said: str) -> None:
    refused = await here.ask("POST", PATH, body, status=400)
    assert (refused["status"], refused["message"]) == ("invalid event", "Event object is invalid")
    assert said in " ".join(refused["errors"])
    assert await here.ids() == []


@on_asyncio
async def test_a_body_that_is_too_large_is_refused(here: World) -> None:
    await here.ask("POST", PATH, b" " * (512 * 1024 + 1), status=413)


@on_asyncio
async def test_the_routing_key_is_the_token_unless_there_is_a_header(tmp_path: Path) -> None:
    async with world(tmp_path, tokens=True) as here:
        await here.ask("POST", PATH, event(), status=202)
        await here.ask("POST", PATH, event(routing_key="x"), status=202, token="ingest")
        await here.ask("POST", PATH, event(routing_key="x"), status=401)
        await here.ask("POST", PATH, event(routing_key="read"), status=403)
        await here.ask("POST", PATH, event(), status=401, token="nobody's")
        await here.ask("POST", PATH, b"{", status=401)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
SOUND = st.builds(event, st.sampled_from(["trigger", "acknowledge", "resolve"]))
CHANGED = st.builds(
    lambda sound, name, value: {**sound, name: value},
    SOUND,
    st.sampled_from(["event_action", "dedup_key", "payload", "client", "client_url", "routing_key"]),
    JSON | st.builds(lambda name, value: {**PAYLOAD, name: value}, st.sampled_from([*PAYLOAD, "custom_details"]), JSON),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bodies=st.lists(JSON | SOUND | CHANGED, min_size=1, max_size=10))
def test_whatever_is_posted_is_taken_or_refused(bodies: list[Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Never a 5xx."""

    async def post() -> None:
        async with world(tmp_path_factory.mktemp("posted")) as here:
            for body in bodies:
                answer = await here.client.post(PATH, json=body)
                assert answer.status_code in (202, 400), answer.text

    anyio.run(post)

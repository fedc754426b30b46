"""``POST /alerts``: all of a request or nothing, and what is wrong of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest
from api_world import World, alert, world
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

on_asyncio = pytest.mark.anyio


@on_asyncio
async def test_one_or_several_are_taken_in(here: World) -> None:
    assert await here.ask("POST", "/alerts", alert("a"), status=202) == {"accepted": 1, "changed": 1}
    again = [alert("a"), alert("b", timestamp="2026-01-31T12:00:00Z"), alert("b", timestamp=7)]
    assert await here.ask("POST", "/alerts", again, status=202) == {"accepted": 3, "changed": 1}
    assert await here.ids() == ["a", "b"]
    assert await here.ask("POST", "/alerts", [], status=202) == {"accepted": 0, "changed": 0}


@on_asyncio
async def test_nothing_is_taken_in_when_one_is_wrong_and_each_fault_has_its_place(here: World) -> None:
    items = [alert("good"), alert("", severity="bad"), alert("x", labels={"l": "v" * 501}), 7, {"alert_id": "y"}]
    refused = await here.ask("POST", "/alerts", items, status=400)
    places = [(one["index"], one["path"]) for one in refused["errors"]]
    assert places == [
        (1, places[0][1]),
        (2, "labels.l"),
        (3, ""),
        (4, "cluster_id"),
        (4, "severity"),
        (4, "metric_name"),
    ]
    assert refused["error"].startswith("nothing was taken in; alert 1: ")
    assert await here.ids() == []


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"alert_id": "x" * 1025}, "alert_id"),
        ({"alert_id": "tocsin:gap:late:ops"}, "alert_id"),
        ({"cluster_id": 5}, "cluster_id"),
        ({"message": "x" * 8001}, "message"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"timestamp": 1e300}, "timestamp"),
        ({"timestamp": True}, "timestamp"),
        ({"current_value": "1"}, "current_value"),
        ({"labels": {str(n): "" for n in range(9)}}, "labels"),
        ({"annotations": []}, "annotations"),
        ({"mesage": "x"}, "mesage"),
    ],
    ids=lambda value: str(value)[:40],
)
@on_asyncio
async def test_what_an_alert_cannot_have_is_named(here: World, changes: dict[str, Any], path: str) -> None:
    refused = await here.ask("POST", "/alerts", alert() | changes, status=400)
    assert [(one["index"], one["path"]) for one in refused["errors"]] == [(0, path)]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b"null", 400),
        (b'"x"', 400),
        (b"[" * 2000, 400),
        (b'[{"alert_id": "\\ud800"}]', 400),
        (b'[{"alert_id": "\\u0000"}]', 400),
        (b'[{"current_value": 1e999}]', 400),
        (b" " * 100_001, 413),
        (b"[" + b"{}," * 50 + b"{}]", 413),
    ],
    ids=lambda value: str(value)[:30],
)
@on_asyncio
async def test_what_is_too_much_or_no_json_is_refused(here: World, body: bytes, status: int) -> None:
    assert "error" in await here.ask("POST", "/alerts", body, status=status)


@on_asyncio
async def test_a_body_has_to_be_declared_as_json(here: World) -> None:
    """Pages of other sites may post forms and plain text unasked."""
    await here.ask("POST", "/alerts", b"[]", status=415, headers={"Content-Type": "text/plain"})


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "alert_id": st.text(max_size=5) | JSON,
        "cluster_id": st.text(max_size=5) | JSON,
        "severity": st.sampled_from(["info", "warning", "error", "critical"]) | JSON,
        "metric_name": st.text(max_size=5) | JSON,
        "current_value": JSON,
        "timestamp": st.floats(allow_nan=False, allow_infinity=False) | JSON,
        "labels": st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=10) | JSON,
        "node_id": JSON,
    },
)
GOOD = st.builds(alert, st.text(min_size=1, max_size=5).filter(lambda text: "\x00" not in text))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bodies=st.lists(JSON | st.lists(FIELDS | GOOD | JSON, max_size=4), min_size=1, max_size=8))
def test_whatever_is_posted_all_of_it_or_nothing_is_taken_in(
    bodies: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Never a 5xx; a refusal leaves what was there."""

    async def post(folder: Path) -> None:
        async with world(folder) as here:
            for body in bodies:
                before = await here.ids()
                answer = await here.client.post("/api/tocsin/v1/alerts", json=body)
                assert answer.status_code in (202, 400), answer.text
                after = await here.ids()
                if answer.status_code == 202:
                    items = body if isinstance(body, list) else [body]
                    assert set(after) == {*before, *(one["alert_id"] for one in items)}
                else:
                    assert after == before

    anyio.run(post, tmp_path_factory.mktemp("posted"))

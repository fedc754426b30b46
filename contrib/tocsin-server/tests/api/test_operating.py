"""What people do: each answers whether it changed anything, and refuses what it cannot mean."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from api_world import World, alert, world
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

on_asyncio = pytest.mark.anyio
BODIES = {
    "acknowledge": {"by": "li"},
    "resolve": {"by": "li"},
    "snooze": {"seconds": 60},
    "escalate": {"by": "li"},
    "note": {"by": "li", "text": "seen"},
}


@pytest.mark.parametrize("verb", BODIES)
@on_asyncio
async def test_it_says_that_it_changed_something(here: World, verb: str) -> None:
    await here.report(alert())
    assert await here.ask("POST", f"/alerts/a1/{verb}", BODIES[verb]) == {"changed": True}


@pytest.mark.parametrize("verb", BODIES)
@on_asyncio
async def test_nobody_s_alert_is_not_found(here: World, verb: str) -> None:
    refused = await here.ask("POST", f"/alerts/nobody/{verb}", BODIES[verb], status=404)
    assert "nobody" in refused["error"]


@on_asyncio
async def test_what_has_resolved_is_there_but_nothing_of_it_fires(here: World) -> None:
    await here.report(alert())
    assert await here.ask("POST", "/alerts/a1/resolve") == {"changed": True}
    assert await here.ask("POST", "/alerts/a1/resolve", b"") == {"changed": False}
    assert await here.ask("POST", "/alerts/a1/escalate", {}) == {"changed": False}
    assert await here.ask("POST", "/alerts/a1/note", BODIES["note"]) == {"changed": True}
    for verb in ("acknowledge", "snooze"):
        await here.ask("POST", f"/alerts/a1/{verb}", BODIES[verb], status=404)


@on_asyncio
async def test_an_incident_s_id_will_do(here: World) -> None:
    await here.report(alert("a1"), alert("a2"))
    (incident,) = here.alerting.aggregated_alerts
    await here.ask("POST", f"/alerts/{incident}/acknowledge", {"by": "li"})
    assert await here.ids(acknowledged="true") == ["a1", "a2"]


@pytest.mark.parametrize(
    ("verb", "body", "said"),
    [
        ("acknowledge", {}, "by is a string"),
        ("acknowledge", {"by": ""}, "by is a string"),
        ("acknowledge", {"by": "li", "for_seconds": 0}, "for_seconds is a number"),
        ("acknowledge", {"by": "li", "for_seconds": 1e300}, "for_seconds is a number"),
        ("acknowledge", {"by": "li", "coment": "x"}, "did you mean 'comment'"),
        ("acknowledge", [], "the body is an object"),
        ("snooze", {}, "seconds is required"),
        ("snooze", {"seconds": True}, "seconds is a number"),
        ("snooze", {"seconds": -5}, "seconds is a number"),
        ("note", {"by": "li"}, "text is a string"),
        ("note", {"by": "x" * 1025, "text": "x"}, "1024"),
        ("note", {"by": "li", "text": "x" * 16_385}, "16384"),
        ("resolve", {"by": 5}, "by is a string"),
        ("escalate", {"comment": None, "by": []}, "by is a string"),
    ],
    ids=str,
)
@on_asyncio
async def test_what_cannot_be_meant_is_refused(here: World, verb: str, body: Any, said: str) -> None:
    await here.report(alert())
    assert said in (await here.ask("POST", f"/alerts/a1/{verb}", body, status=400))["error"]


@on_asyncio
async def test_tocsin_s_own_alerts_resolve_by_themselves(here: World) -> None:
    await here.ask("POST", "/alerts/tocsin:gap:late:ops/resolve", {}, status=400)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
BODY = st.fixed_dictionaries(
    {}, optional={name: st.text(max_size=5) | JSON for name in ("by", "comment", "text", "seconds", "for_seconds")}
)
ASKED = st.tuples(st.sampled_from(sorted(BODIES)), st.sampled_from(["a1", "nobody"]), BODY | JSON)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.lists(ASKED, min_size=1, max_size=10))
def test_whatever_is_asked_is_done_or_refused(
    asked: list[tuple[str, str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Never a 5xx."""

    async def ask() -> None:
        async with world(tmp_path_factory.mktemp("asked")) as here:
            await here.ask("POST", "/alerts", alert(), status=202)
            for verb, target, body in asked:
                answer = await here.client.post(f"/api/tocsin/v1/alerts/{target}/{verb}", json=body)
                assert answer.status_code in (200, 400, 404), answer.text

    anyio.run(ask)

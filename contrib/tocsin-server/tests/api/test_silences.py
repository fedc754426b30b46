"""Silences: made, changed, listed, ended."""

from __future__ import annotations

from typing import Any

import pytest
from api_world import World, alert

pytestmark = pytest.mark.anyio

EU = {"matchers": ['cluster_id="eu"'], "seconds": 3600, "created_by": "maria", "comment": "new switches"}


async def test_one_is_made_and_shown_and_silences(here: World) -> None:
    silence_id = (await here.ask("POST", "/silences", EU, status=201))["silence_id"]
    assert (await here.ask("GET", "/silences"))["items"] == [
        {
            "silence_id": silence_id,
            "matchers": ['cluster_id="eu"'],
            "starts_at": "2023-11-14T22:13:20.000Z",
            "ends_at": "2023-11-14T23:13:20.000Z",
            "created_by": "maria",
            "comment": "new switches",
            "maintenance": False,
            "state": "active",
            "updated_at": "2023-11-14T22:13:20.000Z",
            "history": 0,
        }
    ]
    await here.report(alert())
    assert here.recording.attempts == ()
    (shown,) = (await here.ask("GET", "/alerts", params={"suppressed": "true"}))["items"]
    assert shown["silenced_by"] == [silence_id]


async def test_one_is_changed_under_its_id_and_what_it_was_is_kept(here: World) -> None:
    silence_id = (await here.ask("POST", "/silences", EU, status=201))["silence_id"]
    changed = EU | {"silence_id": silence_id, "comment": "and cables", "maintenance": True}
    assert await here.ask("POST", "/silences", changed, status=201) == {"silence_id": silence_id}
    (shown,) = (await here.ask("GET", "/silences"))["items"]
    assert (shown["comment"], shown["maintenance"], shown["history"]) == ("and cables", True, 1)


async def test_one_that_is_ended_stays_ended(here: World) -> None:
    silence_id = (await here.ask("POST", "/silences", EU, status=201))["silence_id"]
    assert await here.ask("DELETE", f"/silences/{silence_id}") == {"changed": True}
    assert await here.ask("DELETE", f"/silences/{silence_id}") == {"changed": False}
    await here.ask("POST", "/silences", EU | {"silence_id": silence_id}, status=409)
    await here.ask("POST", "/silences", EU | {"silence_id": "nobody"}, status=404)
    await here.ask("DELETE", "/silences/nobody", status=404)


async def test_active_ones_come_first_and_a_query_says_which(here: World) -> None:
    later = EU | {"starts_at": "2023-11-15T00:00:00Z", "ends_at": "2023-11-16T00:00:00Z", "matchers": ['team="db"']}
    del later["seconds"]
    pending = (await here.ask("POST", "/silences", later, status=201))["silence_id"]
    active = (await here.ask("POST", "/silences", EU, status=201))["silence_id"]
    ended = (await here.ask("POST", "/silences", EU, status=201))["silence_id"]
    await here.ask("DELETE", f"/silences/{ended}")

    async def listed(**params: Any) -> list[str]:
        return [one["silence_id"] for one in (await here.ask("GET", "/silences", params=params))["items"]]

    assert await listed() == [active, pending, ended]
    assert await listed(state="pending") == [pending]
    assert await listed(filter='team="db"') == [pending]
    first = await here.ask("GET", "/silences", params={"limit": 2})
    assert await listed(limit=2, cursor=first["next"]) == [ended]
    await here.ask("GET", "/silences", params={"state": "gone"}, status=400)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"matchers": []}, "at least one"),
        ({"matchers": 'cluster_id="eu"'}, "matchers is a list"),
        ({"matchers": ["cluster"]}, "matchers[0]"),
        ({"matchers": ['cluster_id=~"("']}, "cluster_id"),
        ({"matchers": ['cluster_id=~".*"']}, "everything"),
        ({"matchers": ['a="b"'] * 65}, "64"),
        ({"seconds": None}, "ends_at or seconds"),
        ({"ends_at": "2030-01-01T00:00:00Z"}, "ends_at or seconds"),
        ({"seconds": None, "ends_at": "2020-01-01T00:00:00Z"}, "in the past"),
        ({"seconds": None, "ends_at": "soon"}, "ends_at is an instant"),
        ({"starts_at": 5}, "starts_at is an instant"),
        ({"seconds": 1e12}, "seconds is a number"),
        ({"created_by": ""}, "created_by"),
        ({"comment": None}, "comment"),
        ({"maintenance": "yes"}, "maintenance is true or false"),
        ({"coment": "x"}, "did you mean 'comment'"),
    ],
    ids=str,
)
async def test_what_no_silence_can_be_is_refused(here: World, changes: dict[str, Any], said: str) -> None:
    body = {name: value for name, value in {**EU, **changes}.items() if value is not None}
    assert said in (await here.ask("POST", "/silences", body, status=400))["error"]

"""``GET /alerts``: filters, order and pages."""

from __future__ import annotations

from typing import Any

import pytest
from api_world import World, alert

pytestmark = pytest.mark.anyio


async def some(here: World) -> None:
    """Report four alerts, of which one resolves and one is taken."""
    await here.report(
        alert("a", severity="warning"),
        alert("b", severity="critical", cluster_id="us", labels={"team": "db"}),
        alert("c", severity="critical", labels={"team": "web"}),
        alert("d"),
    )
    await here.ask("POST", "/alerts/d/resolve", {"by": "li"})
    await here.ask("POST", "/alerts/c/acknowledge", {"by": "li"})


async def test_the_most_severe_come_first_then_by_id(here: World) -> None:
    await some(here)
    assert await here.ids() == ["b", "c", "d", "a"]


@pytest.mark.parametrize(
    ("params", "ids"),
    [
        ({"severity": "critical"}, ["b", "c"]),
        ({"severity": ["critical", "warning"]}, ["b", "c", "a"]),
        ({"cluster": "us"}, ["b"]),
        ({"status": "firing"}, ["b", "c", "a"]),
        ({"status": "resolved"}, ["d"]),
        ({"acknowledged": "true"}, ["c"]),
        ({"acknowledged": "false", "status": "firing"}, ["b", "a"]),
        ({"suppressed": "true"}, []),
        ({"receiver": "te.*"}, ["b", "c", "d", "a"]),
        ({"receiver": "te"}, []),
        ({"filter": 'team=~"db|web"'}, ["b", "c"]),
        ({"filter": ['team!=""', 'cluster_id="eu"']}, ["c"]),
        ({"filter": 'alert_id="a"'}, ["a"]),
    ],
    ids=str,
)
async def test_a_query_says_which_are_wanted(here: World, params: dict[str, Any], ids: list[str]) -> None:
    await some(here)
    assert await here.ids(**params) == ids


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"severity": "bad"}, "no severity is called 'bad'"),
        ({"status": "silent"}, "status is firing or resolved"),
        ({"acknowledged": "1"}, "acknowledged is true or false"),
        ({"filter": "team"}, "filter[0]"),
        ({"filter": 'team=~"("'}, "team"),
        ({"receiver": "("}, "receiver"),
        ({"limit": "0"}, "limit is a whole number from 1 to 1000"),
        ({"limit": "1001"}, "limit"),
        ({"cursor": "abc"}, "cursor"),
        ({"cursor": "WzEsMl0="}, "cursor"),
        ({"sevrity": "error"}, "did you mean 'severity'"),
        ({"limit": ["1", "2"]}, "more than once"),
        ({"cluster": "x" * 9000}, "8192"),
    ],
    ids=str,
)
async def test_what_cannot_be_meant_is_refused(here: World, params: dict[str, Any], said: str) -> None:
    assert said in (await here.ask("GET", "/alerts", params=params, status=400))["error"]


async def test_pages_follow_each_other_without_holes(here: World) -> None:
    """Also when what was on the page before is not there any more."""
    await here.report(*(alert(f"a{number:02}") for number in range(25)))
    seen: list[str] = []
    cursor = ""
    while True:
        page = await here.ask("GET", "/alerts", params={"limit": "7", **({"cursor": cursor} if cursor else {})})
        seen += [one["alert_id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert seen == [f"a{number:02}" for number in range(25)]


async def test_an_alert_is_shown_with_all_that_is_known_of_it(here: World) -> None:
    await here.report(alert("a/b c", node_id="n1", current_value=1.5, timestamp=1_700_000_000, labels={"team": "db"}))
    await here.ask("POST", "/alerts/a%2Fb%20c/acknowledge", {"by": "li", "comment": "mine", "for_seconds": 60})
    (shown,) = (await here.ask("GET", "/alerts"))["items"]
    assert shown == {
        "alert_id": "a/b c",
        "cluster_id": "eu",
        "node_id": "n1",
        "severity": "error",
        "metric_name": "cpu",
        "current_value": 1.5,
        "threshold_value": None,
        "message": "hot",
        "timestamp": "2023-11-14T22:13:20.000Z",
        "labels": {"team": "db"},
        "annotations": {},
        "generator_url": "",
        "episode": 1,
        "incident_id": shown["incident_id"],
        "status": "firing",
        "fired_at": "2023-11-14T22:13:20.000Z",
        "resolved_at": None,
        "rule_ids": ["all"],
        "channels": ["ops"],
        "receivers": ["team"],
        "policy_id": "p",
        "acknowledged": {
            "by": "li",
            "at": "2023-11-14T22:13:20.000Z",
            "until": "2023-11-14T22:14:20.000Z",
            "comment": "mine",
        },
        "snoozed_until": None,
        "suppressed": False,
        "silenced_by": [],
        "inhibited_by": [],
        "muted_by": [],
    }

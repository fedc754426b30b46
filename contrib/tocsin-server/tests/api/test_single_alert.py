"""One alert: its timeline, past and future, and the explanation."""

from __future__ import annotations

from typing import Any

import pytest
from api_world import World, alert

from tocsin import Outcome

pytestmark = pytest.mark.anyio


def texts(document: dict[str, Any]) -> list[str]:
    """Return the sentences of what happened."""
    return [line["text"] for line in document["timeline"]["past"]]


async def test_the_timeline_tells_the_whole_story_in_sentences(here: World) -> None:
    here.recording.script("ops", Outcome.unavailable("bad gateway", code=502))
    await here.report(alert())
    await here.clock.advance(10.0)
    await here.quiet()
    for verb, body in (
        ("escalate", {"by": "li", "comment": "on a train"}),
        ("acknowledge", {"by": "maria", "comment": "mine", "for_seconds": 60}),
        ("snooze", {"seconds": 30, "by": "maria"}),
        ("note", {"by": "maria", "text": "fans replaced"}),
        ("resolve", {"by": "maria"}),
    ):
        await here.ask("POST", f"/alerts/a1/{verb}", body)
    await here.quiet()
    document = await here.ask("GET", "/alerts/a1")
    said = texts(document)
    for sentence in (
        "reported, error: hot",
        "routed by all to ops",
        "ops is told (routed)",
        "attempt 1 at ops was unavailable 502: bad gateway",
        "attempt 2 at ops was delivered",
        "escalated before its time by li: on a train",
        "level first tells boss",
        "acknowledged by maria: mine",
        "snoozed by maria until 2023-11-14T22:14:00.000Z",
        "noted by maria: fans replaced",
        "resolved by maria",
    ):
        assert sentence in said, said
    assert document["alert"]["status"] == "resolved"
    assert document["timeline"]["future"] == []
    kinds = {line["kind"] for line in document["timeline"]["past"]}
    assert {"received", "routed", "decided", "notification", "attempt", "escalated", "noted", "resolved"} <= kinds


async def test_the_future_has_levels_summaries_and_ends(here: World) -> None:
    await here.report(alert("a1"))
    await here.report(alert("a2"))
    document = await here.ask("GET", "/alerts/a2")
    coming = [(one["at"], one["what"], one["text"]) for one in document["timeline"]["future"]]
    assert coming == [
        ("2023-11-14T22:18:20.000Z", "escalation", "level first tells boss"),
        ("2023-11-14T22:18:20.000Z", "fold", "ops is told in a summary"),
        ("2023-11-14T22:28:20.000Z", "escalation", "level second tells boss, ops"),
    ]
    await here.ask("POST", "/alerts/a1/acknowledge", {"by": "li"})
    await here.ask("POST", "/alerts/a2/acknowledge", {"by": "li", "for_seconds": 60})
    document = await here.ask("GET", "/alerts/a2")
    coming = [(one["at"], one["what"], one["level"]) for one in document["timeline"]["future"]]
    assert coming[0] == ("2023-11-14T22:14:20.000Z", "deadline", "")
    assert (None, "escalation", "first") in coming


async def test_an_explanation_names_rules_and_channels_and_changes_nothing(here: World) -> None:
    await here.report(alert())
    before = here.alerting.journal_ordinal
    explained = await here.ask("GET", "/alerts/a1/explain")
    assert [(rule["rule_id"], rule["matched"]) for rule in explained["rules"]] == [("all", True)]
    assert [(one["channel_id"], one["action"], one["reason"]) for one in explained["channels"]] == [
        ("ops", "skip", "already_told"),
        ("boss", "skip", "unrouted"),
    ]
    assert explained["escalation"]["policy_id"] == "p"
    assert explained["at"] == "2023-11-14T22:13:20.000Z"
    assert here.alerting.journal_ordinal == before


@pytest.mark.parametrize("alert_id", ["a/b", "a%b", "ä ö", "note", "..", "a?b", "a#b", "x/explain", "[1]"])
async def test_an_id_may_have_any_characters(here: World, alert_id: str) -> None:
    from urllib.parse import quote

    await here.report(alert(alert_id))
    path = "/alerts/" + quote(alert_id, safe="").replace(".", "%2E")
    assert (await here.ask("GET", path))["alert"]["alert_id"] == alert_id
    assert await here.ask("POST", f"{path}/note", {"by": "li", "text": "seen"}) == {"changed": True}


@pytest.mark.parametrize("path", ["/alerts/nobody", "/alerts/nobody/explain", "/alerts/%ff", "/alerts/%00"])
async def test_an_alert_that_nobody_knows_is_not_found(here: World, path: str) -> None:
    await here.ask("GET", path, status=404)


async def test_an_id_that_is_too_long_is_refused(here: World) -> None:
    await here.ask("GET", "/alerts/" + "x" * 3000, status=400)

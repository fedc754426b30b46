"""What Opsgenie's answers mean, to each of the requests that an attempt takes, and that the key is never shown."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from alert_api import KEY, AlertApi

from tocsin import AlertSeverity, BackendContext, Message, Notification, NotificationKind, Outcome, OutcomeStatus
from tocsin.testing.http_receiver import Reply
from tocsin.testing.samples import make_listed, make_notification
from tocsin_opsgenie.backend import OpsgenieBackend
from tocsin_opsgenie.settings import OpsgenieConfig

pytestmark = pytest.mark.anyio

TAKEN = Reply(202)
MORE = make_notification(kind=NotificationKind.MORE, message=Message("more of it", "and more"))


async def sent(api: AlertApi, notification: Notification | None = None, **settings: Any) -> Outcome:
    """Send a notification to *api*."""
    config = OpsgenieConfig(**{"api_key": KEY, "api_url": api.url, **settings})
    async with OpsgenieBackend(config, BackendContext("on-call")) as backend:
        return await backend.send(notification or make_notification())


async def test_an_alert_that_is_taken_is_delivered(api: AlertApi) -> None:
    outcome = await sent(api)
    assert (outcome.status, outcome.code) == (OutcomeStatus.DELIVERED, 202)
    assert list(api.open) == ["inc-1"]
    assert api.done() == ["alerts"]


async def test_the_api_may_be_anywhere(api: AlertApi) -> None:
    for path in ("/jsm/ops/integration", "/jsm/ops/integration/"):
        await sent(api, api_url=f"{api.url}{path}")
    assert [request.target for request in api.requests] == ["/jsm/ops/integration/v2/alerts"] * 2


async def test_a_key_that_is_wrong_is_rejected(api: AlertApi) -> None:
    outcome = await sent(api, api_key="another-key")
    assert (outcome.status, outcome.code) == (OutcomeStatus.REJECTED, 401)
    assert "another-key" not in outcome.detail


@pytest.mark.parametrize(
    ("reply", "status", "seconds"),
    [
        (Reply(429, b"", {"X-RateLimit-State": "THROTTLED", "X-RateLimit-Period-In-Sec": "60"}), "throttled", 60.0),
        (Reply(429, b"", {"X-RateLimit-Period-In-Sec": "1", "Retry-After": "7"}), "throttled", 7.0),
        (Reply(429, b"", {"X-RateLimit-Period-In-Sec": "soon"}), "throttled", None),
        (Reply(429), "throttled", None),
        (Reply(500), "unavailable", None),
        (Reply(503, b"", {"Retry-After": "9"}), "unavailable", 9.0),
        *((Reply(code), "rejected", None) for code in (400, 401, 402, 403, 404, 405, 406, 409, 410, 415, 422)),
        (Reply(302, b"", {"Location": "https://elsewhere.example/"}), "rejected", None),
        (Reply(202, b""), "delivered", None),
        (Reply(200, b'{"requestId": "x"}'), "delivered", None),
        (Reply(200, b"<html>Please log in</html>"), "unknown", None),
        (Reply(200, b'["requestId"]'), "unknown", None),
        (Reply(200, b"[" * 60_000), "unknown", None),
    ],
)
async def test_answers_mean_what_is_published(api: AlertApi, reply: Reply, status: str, seconds: float | None) -> None:
    api.will(reply)
    outcome = await sent(api, MORE)
    assert (outcome.status, outcome.retry_after_seconds) == (OutcomeStatus(status), seconds)
    assert outcome.code == reply.status
    assert len(api.requests) == (3 if status == "delivered" else 1)


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("reply", [Reply(429), Reply(503), Reply(200, b"<html>")])
async def test_once_the_alert_is_there_an_update_that_fails_is_unknown(
    api: AlertApi, reply: Reply, number: int
) -> None:
    """Were it unavailable, an incident that ends now would stay open there: nobody would seem to know of it."""
    api.will(*[TAKEN] * number, reply)
    outcome = await sent(api, MORE)
    assert (outcome.status, outcome.code) == (OutcomeStatus.UNKNOWN, reply.status)
    assert outcome.detail.startswith("the alert is there, but not an update of it: ")
    assert len(api.requests) == number + 1


async def test_an_update_that_is_refused_is_noted_and_the_others_are_made(api: AlertApi) -> None:
    api.will(TAKEN, Reply(404, b"no priorities here"))
    outcome = await sent(api, MORE)
    assert outcome.status is OutcomeStatus.DELIVERED
    assert "an update was refused: 404 Not Found: no priorities here" in outcome.detail
    assert api.done() == ["alerts", "priority", "notes"]


async def test_of_several_updates_that_are_refused_the_first_is_noted(api: AlertApi) -> None:
    api.will(TAKEN, Reply(404, b"no priorities here"), *[Reply(422, b"nor this " * 100)] * 3)
    outcome = await sent(api, MORE, update_alerts=True)
    assert outcome.detail == "202 Accepted: ok; an update was refused: 404 Not Found: no priorities here"
    assert len(api.requests) == 5


async def test_an_attempt_that_is_repeated_is_the_same_alert(api: AlertApi) -> None:
    for attempt in (1, 2):
        await sent(api, attrs.evolve(make_notification(), attempt=attempt))
    assert api.created == ["inc-1"]
    assert api.open["inc-1"].count == 2


async def test_what_was_refused_tells_why(api: AlertApi) -> None:
    api.will(Reply(422, b'{"message": "Request body is not processable", "key": "' + KEY.encode() + b'"}'))
    outcome = await sent(api)
    assert "Request body is not processable" in outcome.detail
    assert KEY not in outcome.detail


async def test_a_heartbeat_goes_to_the_heartbeat_that_is_named(api: AlertApi) -> None:
    beat = make_notification(kind=NotificationKind.HEARTBEAT)
    assert (await sent(api, beat, heartbeat_name="tocsin eu/1")).success
    assert api.pinged == ["tocsin%20eu%2F1"]
    assert api.requests[0].headers["authorization"] == f"GenieKey {KEY}"
    assert (await sent(api, beat)).status is OutcomeStatus.REJECTED
    assert len(api.requests) == 1


@pytest.mark.parametrize(
    ("kind", "update", "done"),
    [
        ("firing", True, ["alerts"]),
        ("more", False, ["alerts", "priority", "notes"]),
        ("escalation", False, ["alerts", "priority", "notes"]),
        ("digest", False, ["alerts", "priority", "notes"]),
        ("repeat", False, ["alerts", "priority"]),
        ("more", True, ["alerts", "priority", "message", "description", "notes"]),
        ("repeat", True, ["alerts", "priority", "message", "description"]),
    ],
)
async def test_what_a_later_notification_says_takes_requests_of_its_own(
    api: AlertApi, kind: str, update: bool, done: list[str]
) -> None:
    notification = attrs.evolve(MORE, kind=NotificationKind(kind))
    assert (await sent(api, notification, update_alerts=update)).success
    assert api.done() == done
    assert api.refused == []


@pytest.mark.parametrize("update", [False, True])
async def test_a_first_notification_that_may_have_arrived_before_sets_what_is_there_too(
    api: AlertApi, update: bool
) -> None:
    again = make_notification(told_severity=AlertSeverity.WARNING, attempt=2)
    assert (await sent(api, again, update_alerts=update)).success
    assert api.done() == ["alerts", "priority", *(["message", "description"] if update else [])]


async def test_an_end_is_a_note_or_closes_it(api: AlertApi) -> None:
    await sent(api)
    ended = make_notification(make_listed(resolved=True), message=Message("s", "[RESOLVED] b"))
    await sent(api, attrs.evolve(ended, still_firing=1))
    assert api.open["inc-1"].notes == ["1 still firing.\n[RESOLVED] b"]
    await sent(api, ended)
    assert api.done() == ["alerts", "notes", "close"]
    assert api.open == {}

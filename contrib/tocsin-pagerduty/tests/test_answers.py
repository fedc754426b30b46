"""What PagerDuty's answers mean, and that the key is never shown."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from events_api import KEY, EventsApi

from tocsin import BackendContext, Notification, NotificationKind, Outcome, OutcomeStatus
from tocsin.testing.http_receiver import Reply
from tocsin.testing.samples import make_notification
from tocsin_pagerduty.backend import PagerDutyBackend
from tocsin_pagerduty.settings import PagerDutyConfig

pytestmark = pytest.mark.anyio


async def sent(api: EventsApi, notification: Notification | None = None, **settings: Any) -> Outcome:
    """Send a notification to *api*."""
    config = PagerDutyConfig(**{"routing_key": KEY, "url": api.endpoint, **settings})
    async with PagerDutyBackend(config, BackendContext("on-call")) as backend:
        return await backend.send(notification or make_notification())


async def test_an_event_that_is_taken_is_delivered(api: EventsApi) -> None:
    outcome = await sent(api)
    assert (outcome.status, outcome.code) == (OutcomeStatus.DELIVERED, 202)
    assert list(api.open) == ["inc-1"]


async def test_a_key_that_is_unknown_is_rejected_with_what_pagerduty_says(api: EventsApi) -> None:
    outcome = await sent(api, routing_key="another-key")
    assert (outcome.status, outcome.code) == (OutcomeStatus.REJECTED, 400)
    assert "unknown routing_key" in outcome.detail


async def test_a_key_that_is_repeated_is_not_shown(api: EventsApi) -> None:
    api.will(Reply(400, f'{{"errors": ["no such key: {KEY}"]}}'.encode()))
    outcome = await sent(api)
    assert outcome.detail == '400 Bad Request: {"errors": ["no such key: ***"]}'


@pytest.mark.parametrize(
    ("reply", "status", "seconds"),
    [
        (Reply(429, b"Request Limit Exceeded"), OutcomeStatus.THROTTLED, 30.0),
        (Reply(429, b"", {"Retry-After": "7"}), OutcomeStatus.THROTTLED, 7.0),
        (Reply(500), OutcomeStatus.UNAVAILABLE, None),
        (Reply(502), OutcomeStatus.UNAVAILABLE, None),
        (Reply(503, b"", {"Retry-After": "9"}), OutcomeStatus.UNAVAILABLE, 9.0),
        (Reply(400), OutcomeStatus.REJECTED, None),
        (Reply(403), OutcomeStatus.REJECTED, None),
        (Reply(404), OutcomeStatus.REJECTED, None),
        (Reply(413), OutcomeStatus.REJECTED, None),
        (Reply(302, b"", {"Location": "https://elsewhere.example/"}), OutcomeStatus.REJECTED, None),
        (Reply(202, b""), OutcomeStatus.DELIVERED, None),
        (Reply(200, b'{"status": "success"}'), OutcomeStatus.DELIVERED, None),
        (Reply(200, b"<html>Please log in</html>"), OutcomeStatus.UNKNOWN, None),
        (Reply(200, b'["success"]'), OutcomeStatus.UNKNOWN, None),
        (Reply(200, b"[" * 60_000), OutcomeStatus.UNKNOWN, None),
        (Reply(204, b""), OutcomeStatus.UNKNOWN, None),
    ],
)
async def test_answers_mean_what_is_published(
    api: EventsApi, reply: Reply, status: OutcomeStatus, seconds: float | None
) -> None:
    api.will(reply)
    outcome = await sent(api)
    assert (outcome.status, outcome.retry_after_seconds) == (status, seconds)
    assert outcome.code == reply.status
    assert len(api.requests) == 1


async def test_an_attempt_that_is_repeated_is_the_same_alert(api: EventsApi) -> None:
    for attempt in (1, 2):
        await sent(api, attrs.evolve(make_notification(), attempt=attempt))
    assert api.opened_alerts == ["inc-1"]
    assert api.events[0] == api.events[1]


async def test_a_heartbeat_is_rejected_and_makes_no_incident(api: EventsApi) -> None:
    outcome = await sent(api, make_notification(kind=NotificationKind.HEARTBEAT))
    assert outcome == Outcome.rejected("PagerDuty takes no heartbeats: send them through another channel")
    assert api.requests == []

"""Links: each notification says where people see it, if whoever made the service knows."""

from __future__ import annotations

from typing import Any

import pytest
from tests.service.conftest import MakeAlerting
from tests.service.scripted import Post, alert

from tocsin import AlertRoutingRule, FederationAlertingService, Notification
from tocsin.model.reason import GapKind

pytestmark = pytest.mark.anyio

LINK = "https://alerts.example/tocsin/alerts/"


def _made(make_alerting: MakeAlerting, post: Post, **options: object) -> FederationAlertingService:
    made = make_alerting(**options)
    made.add_channel(post.channel("ops"))
    made.add_routing_rule(AlertRoutingRule("everything", target_channels=["ops"]))
    return made


async def test_a_notification_has_the_link_that_is_given_and_says_it(make_alerting: MakeAlerting, post: Post) -> None:
    def link(notification: Notification) -> str:
        return LINK + notification.alerts[0].alert.alert_id

    async with _made(make_alerting, post, links=link) as alerting:
        await alerting.process_alert(alert("a"))
    (told,) = post.to("ops")
    assert told.link == f"{LINK}a"
    assert told.message is not None
    assert told.message.body.endswith(f"\nlink: {LINK}a")


async def test_a_link_that_cannot_be_made_is_a_gap_and_the_notification_is_told(
    make_alerting: MakeAlerting, post: Post
) -> None:
    def link(notification: Notification) -> str:
        raise LookupError(notification.channel_id)

    async with _made(make_alerting, post, links=link) as alerting:
        await alerting.process_alert(alert("a"))
        assert [(gap.kind, gap.subject) for gap in alerting.gaps] == [(GapKind.RENDERER_FAILED, "ops")]
    assert [told.link for told in post.to("ops")] == [""]


async def test_a_link_that_is_no_text_is_a_gap_too(make_alerting: MakeAlerting, post: Post) -> None:
    nothing: Any = None
    async with _made(make_alerting, post, links=lambda notification: nothing) as alerting:
        await alerting.process_alert(alert("a"))
        assert [(gap.kind, gap.subject) for gap in alerting.gaps] == [(GapKind.RENDERER_FAILED, "ops")]
    assert [told.link for told in post.to("ops")] == [""]


async def test_without_anybody_who_knows_there_is_none(make_alerting: MakeAlerting, post: Post) -> None:
    async with _made(make_alerting, post) as alerting:
        await alerting.process_alert(alert("a"))
    (told,) = post.to("ops")
    assert told.link == ""
    assert told.message is not None
    assert "link:" not in told.message.body

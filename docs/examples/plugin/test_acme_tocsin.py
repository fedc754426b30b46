"""The plugin's tests: each class holds one thing to the contract of its kind."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

import acme_tocsin
from tocsin import FederationAlertingService, NotificationChannel, Store
from tocsin.testing.contracts import (
    AggregatorContract,
    BackendContract,
    MatcherContract,
    RendererContract,
    SchedulerContract,
    StoreContract,
)
from tocsin.testing.http_receiver import HttpReceiver, Received, Reply
from tocsin.testing.receiver import Arrival
from tocsin.testing.recording import RecordingBackend
from tocsin.testing.samples import make_alert

TOKEN = "s3cretT0kenOfTheService"


class PagingService(HttpReceiver):
    """Checks what it is sent as the service does, by its documentation."""

    def take(self, request: Received) -> Reply:
        """Accept events of the right form."""
        if (request.method, request.target) != ("POST", "/v1/events"):
            return Reply(404)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Reply(401)
        event = request.json()
        well = set(event) == {"action", "dedup_key", "title", "details"} and event["action"] in ("open", "close")
        return Reply(202) if well and 1 <= len(event["title"]) <= 200 else Reply(422, b"not an event")

    def arrival(self, request: Received) -> Arrival:
        """Return what the service makes of it."""
        event = request.json()
        text = f"{event['action']}\n{event['title']}\n{event['details']}"
        ends = event["action"] == "close"
        return Arrival(text, request.headers.get("idempotency-key"), event["dedup_key"], ends)


class TestPager(BackendContract):
    """Against a service on loopback."""

    backend = "pager"
    plugins = (acme_tocsin,)
    secrets = (TOKEN,)

    def open_receiver(self) -> PagingService:
        """Return the service."""
        return PagingService()

    def settings(self, receiver: PagingService) -> Mapping[str, Any]:
        """Return the settings of a channel of it."""
        return {"url": f"{receiver.url}/v1", "token": TOKEN}


class TestRegion(MatcherContract):
    """A condition of rules."""

    matcher = "region"
    plugins = (acme_tocsin,)
    examples = (
        ("eu", make_alert(labels={"region": "eu"}), True),
        (["eu", "us"], make_alert(labels={"region": "asia"}), False),
        ("eu", make_alert(labels={}), False),
    )
    refused = (7, [], {"eu": 1})


class TestHeadline(RendererContract):
    """What the pager shows."""

    renderer = "headline"
    plugins = (acme_tocsin,)


class TestByNode(AggregatorContract):
    """With the default, and without any patience."""

    aggregator = "by_node"
    plugins = (acme_tocsin,)
    several_settings = ({}, {"patience_seconds": 0.001})


class TestTwice(SchedulerContract):
    """Over the contract's own policies."""

    scheduler = "twice"
    plugins = (acme_tocsin,)


class TestDrawer(StoreContract):
    """In a folder of its own for each test."""

    exempt: ClassVar = {"faults": "SQLite's own tests have them"}

    def open_store(self, place: Path) -> Store:
        """Open the drawer."""
        return acme_tocsin.open_drawer(acme_tocsin.DrawerConfig(str(place)))


@pytest.mark.anyio
async def test_critical_alerts_of_a_node_are_told_at_once(
    alerting: FederationAlertingService, tocsin_recording: RecordingBackend
) -> None:
    """A plugin in a whole service, on a clock that stands still: nothing is sent."""
    alerting.add_channel(NotificationChannel("ops", "recording"))
    async with alerting:
        await alerting.process_alert(make_alert(severity="critical"))
    (told,) = tocsin_recording.received()
    assert told.channel_id == "recording"

"""The journal is read from an ordinal on, and each entry has a form for JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.service.conftest import MakeAlerting
from tests.service.scripted import Post, alert

from tocsin import AlertRoutingRule, MemoryStore, SqliteStore, Store, entry_to_plain

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A store that does not wait for a device, and one that does."""
    return MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "tocsin.db")


async def test_entries_come_in_order_and_after_the_one_that_is_known(
    make_alerting: MakeAlerting, post: Post, store: Store
) -> None:
    alerting = make_alerting(store=store)
    alerting.add_channel(post.channel("ops"))
    alerting.add_routing_rule(AlertRoutingRule("everything", target_channels=["ops"]))
    async with alerting:
        for number in range(40):
            await alerting.process_alert(alert(f"a{number}"))
        newest = alerting.journal_ordinal
        everything = await alerting.journal(limit=1000)
        assert [entry.ordinal for entry in everything] == list(range(1, newest + 1))
        assert await alerting.journal(after=10, limit=35) == everything[10:45]
        assert await alerting.journal(after=newest) == ()
    plain = json.loads(json.dumps(entry_to_plain(everything[0])))
    assert plain["ordinal"] == 1
    assert "AlertFired" in {one["type"] for one in plain["inputs"]}


async def test_it_says_how_many_records_have_yet_to_follow(
    make_alerting: MakeAlerting, post: Post, store: Store
) -> None:
    alerting = make_alerting(store=store)
    alerting.add_channel(post.channel("ops"))
    async with alerting:
        await alerting.process_alert(alert("a1"))
        assert 0 < alerting.records_behind < 100
    assert alerting.records_behind == 0, "they follow when the service is left"

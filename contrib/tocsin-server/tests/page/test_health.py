"""*Health*: on a virtual clock, and of a daemon that runs, in a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from api_world import World, alert, world
from playwright.sync_api import Page, expect
from server_processes import Process
from starlette.routing import Route

from tocsin import GapFound, GapKind
from tocsin_server.daemon.app import application
from tocsin_server.page.health import Health, Parts
from tocsin_server.page.looks import Looks
from tocsin_server.page.refusals import refused_to_people
from tocsin_server.page.sessions import Sessions
from tocsin_server.page.visitors import Visitors
from tocsin_server.web.scopes import Guard


@asynccontextmanager
async def _client(
    here: World, stopped: list[str], running: Mapping[str, str], reloaded: bool = True
) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the page of a service, some sources of which run."""
    looks = Looks(here.alerting, here.clock, lambda: stopped)
    now = here.clock.wall()
    parts = Parts(here.heartbeats, lambda: running, lambda: stopped, lambda: (reloaded, now), now)
    visitors = Visitors(Guard([]), Sessions(here.clock))
    health = Health(here.alerting, looks, here.clock, parts)
    app = application(
        [Route("/health", visitors.see("read", health.show))], 30.0, by_any_name=True, refused=refused_to_people
    )
    headers = {"Accept": "text/html"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://localhost", headers=headers
    ) as client:
        yield client


async def _text(client: httpx.AsyncClient, query: str = "") -> str:
    answer = await client.get(f"/health{query}")
    assert answer.status_code == 200
    return " ".join(answer.text.split())


@pytest.mark.anyio
async def test_a_quiet_daemon_says_so(tmp_path: Path) -> None:
    async with world(tmp_path) as here, _client(here, [], {"host": "disk"}) as client:
        await here.quiet()
        text = await _text(client)
        assert "The daemon sees and tells" in text
        assert "No heartbeat is expected." in text
        assert "<bdi>host</bdi>: disk, runs" in text
        assert "keeps what is accepted" in text
        assert "refused" not in text


@pytest.mark.anyio
async def test_what_is_missed_stopped_refused_or_owed_is_said(tmp_path: Path) -> None:
    async with world(tmp_path) as here, _client(here, ["<i>"], {}, reloaded=False) as client:
        await here.ask("PUT", "/heartbeats/late", params={"every": "1m", "severity": "error"})
        await here.clock.advance(61.0)
        await here.quiet()
        await here.ask("PUT", "/heartbeats/soon", params={"every": "1h"})
        await here.report(alert("a1", cluster_id="eu"), alert("a2", cluster_id="us", severity="critical"))
        text = await _text(client)
        assert "Blind: the daemon may not see or tell everything" in text
        assert text.index("not heard from") < text.index("due within <time")
        assert "the one that was read last was refused" in text
        assert '<bdi>&lt;i&gt;</bdi>: <span class="problem">stopped' in text
        assert text.index("?cluster=us") < text.index("?cluster=eu")


@pytest.mark.anyio
async def test_gaps_are_paged_those_first_that_were_met_last(tmp_path: Path) -> None:
    """And those that are over are told apart."""
    async with world(tmp_path) as here, _client(here, [], {}) as client:
        await here.alerting.submit(GapFound(GapKind.LATE, "old", "late by 5 s"))
        await here.clock.advance(1000.0)
        for number in range(50):
            await here.alerting.submit(GapFound(GapKind.LATE, f"new{number:02}", "late"))
        text = await _text(client)
        assert (text.count("late: <bdi>new"), text.count("grave"), "<bdi>old" in text) == (50, 50, False)
        text = await _text(client, "?page=2")
        assert (text.count("late: <bdi>old"), text.count("grave")) == (1, 0)
        assert (await client.get("/health?page=x")).status_code == 400


def test_a_daemon_says_what_it_is_made_of(open_daemon: Process, page: Page) -> None:
    client = open_daemon.client
    assert client.put("/api/tocsin/v1/heartbeats/<b>backup", params={"every": "1h"}).status_code == 200
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(open_daemon.url)
    page.get_by_role("link", name="Health").click()
    expect(page.get_by_role("link", name="Health")).to_have_attribute("aria-current", "page")
    row = page.get_by_role("row").filter(has_text="<b>backup")
    expect(row).to_contain_text("due within 59 min")
    expect(row).to_contain_text("critical")
    plugins = page.locator("ul.why").last
    expect(plugins).to_contain_text("tocsin-server")
    expect(plugins).to_contain_text("webhook")
    expect(page.locator(".facts")).to_contain_text("entries were written")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert client.delete("/api/tocsin/v1/heartbeats/<b>backup").status_code == 200

"""The form of a silence where the journal is too long to be read while somebody waits."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from api_world import alert, world
from starlette.routing import Route

from tocsin.testing.clock import VirtualClock
from tocsin_server.api.hiding import Hiding
from tocsin_server.daemon.app import application
from tocsin_server.page.refusals import refused_to_people
from tocsin_server.page.sessions import Sessions
from tocsin_server.page.silencing import Silencing
from tocsin_server.page.visitors import Visitors
from tocsin_server.web.scopes import Guard

pytestmark = pytest.mark.anyio


class Slow(VirtualClock):
    """A clock on which each look takes a second."""

    seen = 0.0

    def now(self) -> float:
        """Return a second more."""
        self.seen += 1.0
        return self.seen


@pytest.mark.parametrize("slow", [False, True])
async def test_it_says_how_far_back_the_journal_was_read(tmp_path: Path, slow: bool) -> None:
    async with world(tmp_path) as here:
        for number in range(9):
            await here.report(alert(f"a{number}", metric_name=f"m{number}"))
        hiding = Hiding(here.alerting, Slow() if slow else here.clock)
        silencing = Silencing(hiding, here.alerting.submit, here.clock)
        visitors = Visitors(Guard([]), Sessions(here.clock))
        app = application(
            [Route("/silences/new", visitors.see("operate", silencing.ask))],
            30.0,
            by_any_name=True,
            refused=refused_to_people,
        )
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            answer = await client.get("/silences/new", params={"filter": 'cluster_id="eu"'})
    assert answer.status_code == 200
    assert "9 alerts: " in answer.text
    assert ("The journal was read back to" in answer.text) is slow

"""docs/examples/fastapi: tocsin in FastAPI and in Starlette, in the test's event loop and under a real server."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.embedding.conftest import EXAMPLES, FAILURE, Start, load_example

from tocsin.testing.http_receiver import HttpReceiver

on_every_loop = pytest.mark.anyio
fastapi_shop = load_example("fastapi/fastapi_shop.py")
starlette_shop = load_example("fastapi/starlette_shop.py")
SERVE = ("-m", "uvicorn", "--app-dir", str(EXAMPLES / "fastapi"), "--port", "0", "--no-use-colors")


@on_every_loop
async def test_a_failure_is_told_taken_and_ended(receiver: HttpReceiver, configuration: Path, database: Path) -> None:
    app = fastapi_shop.create_app(configuration, database)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as client,
    ):
        assert (await client.post("/payments/17/failed", json=FAILURE)).status_code == 202
        assert (await client.get("/alerts")).json() == [{"alert_id": "payments-acme", "severity": "error"}]
        ids = ("payments-acme", "payments-other")
        taken = [await client.post(f"/alerts/{one}/acknowledge", json={"by": "ada"}) for one in ids]
        assert [answer.status_code for answer in taken] == [200, 404]
        assert (await client.post("/providers/acme/recovered")).json() == {"changed": True}
        assert (await client.get("/alerts")).json() == []
    told = [request.json()["status"] for request in receiver.requests]
    assert told == ["firing", "resolved"]


@on_every_loop
async def test_starlette_does_the_same(receiver: HttpReceiver, configuration: Path, database: Path) -> None:
    app = starlette_shop.create_app(configuration, database)
    async with app.router.lifespan_context(app) as state:
        transport = httpx.ASGITransport(_with_state(app, state))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            answer = await client.post("/payments/17/failed", json=FAILURE)
    assert (answer.status_code, answer.json()) == (202, {"alert_id": "payments-acme"})
    assert len(receiver.requests) == 1


def _with_state(app: Any, state: Any) -> Any:
    """Do what a server does with the state of a lifespan."""

    async def called(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "state": dict(state)}, receive, send)

    return called


def test_importing_an_application_opens_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    load_example("fastapi/fastapi_shop.py")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("app", ["fastapi_shop:app", "starlette_shop:app"])
def test_under_a_real_server_it_ends_in_order(start: Start, app: str) -> None:
    server = start(*SERVE, app)
    assert server.post("/payments/17/failed", FAILURE).status_code == 202
    server.end()
    shown = "".join(server.output)
    assert "payment 17 failed: card refused" in shown, "the console channel was told"
    assert "Application shutdown complete" in shown
    assert "Traceback" not in shown


def test_what_was_answered_survives_a_kill(start: Start) -> None:
    first = start(*SERVE, "fastapi_shop:app")
    first.post("/payments/17/failed", FAILURE)
    first.end(signal.SIGKILL)
    second = start(*SERVE, "fastapi_shop:app")
    assert [alert["alert_id"] for alert in second.get("/alerts")] == ["payments-acme"]


def test_a_second_process_is_refused(start: Start) -> None:
    start(*SERVE, "fastapi_shop:app").get("/alerts")
    second = start(*SERVE, "fastapi_shop:app")
    assert second.wait() != 0
    assert "a store is opened by one service at a time" in "".join(second.output)

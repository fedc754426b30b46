"""Visitors behind a proxy, and those whose token is taken away."""

from __future__ import annotations

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from tocsin.testing.clock import VirtualClock
from tocsin_server.daemon.app import application
from tocsin_server.page.refusals import refused_to_people
from tocsin_server.page.sessions import Session, Sessions
from tocsin_server.page.visitors import Visitors
from tocsin_server.web.scopes import Guard, Token
from tocsin_server.web.token_hash import hash_token

pytestmark = pytest.mark.anyio

MARIA = Token("maria", hash_token("maria"), frozenset(["read"]))
HTML = {"Accept": "text/html"}


async def _show(request: Request, session: Session) -> Response:
    return PlainTextResponse("shown")


def _app(sessions: Sessions, *tokens: Token) -> ASGIApp:
    """Return a daemon that a proxy shows as https://alerts.example/tocsin/."""
    visitors = Visitors(Guard(tokens), sessions, https=True)
    pages = [Route(path, visitors.see(scope, _show)) for path, scope in (("/a/b", "read"), ("/c", "operate"))]
    routes = [*visitors.routes(), *pages]
    return application(routes, 30.0, by_any_name=True, origin="alerts.example", refused=refused_to_people)


def _client(app: ASGIApp) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://10.0.0.7:9093", headers=HTML)


async def _sign_in(client: httpx.AsyncClient, path: str = "/sign-in") -> httpx.Response:
    answer = await client.post(path, data={"token": "maria"}, headers={"Origin": "https://alerts.example"})
    assert answer.status_code == 303
    return answer


async def test_behind_a_proxy_every_way_is_relative_and_the_cookie_secure() -> None:
    """So a prefix needs no setting, and browsers keep the cookie to it."""
    async with _client(_app(Sessions(VirtualClock()), MARIA)) as client:
        asked = await client.get("/a/b?x=1")
        assert (asked.status_code, asked.headers["location"]) == (303, "../sign-in?to=a%2Fb%3Fx%3D1")
        answer = await _sign_in(client, "/sign-in?to=a%2Fb%3Fx%3D1")
        assert answer.headers["location"] == "./a/b?x=1"
        cookie = answer.headers["set-cookie"].lower()
        assert all(f"; {mark}" in cookie for mark in ("secure", "httponly", "samesite=strict"))
        assert "path" not in cookie


async def test_pages_of_other_sites_sign_nobody_in() -> None:
    async with _client(_app(Sessions(VirtualClock()), MARIA)) as client:
        for origin in ("https://evil.example", "null", "https://alerts.example.evil", "https://"):
            answer = await client.post("/sign-in", data={"token": "maria"}, headers={"Origin": origin})
            assert answer.status_code == 403, origin


async def test_a_session_has_the_scopes_that_its_token_has_now_and_ends_with_it() -> None:
    """A reload of the configuration changes them."""
    sessions = Sessions(VirtualClock())
    async with _client(_app(sessions, MARIA)) as client:
        cookie = (await _sign_in(client)).cookies["tocsin_session"]
    headers = {"Cookie": f"tocsin_session={cookie}"}

    async def status(path: str, *tokens: Token) -> int:
        async with _client(_app(sessions, *tokens)) as client:
            return (await client.get(path, headers=headers)).status_code

    assert await status("/a/b", MARIA) == 200
    assert await status("/c", MARIA) == 403
    assert await status("/c", Token("maria", MARIA.hashed, frozenset(["operate"]))) == 200
    assert await status("/a/b", Token("maria", hash_token("another"), frozenset(["read"]))) == 303
    assert await status("/a/b", MARIA) == 303, "it is gone for good"


async def test_a_session_ends_with_the_sign_out_of_its_own_page() -> None:
    sessions = Sessions(VirtualClock())
    async with _client(_app(sessions, MARIA)) as client:
        cookie = (await _sign_in(client)).cookies["tocsin_session"]
        session = sessions.find(cookie)
        assert session is not None
        headers = {"Cookie": f"tocsin_session={cookie}"}
        refused = await client.post("/sign-out", data={"form_key": "guessed"}, headers=headers)
        assert refused.status_code == 403
        assert sessions.find(cookie) is not None
        await client.post("/sign-out", data={"form_key": session.form_key}, headers=headers)
        assert sessions.find(cookie) is None

"""Visitors of the page: signing in with a token of the API, signing out, and who may see what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from tocsin_server.page.forms import FORM_KEY, read_form
from tocsin_server.page.rendering import rendered, root_of
from tocsin_server.page.sessions import LONGEST_SECONDS, Session, Sessions
from tocsin_server.web.refusal import Refused
from tocsin_server.web.scopes import Guard, Token

__all__ = ["COOKIE", "Visitors"]

COOKIE: Final = "tocsin_session"
_LONGEST_WAY: Final = 4096

Shown = Callable[[Request, Session], Awaitable[Response]]


class Visitors:
    """Lets people in who have a token; without any token, everybody.

    :param https: whether browsers reach the daemon by https, although a proxy may not.
    """

    def __init__(self, guard: Guard, sessions: Sessions, *, https: bool = False) -> None:
        self._guard = guard
        self._sessions = sessions
        self._https = https

    def routes(self) -> list[BaseRoute]:
        """Return the routes of signing in and out."""
        return [
            Route("/sign-in", self._ask, methods=["GET"]),
            Route("/sign-in", self._sign_in, methods=["POST"]),
            Route("/sign-out", self._sign_out, methods=["POST"]),
        ]

    def of(self, request: Request) -> Session | None:
        """Return the session of a request; None where there is none, or its token was taken away."""
        if self._guard.open:
            return self._sessions.anybody
        secret = request.cookies.get(COOKIE, "")
        session = self._sessions.find(secret)
        if session is None or session.token is None:
            return None
        token = self._guard.still(session.token)
        if token is None:
            self._sessions.end(secret)
            return None
        return Session(token, session.form_key)

    def see(self, scope: str, show: Shown) -> Callable[[Request], Awaitable[Response]]:
        """Return what shows a page to those who have *scope*, and lets others sign in first."""

        async def seen(request: Request) -> Response:
            session = self.of(request)
            if session is None and request.method != "GET":
                raise Refused(403, "you are not signed in any more; nothing was done")
            if session is None:
                return RedirectResponse(f"{root_of(request)}sign-in?to={quote(_way(request), safe='')}", 303)
            _check_scope(session, scope)
            return await show(request, session)

        return seen

    async def _ask(self, request: Request) -> Response:
        if self.of(request) is not None:
            return RedirectResponse(_target(request), 303)
        return rendered(request, "sign_in.html", problem="")

    async def _sign_in(self, request: Request) -> Response:
        if self._guard.open:
            return RedirectResponse(_target(request), 303)
        form = await read_form(request)
        token = await self._guard.known(form.get("token", "").strip())
        if token is None:
            return rendered(request, "sign_in.html", 403, problem="No token of this daemon is the one that was given.")
        if not token.allows("read"):
            problem = f"The token {token.name} does not have the scope read."
            return rendered(request, "sign_in.html", 403, problem=problem)
        self._sessions.end(request.cookies.get(COOKIE, ""))
        return self._let_in(request, token)

    def _let_in(self, request: Request, token: Token) -> Response:
        answer = RedirectResponse(_target(request), 303)
        self._set_cookie(request, answer, self._sessions.begin(token), int(LONGEST_SECONDS))
        return answer

    def _set_cookie(self, request: Request, answer: Response, value: str, seconds: int) -> None:
        answer.set_cookie(
            COOKIE,
            value,
            max_age=seconds,
            path=None,  # the folder of the page, behind whatever prefix
            secure=self._https or request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )

    async def _sign_out(self, request: Request) -> Response:
        form, session = await read_form(request), self.of(request)
        if session is not None and not session.sent(form.get(FORM_KEY, "")):
            raise Refused(403, "this form is not of your session; load the page again")
        self._sessions.end(request.cookies.get(COOKIE, ""))
        answer = RedirectResponse(f"{root_of(request)}sign-in", 303)
        self._set_cookie(request, answer, "", 0)
        return answer


def _check_scope(session: Session, scope: str) -> None:
    if not session.allows(scope):
        name = "" if session.token is None else session.token.name
        raise Refused(403, f"the token {name!r} does not have the scope {scope!r}")


def _way(request: Request) -> str:
    """Return the page that was asked for, as seen from the root."""
    sent = bytes(request.scope.get("raw_path") or b"/").partition(b"?")[0].decode("latin-1").lstrip("/")
    query = request.url.query
    return f"{sent}?{query}" if query else sent


def _target(request: Request) -> str:
    """Return where somebody goes who signed in: a page of ours whatever it says, for it begins with the root."""
    return root_of(request) + request.query_params.get("to", "")[:_LONGEST_WAY]

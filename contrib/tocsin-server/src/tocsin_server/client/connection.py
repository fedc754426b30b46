"""Asking a daemon that runs, over its own API."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, NoReturn, Self
from urllib.parse import quote

import click
import httpx

from tocsin_server.client.answers import Answer, document
from tocsin_server.client.failure import Unreachable
from tocsin_server.client.faults import too_late, unreachable
from tocsin_server.client.fields import text
from tocsin_server.client.where import Where

__all__ = ["Connection", "Parameters", "segment"]

_API: Final = "api/tocsin/v1"
_LARGEST: Final = 256 * 1024 * 1024
_PAGE: Final = 1000

Parameters = Sequence[tuple[str, str]]


def segment(name: str) -> str:
    """Return *name*, which may hold any characters, as one segment of a path.

    :raises click.UsageError: when it is not UTF-8.
    """
    return _quoted(name).replace(".", "%2E")


def _quoted(text: str) -> str:
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise click.UsageError(f"{text!r} is not UTF-8") from None


class Connection:
    """Sends requests to one daemon, and returns what it answered.

    Each request has the whole of its time anew.

    :raises Failure: when the daemon refuses or fails; see :func:`tocsin_server.client.answers.document`.
    :raises Unreachable: when no answer comes, or one that is not tocsin's.
    """

    def __init__(self, where: Where) -> None:
        self.where = where
        self._client = where.client()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str, parameters: Parameters = ()) -> dict[str, Any]:
        """Return the object at *path*."""
        return self._object("GET", path, parameters=parameters)

    def post(self, path: str, body: Any) -> dict[str, Any]:
        """Send *body* to *path* and return the object that is the answer."""
        return self._object("POST", path, body=body)

    def delete(self, path: str) -> dict[str, Any]:
        """End what is at *path* and return the object that is the answer."""
        return self._object("DELETE", path)

    def items(self, path: str, parameters: Parameters = (), most: int | None = None) -> Iterator[dict[str, Any]]:
        """Yield the objects of the list at *path*, page after page; at most so many, or all of them."""
        seen: set[str] = set()
        cursor, left = "", most
        while left is None or left > 0:
            page = [("limit", str(_PAGE if left is None else min(left, _PAGE)))]
            page += [("cursor", cursor)] if cursor else []
            found = self._ask("GET", path, parameters=[*parameters, *page])
            items, cursor = (found, "") if isinstance(found, list) else (found.get("items"), text(found, "next"))
            if not isinstance(items, list) or not all(isinstance(item, dict) for item in items) or cursor in seen:
                raise self._stranger()
            yield from items if left is None else items[:left]
            left = None if left is None else left - len(items)
            if not cursor:
                return
            seen.add(cursor)

    @contextmanager
    def stream(self, path: str, headers: Mapping[str, str], silence: float) -> Iterator[Iterator[bytes]]:
        """Open the stream at *path*; its pieces may be *silence* seconds apart.

        An error while the pieces are read is the caller's: :exc:`httpx.HTTPError`.
        """
        timeout = httpx.Timeout(self.where.timeout, read=max(silence, self.where.timeout))
        request = self._client.build_request("GET", self._url(path), headers=headers, timeout=timeout)
        try:
            response = self._client.send(request, stream=True)
        except httpx.HTTPError as error:
            raise unreachable(self.where, error) from None
        try:
            if response.status_code != 200 or "text/event-stream" not in response.headers.get("content-type", ""):
                self._refused(response)
            yield response.iter_bytes()
        finally:
            response.close()

    def _refused(self, response: httpx.Response) -> NoReturn:
        """Raise what it means that a stream was asked for and this came."""
        try:
            answer = self._read(response, time.monotonic() + self.where.timeout)
        except httpx.HTTPError as error:
            raise unreachable(self.where, error) from None
        document(answer, self.where)
        raise self._stranger()

    def _object(self, method: str, path: str, parameters: Parameters = (), body: Any = None) -> dict[str, Any]:
        found = self._ask(method, path, parameters, body)
        if not isinstance(found, dict):
            raise self._stranger()
        return found

    def _ask(self, method: str, path: str, parameters: Parameters = (), body: Any = None) -> Any:
        deadline = time.monotonic() + self.where.timeout
        content = None if body is None else json.dumps(body, allow_nan=False).encode("ascii")
        headers = {"Accept": "application/json"} | ({} if body is None else {"Content-Type": "application/json"})
        url = self._url(path, parameters)
        try:
            with self._client.stream(method, url, content=content, headers=headers) as response:
                answer = self._read(response, deadline)
        except httpx.HTTPError as error:
            raise unreachable(self.where, error) from None
        return document(answer, self.where)

    def _url(self, path: str, parameters: Parameters = ()) -> httpx.URL:
        base = str(self.where.url).rstrip("/")
        query = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in parameters)
        return httpx.URL(f"{base}/{_API}/{path}" + (f"?{query}" if query else ""))

    def _read(self, response: httpx.Response, deadline: float) -> Answer:
        content = bytearray()
        for piece in response.iter_bytes():
            content += piece
            if time.monotonic() > deadline:
                raise too_late(self.where)
            if len(content) > _LARGEST:
                raise self._stranger()
        return Answer(response.status_code, bytes(content), response.headers.get("retry-after", ""))

    def _stranger(self) -> Unreachable:
        return Unreachable(
            f"what answers at {self.where.shown} is not tocsin, or another version of it: its answer has another form"
        )

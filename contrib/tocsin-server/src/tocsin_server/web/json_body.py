"""The body of a request as JSON: bounded in size and depth, and free of what no store and no receiver could keep."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, Final, NoReturn

import anyio.to_thread
from starlette.requests import ClientDisconnect, Request

from tocsin_server.web.refusal import Refused

__all__ = ["check_declared", "decoded", "parse_json", "read_body", "read_json"]

DEEPEST: Final = 32
"""Lists and objects in each other; nothing that is taken needs ten."""

_SUSPECT: Final = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])|\x00")
_LARGE: Final = 65_536
_LONGEST_INTEGER: Final = 310
_JSON_TYPES: Final = frozenset({"application/json", "text/json"})


async def read_json(request: Request, largest: int) -> Any:
    """Return the decoded body of *request*.

    :param largest: the most bytes that it may have.
    :raises Refused: with 413 when it is larger, 422 when there is none, 415 when it is not declared as JSON, and 400
        when it is no JSON that can be taken.
    """
    check_declared(request)
    body = await read_body(request, largest)
    if not body:
        raise Refused(422, "the request has no body", code=602)
    return await decoded(body)


async def decoded(body: bytes) -> Any:
    """Return what :func:`parse_json` does; a large body is not read while everybody waits."""
    return await anyio.to_thread.run_sync(parse_json, body) if len(body) > _LARGE else parse_json(body)


def check_declared(request: Request) -> None:
    """Raise :exc:`Refused` with 415 unless the body is declared to be JSON."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in _JSON_TYPES:
        raise Refused(415, "the body is JSON, and has to be declared: Content-Type: application/json")


async def read_body(request: Request, largest: int) -> bytes:
    """Return the body of *request* as it came; :exc:`Refused` with 413 when it is larger than *largest* bytes."""
    too_large = Refused(413, f"the body has more than {largest} bytes; send less at a time")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and (len(declared) > 15 or int(declared) > largest):
        raise too_large
    received = bytearray()
    try:
        async for chunk in request.stream():
            received += chunk
            if len(received) > largest:
                raise too_large
    except ClientDisconnect:
        raise Refused(400, "the connection was closed before the body was complete") from None
    return bytes(received)


def parse_json(body: bytes) -> Any:
    """Return what *body* means.

    NUL characters, lone surrogates, numbers that a double cannot hold, and more than 32 lists and objects in each other
    are refused: what was taken could not be handed on.

    :raises Refused: with 400.
    """
    try:
        text = body.decode("utf-8")
        value = _DECODER.decode(text)
    except UnicodeDecodeError as error:
        raise Refused(400, f"the body is not UTF-8: byte {error.start} is {body[error.start]:#04x}") from None
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Refused(400, f"the body is not JSON: {error.msg} at {where}") from None
    except ValueError as error:
        raise Refused(400, f"the body cannot be taken: {error}") from None
    _check_depth(value)
    if _SUSPECT.search(body):
        _check_strings(value)
    return value


def _too_deep() -> Refused:
    return Refused(400, f"the body has more than {DEEPEST} lists and objects in each other")


def _children(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [child for one in level for child in _children(one) if isinstance(child, (dict, list))]
        if not level:
            return
    raise _too_deep()


def _check_strings(value: Any) -> None:
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            _check_string(one)
        elif isinstance(one, dict):
            left += one.keys()
            left += one.values()
        elif isinstance(one, list):
            left += one


def _check_string(text: str) -> None:
    if "\x00" in text:
        raise Refused(400, f"a string has a NUL character: {text!r:.80}")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise Refused(400, f"a string has half of a surrogate pair, which is no character: {text!r:.80}")


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text:.40} is beyond what a double can hold")
    return number


def _integer(text: str) -> int:
    if len(text) > _LONGEST_INTEGER:
        raise ValueError(f"{text[:20]}… is beyond what a double can hold")
    number = int(text)
    try:
        float(number)
    except OverflowError:
        raise ValueError(f"{text[:20]}… is beyond what a double can hold") from None
    return number


def _constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number in JSON")


_DECODER: Final = json.JSONDecoder(parse_float=_float, parse_int=_integer, parse_constant=_constant)

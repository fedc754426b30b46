"""Tokens: whose hash fits, and what their scopes let through."""

from __future__ import annotations

import base64
import hashlib

import pytest
from starlette.requests import Request

from tocsin_server.web.refusal import Refused
from tocsin_server.web.scopes import Guard, Token
from tocsin_server.web.token_hash import fits, hash_token

SALT = b"0123456789abcdef"


def scrypt(token: str, ln: int = 4, r: int = 8, p: int = 1) -> str:
    """Return a hash as a user would make it."""
    key = hashlib.scrypt(token.encode(), salt=SALT, n=2**ln, r=r, p=p, dklen=32)
    salt64, key64 = (base64.b64encode(part).decode().rstrip("=") for part in (SALT, key))
    return f"$scrypt$ln={ln},r={r},p={p}${salt64}${key64}"


@pytest.mark.parametrize("make", [hash_token, scrypt])
def test_a_hash_fits_its_token_and_no_other(make: object) -> None:
    assert callable(make)
    hashed = make("correct horse")
    assert fits(hashed, "correct horse")
    assert [other for other in ("", "correct hors", "correct horse ", "ü") if fits(hashed, other)] == []


@pytest.mark.parametrize(
    "hashed", ["", "sha256:", "$scrypt$", scrypt("x").replace("ln=4", "ln=30"), scrypt("x").replace("ln=4", "ln=0")]
)
def test_what_is_no_hash_or_costs_too_much_fits_nothing(hashed: str) -> None:
    assert not fits(hashed, "x")


def request(token: str | None) -> Request:
    """Return a request with that token."""
    headers = [] if token is None else [(b"authorization", f"bearer  {token}".encode())]
    return Request({"type": "http", "headers": headers})


@pytest.mark.anyio
@pytest.mark.parametrize("make", [hash_token, scrypt])
async def test_a_guard_tells_strangers_from_those_who_may_not(make: object) -> None:
    """The second time as the first; an admin may do everything."""
    assert callable(make)
    guard = Guard([Token("ada", make("a"), frozenset({"read"})), Token("root", make("r"), frozenset({"admin"}))])
    for _ in range(2):
        await guard.check(request("a"), "read")
        await guard.check(request("r"), "operate")
        for token, scope, status in (("a", "operate", 403), ("x", "read", 401), (None, "read", 401)):
            with pytest.raises(Refused) as caught:
                await guard.check(request(token), scope)
            assert caught.value.status == status


@pytest.mark.anyio
async def test_without_tokens_a_guard_is_open() -> None:
    guard = Guard([])
    assert guard.open
    await guard.check(request(None), "admin")

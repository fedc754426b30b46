"""Sessions end in time, are bounded, and give nothing away."""

from __future__ import annotations

import pytest

from tocsin.testing.clock import VirtualClock
from tocsin_server.page.sessions import IDLE_SECONDS, LONGEST_SECONDS, Session, Sessions
from tocsin_server.web.scopes import Token

pytestmark = pytest.mark.anyio

TOKEN = Token("maria", "sha256:0", frozenset(["read"]))


async def test_a_session_that_is_used_goes_on_and_one_that_is_not_ends() -> None:
    clock = VirtualClock()
    sessions = Sessions(clock)
    used, unused = sessions.begin(TOKEN), sessions.begin(TOKEN)
    await clock.advance(IDLE_SECONDS - 1)
    assert sessions.find(used) is not None
    await clock.advance(1)
    assert sessions.find(used) is not None
    assert sessions.find(unused) is None


async def test_after_a_week_any_ends() -> None:
    clock = VirtualClock()
    sessions = Sessions(clock)
    secret = sessions.begin(TOKEN)
    lasted = 0.0
    while lasted + IDLE_SECONDS / 2 < LONGEST_SECONDS:
        await clock.advance(IDLE_SECONDS / 2)
        lasted += IDLE_SECONDS / 2
        assert sessions.find(secret) is not None
    await clock.advance(LONGEST_SECONDS - lasted)
    assert sessions.find(secret) is None


async def test_those_that_are_over_make_room() -> None:
    clock = VirtualClock()
    sessions = Sessions(clock)
    sessions.begin(TOKEN)
    await clock.advance(IDLE_SECONDS)
    sessions.begin(TOKEN)
    assert len(sessions) == 1


def test_one_too_many_ends_the_one_that_was_used_longest_ago() -> None:
    sessions = Sessions(VirtualClock(), most=2)
    first, second = sessions.begin(TOKEN), sessions.begin(TOKEN)
    assert sessions.find(first) is not None
    third = sessions.begin(TOKEN)
    assert len(sessions) == 2
    assert [sessions.find(one) is not None for one in (first, second, third)] == [True, False, True]


def test_what_was_ended_is_not_found_and_nobody_guesses() -> None:
    sessions = Sessions(VirtualClock())
    secret = sessions.begin(TOKEN)
    sessions.end(secret)
    for guess in (secret, "", "x" * 100_000, "\ud800"):
        assert sessions.find(guess) is None
        sessions.end(guess)


def test_a_form_of_another_session_is_told_apart() -> None:
    sessions = Sessions(VirtualClock())
    one, other = (sessions.find(sessions.begin(TOKEN)) for _ in range(2))
    assert one is not None
    assert other is not None
    assert one.sent(one.form_key)
    assert not any(one.sent(key) for key in (other.form_key, "", "ä", "\ud800", one.form_key + " "))


def test_secrets_are_in_no_repr_and_are_not_kept() -> None:
    sessions = Sessions(VirtualClock())
    secret = sessions.begin(TOKEN)
    session = sessions.find(secret)
    assert session is not None
    assert session.form_key not in repr(session)
    assert secret not in repr(vars(sessions))


def test_scopes_are_those_of_the_token() -> None:
    assert Session(TOKEN, "").allows("read")
    assert not Session(TOKEN, "").allows("operate")
    assert Session(Token("root", "sha256:0", frozenset(["admin"])), "").allows("operate")
    assert Session(None, "").allows("operate")

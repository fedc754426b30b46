"""What ``tocsin.http`` reads out of an answer's body, whatever somebody put there."""

from __future__ import annotations

from typing import Any

import attrs
import httpx
import pytest

from tocsin.errors import ConfigurationError
from tocsin.http import HARD_TIMEOUT, LONGEST_TIMEOUT, attempt_timeout, json_answer, waiting_seconds


@attrs.frozen
class Settings:
    """A channel with a limit of its own."""

    timeout_seconds: float = attrs.field(validator=attempt_timeout)


def answer(content: bytes) -> httpx.Response:
    """Return an answer with this body."""
    return httpx.Response(200, content=content)


@pytest.mark.parametrize(
    ("content", "document"),
    [
        (b'{"ok": true, "id": 1}', {"ok": True, "id": 1}),
        (b'{"text": "\xff"}', {"text": "\ufffd"}),
        (b"", {}),
        (b"<html>", {}),
        (b'["ok"]', {}),
        (b"null", {}),
        (b'{"broken', {}),
        (b"[" * 60_000, {}),
        (b'{"number": ' + b"9" * 60_000 + b"}", {}),
    ],
)
def test_an_answer_is_a_json_object_or_empty(content: bytes, document: dict[str, Any]) -> None:
    assert json_answer(answer(content)) == document


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (5, 5.0),
        (0, 0.0),
        (64.57, 64.57),
        (86_401, 86_400.0),
        (10**400, 86_400.0),
        (float("inf"), 86_400.0),
        (float("nan"), None),
        (-1, None),
        (True, None),
        ("5", None),
        (None, None),
        ([5], None),
    ],
)
def test_a_waiting_time_is_a_number_of_seconds_up_to_a_day(value: Any, seconds: float | None) -> None:
    assert waiting_seconds(value) == seconds
    assert isinstance(waiting_seconds(value), float) is (seconds is not None)


def test_an_attempt_may_take_a_minute_and_the_runtime_waits_a_little_longer() -> None:
    assert Settings(LONGEST_TIMEOUT).timeout_seconds == 60 < HARD_TIMEOUT
    for wrong, problem in ((0, "above zero"), (60.5, "at most 60 seconds"), ("9", "above zero")):
        with pytest.raises(ConfigurationError, match=problem) as caught:
            Settings(wrong)  # type: ignore[arg-type]  # a user may write anything
        assert caught.value.where == "timeout_seconds"

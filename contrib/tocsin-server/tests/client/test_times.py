"""Durations and instants, as people write them and as they are shown."""

from __future__ import annotations

import contextlib
import time

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin_server.client.times import DURATION, INSTANT, age, duration_text, when


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("5m", 300), ("2h", 7200), ("1d12h", 129_600), ("1w", 604_800), ("1.5h", 5400), ("250ms", 0.25)],
)
def test_a_duration_is_numbers_with_units(text: str, seconds: float) -> None:
    assert DURATION.convert(text, None, None) == seconds


@pytest.mark.parametrize(
    "text", ["", "5", "h", "5x", "5m1h", "1h1h", "-5m", "0s", "1e3s", " 5m", "5 m", "٣m", "9" * 12 + "w"]
)
def test_what_is_no_duration_is_refused_with_examples(text: str) -> None:
    with pytest.raises(click.BadParameter, match=r"such as 90s, 5m, 2h or 1d12h|a hundred years"):
        DURATION.convert(text, None, None)


def test_a_bare_number_is_answered_with_what_may_be_meant() -> None:
    with pytest.raises(click.BadParameter, match="30s, 30m or 30h"):
        DURATION.convert("30", None, None)


@given(st.text(max_size=12))
def test_any_text_is_a_duration_or_a_bad_parameter(text: str) -> None:
    with contextlib.suppress(click.BadParameter):
        assert DURATION.convert(text, None, None) > 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (0.9, "0s"), (59, "59s"), (60, "1m"), (61, "1m1s"), (3600, "1h"), (3661, "1h1m"), (90_061, "1d1h")],
)
def test_a_length_of_time_is_shown_by_its_two_largest_units(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_an_instant_is_sent_in_utc_and_is_local_time_without_an_offset(monkeypatch: pytest.MonkeyPatch) -> None:
    assert INSTANT.convert("2026-01-31T13:00:00.5+01:00", None, None) == "2026-01-31T12:00:00.500Z"
    monkeypatch.setenv("TZ", "Europe/Vienna")
    time.tzset()
    assert INSTANT.convert("2026-01-31 13:00", None, None) == "2026-01-31T12:00:00.000Z"


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "25:00", "9999-12-31T23:59:59-14:00"])
def test_what_is_no_instant_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(click.BadParameter, match="such as 2026-01-31T12:00:00Z"):
        INSTANT.convert(text, None, None)


def test_instants_are_shown_in_local_time_with_its_offset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Vienna")
    time.tzset()
    assert when("2026-07-31T12:00:00.123Z") == "2026-07-31 14:00:00 +0200"


def test_an_age_is_the_distance_from_now_before_and_after() -> None:
    assert age("2026-01-31T10:00:00.000Z") == age("2026-01-31T14:00:00.000Z") == "2h"


@given(st.text(max_size=30) | st.datetimes().map(lambda instant: instant.isoformat() + "+23:59"))
def test_whatever_a_daemon_sends_as_an_instant_can_be_shown(text: str) -> None:
    assert isinstance(when(text), str)
    assert isinstance(age(text), str)

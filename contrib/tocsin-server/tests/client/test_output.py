"""Output: no text of a daemon's steers a terminal, and tables fit whatever they hold."""

from __future__ import annotations

import io
import json
import re
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tocsin_server.client.alert_text import TITLES, row
from tocsin_server.client.output import Output
from tocsin_server.client.plain import plain, plain_lines
from tocsin_server.client.screen import Screen
from tocsin_server.client.table import Cell, Row, lay_out

ANYTHING = st.text(st.characters(), max_size=60)
"""Any string that JSON can bring: lone surrogates, controls and all."""

SOMETHING_NASTY = st.one_of(
    ANYTHING,
    st.text(st.sampled_from("\x1b[31m\x9b\x07\r\n\t\u202e\u2028\ud800́界👩‍💻a "), max_size=40),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | SOMETHING_NASTY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SOMETHING_NASTY, inner, max_size=3),
    max_leaves=8,
)
SCREENS = st.builds(
    Screen,
    width=st.none() | st.integers(1, 200),
    colours=st.booleans(),
    encoding=st.sampled_from(["utf-8", "ascii", "iso8859-1", "cp1252"]),
)
_COLOUR = re.compile(r"\x1b\[(?:\d+)(?:;\d+)*m")


def _without_colours(line: str) -> str:
    return _COLOUR.sub("", line)


def _steers(text: str) -> list[str]:
    """Return what of a line a terminal would obey, or could not show."""
    kinds = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    return [one for one in text if unicodedata.category(one) in kinds and one not in "\u200c\u200d"]


@given(SOMETHING_NASTY, st.sampled_from(["utf-8", "ascii", "cp1252"]))
def test_a_plain_text_is_one_line_without_controls_that_its_encoding_can_say(text: str, encoding: str) -> None:
    shown = plain(text, encoding)
    assert _steers(shown) == []
    shown.encode(encoding)


@given(SOMETHING_NASTY)
def test_lines_of_a_text_are_each_plain(text: str) -> None:
    assert [_steers(line) for line in plain_lines(text)] == [[] for _ in plain_lines(text)]


def test_what_can_be_shown_stays_and_what_steers_is_written_out() -> None:
    assert plain("naïve 日本 👩‍💻 é") == "naïve 日本 👩‍💻 é"
    assert plain("a\x1b[2J\x9b\u202eb\x00\ud800") == "a\\x1b[2J\\x9b\\u202eb\\x00\\ud800"
    assert plain("one\r\ntwo\tthree\u2028four") == "one two three four"
    assert plain("日", "ascii") == "\\u65e5"
    assert plain_lines("one\r\ntwo\tx\n\nfour\n") == ["one", "two x", "", "four"]


ALERTS = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        (
            *("severity", "status", "alert_id", "cluster_id", "message", "fired_at", "resolved_at"),
            *("acknowledged", "snoozed_until", "suppressed", "silenced_by", "inhibited_by", "muted_by"),
        ),
        SOMETHING_NASTY | JSON,
    ),
)


@given(st.lists(ALERTS, max_size=4), SCREENS)
def test_any_alerts_make_a_table_that_fits_and_steers_nothing(alerts: list[dict[str, Any]], screen: Screen) -> None:
    for line in lay_out(TITLES, [row(one) for one in alerts], screen):
        bare = _without_colours(line) if screen.colours else line
        assert _steers(bare) == []
        bare.encode(screen.encoding)
        assert screen.width is None or cell_len(bare) <= screen.width


@given(JSON)
def test_any_document_is_printed_as_ascii_without_controls(document: Any) -> None:
    printed = _printed(Output(True, Screen()), document)
    assert json.loads(printed) == document
    assert printed.isascii()
    assert _steers(printed.replace("\n", "")) == []


def _printed(output: Output, document: Any) -> str:
    with pytest.MonkeyPatch.context() as patch:
        shown = io.StringIO()
        patch.setattr("sys.stdout", shown)
        output.json(document)
        return shown.getvalue()


ROWS: list[Row] = [
    (Cell("critical", "red"), "disk-full", "eu-1", "/var on db1 is almost full, and the log of the queries grows"),
    (Cell("info", "cyan"), "日本語のアラート名前", "ap-1", "ディスクがいっぱいです、すぐに対応してください"),
    ("warning", "cafe\u0301-lag", "eu-1", "界 re\u0301plique"),
]
NAMES = ("severity", "alert", "cluster", "message")


@pytest.mark.parametrize("width", [1, 3, 10, 40, 80, 200])
def test_a_table_fits_a_terminal_and_its_columns_line_up(width: int) -> None:
    lines = lay_out(NAMES, ROWS, Screen(width))
    assert len(lines) == 4
    assert max(cell_len(line) for line in lines) <= width


def test_on_a_narrow_terminal_the_widest_columns_give_way_and_show_it() -> None:
    assert lay_out(NAMES, ROWS, Screen(40)) == [
        "severity  alert      cluster  message",
        "critical  disk-full  eu-1     /var on d…",
        "info      日本語の…  ap-1     ディスク…",
        "warning   cafe\u0301-lag   eu-1     界 re\u0301pliq…",
    ]


def test_on_a_wide_terminal_and_in_a_pipe_nothing_is_cut() -> None:
    whole = [
        "severity  alert                 cluster  message",
        "critical  disk-full             eu-1     /var on db1 is almost full, and the log of the queries grows",
        "info      日本語のアラート名前  ap-1     ディスクがいっぱいです、すぐに対応してください",
        "warning   cafe\u0301-lag              eu-1     界 re\u0301plique",
    ]
    assert lay_out(NAMES, ROWS, Screen(200)) == whole
    assert lay_out(NAMES, ROWS, Screen()) == whole


def test_a_cut_is_marked_with_what_the_encoding_has() -> None:
    assert Screen(5).cut("abcdef", 5) == "abcd…"
    assert Screen(5, encoding="ascii").cut("abcdef", 5) == "abcd~"
    assert Screen(5).cut("abcdef", 0) == ""


class _Terminal(io.StringIO):
    """What a program takes for a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("variables", "colours"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_only_a_terminal_has_colours_and_a_width(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], colours: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "77")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdout", _Terminal())
    assert Screen.current() == Screen(77, colours, "utf-8")
    monkeypatch.setattr("sys.stdout", io.StringIO())
    assert Screen.current() == Screen(None, False, "utf-8")


def test_an_encoding_that_nobody_knows_is_taken_for_utf_8(monkeypatch: pytest.MonkeyPatch) -> None:
    class Odd(io.StringIO):
        encoding = "no-such-encoding"

    monkeypatch.setattr("sys.stdout", Odd())
    assert Screen.current().encoding == "utf-8"


def test_severities_have_their_colours() -> None:
    assert "\x1b[31mcritical\x1b[0m" in lay_out(NAMES, ROWS, Screen(80, True))[1]
    assert "\x1b[1mseverity\x1b[0m" in lay_out(NAMES, ROWS, Screen(80, True))[0]


def test_one_thing_that_was_asked_for_is_not_cut(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(False, Screen(20))
    output.table(("", ""), [("a", "x" * 30)], whole=True)
    output.fields({"name": "y" * 30, "nothing": ""})
    assert capsys.readouterr().out.splitlines() == [f"a  {'x' * 30}", f"  name  {'y' * 30}"]

"""The backend ``console``: what is printed, and that no alert's text can do anything to a terminal."""

from __future__ import annotations

import errno
import io
import os
import pty
import re
import select
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import anyio
import attrs
import pytest
from hypothesis import given
from tests.properties import unhurried

from tocsin.errors import ConfigurationError
from tocsin.model.escalation import EscalationLevel
from tocsin.model.notification import Message, Notification
from tocsin.model.outcome import Outcome, OutcomeStatus
from tocsin.registry import BackendRegistrar
from tocsin.roles.backend import BackendContext
from tocsin.testing.samples import make_listed, make_notification
from tocsin.testing.strategies import any_notifications, any_text
from tocsin_plugins import console, text
from tocsin_plugins._printable import printable, printable_line

on_every_loop = pytest.mark.anyio


def backend(**settings: Any) -> console.ConsoleBackend:
    """Return a console backend with *settings*."""
    return console.ConsoleBackend(console.ConsoleConfig(**settings), BackendContext("dev-console"))


def rendered(notification: Notification) -> Notification:
    """Return *notification* with the message that the core would give it."""
    return attrs.evolve(notification, message=text.render(notification, None))


def printed(notification: Notification, **settings: Any) -> str:
    """Return what a console backend writes for *notification* to a stream that is no terminal."""
    stream = io.StringIO()
    before, sys.stdout = sys.stdout, stream
    try:
        assert anyio.run(backend(**settings).send, notification).success
    finally:
        sys.stdout = before
    return stream.getvalue()


@on_every_loop
async def test_a_notification_is_a_block_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert await backend().send(rendered(make_notification())) == Outcome.delivered("written to stdout")
    lines = capsys.readouterr().out.split("\n")
    assert lines[0] == "[FIRING] CRITICAL cpu_usage on prod-web-01"
    assert lines[1] == "  High CPU usage detected"
    assert lines[-2:] == ["  incident: inc-1", ""]


def test_standard_error_is_used_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    anyio.run(backend(stream="stderr").send, rendered(make_notification()))
    captured = capsys.readouterr()
    assert (captured.out, "[FIRING]" in captured.err) == ("", True)


def test_a_notification_without_a_message_says_at_least_its_headline() -> None:
    assert printed(make_notification()) == "[FIRING] CRITICAL cpu_usage on prod-web-01\n"


def test_a_templates_message_is_printed_with_subject_and_body() -> None:
    message = Message("Look here", "first\nsecond", templated=True)
    assert printed(make_notification(message=message)) == "Look here\n  first\n  second\n"
    assert printed(make_notification(message=message), style="line") == "Look here first\\nsecond\n"
    assert printed(make_notification(message=attrs.evolve(message, subject=""))) == "first\n  second\n"


def test_style_line_prints_exactly_one_line_per_alert() -> None:
    listed = [make_listed(alert_id="a", message="two\nlines"), make_listed(alert_id="b", resolved=True)]
    assert printed(rendered(make_notification(*listed, level=EscalationLevel.FIRST)), style="line").split("\n") == [
        "[FIRING] CRITICAL cpu_usage on prod-web-01: two lines (value 85, threshold 80) (escalation: first)",
        "[RESOLVED] CRITICAL cpu_usage on prod-web-01: High CPU usage detected (value 85, threshold 80)"
        " (escalation: first)",
        "",
    ]


@unhurried
@given(any_notifications())
def test_style_line_has_as_many_lines_as_there_are_alerts_whatever_they_say(notification: Notification) -> None:
    out = printed(rendered(notification), style="line")
    assert out.endswith("\n")
    assert len(out.splitlines()) == out.count("\n") == len(notification.alerts)


@unhurried
@given(any_notifications())
def test_nothing_in_an_alert_reaches_the_terminal_as_a_command(notification: Notification) -> None:
    for style in ("panel", "line"):
        out = printed(rendered(notification), style=style)
        assert not [char for char in out if char != "\n" and char != "\t" and ord(char) < 32]
        assert not {"\x7f", "\x9b", "\u202e", "\u2028"} & set(out)


@unhurried
@given(any_notifications())
def test_a_frame_carries_no_other_escapes_than_our_colors(notification: Notification) -> None:
    out = printed(rendered(notification), color="always")
    assert not {"\x1b", "\x9b", "\x07"} & set(re.sub(r"\x1b\[[0-9;]*m", "", out))


def test_hostile_text_is_shown_instead_of_done() -> None:
    listed = make_listed(message="\x1b[2J\x1b]0;owned\x07 [bold red]x[/] :smile: \u202etxt \ud800")
    out = printed(rendered(make_notification(listed)))
    assert "  \\x1b[2J\\x1b]0;owned\\x07 [bold red]x[/] :smile: \\u202etxt \\ud800\n" in out


@unhurried
@given(any_text())
def test_a_printable_line_is_one_line_and_can_be_encoded(value: str) -> None:
    line = printable_line(value)
    assert len(line.splitlines()) <= 1
    line.encode("utf-8")
    printable(value).encode("utf-8")


def test_ordinary_text_of_any_script_is_left_alone() -> None:
    for value in ("größer", "日本語　全角", "a\u200db", "👩‍🚒", "naïve — …", "C:\\temp"):
        assert printable_line(value) == printable(value) == value


# -- colours -----------------------------------------------------------------------------------------------------


def test_color_always_paints_each_line() -> None:
    assert printed(rendered(make_notification()), style="line", color="always").startswith("\x1b[1;31m[FIRING]")
    resolved = rendered(make_notification(make_listed(resolved=True)))
    assert printed(resolved, style="line", color="always").startswith("\x1b[32m[RESOLVED]")


@pytest.mark.parametrize(("listed", "code"), [(make_listed(), "31"), (make_listed(resolved=True), "32")])
def test_a_frame_has_the_severitys_color(listed: Any, code: str) -> None:
    out = printed(rendered(make_notification(listed)), color="always")
    assert out.startswith(f"\x1b[{code}m╭")
    assert out.endswith("\n")


def test_without_rich_a_block_is_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich.panel", None)
    out = printed(rendered(make_notification()), color="always")
    assert out.startswith("\x1b[1;31m[FIRING] CRITICAL cpu_usage on prod-web-01\x1b[0m\n  High CPU")


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "color", "painted"),
    [
        ({}, "auto", True),
        ({"NO_COLOR": "1"}, "auto", False),
        ({"TERM": "dumb"}, "auto", False),
        ({"NO_COLOR": "1"}, "always", True),
        ({}, "never", False),
    ],
)
def test_a_terminal_is_painted_unless_somebody_objects(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], color: str, painted: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stream = _Terminal()
    monkeypatch.setattr(sys, "stdout", stream)
    for style in ("line", "panel"):
        anyio.run(backend(style=style, color=color).send, rendered(make_notification()))
        assert ("\x1b[" in stream.getvalue()) is painted


# -- streams that do not work ------------------------------------------------------------------------------------


class _OneWrite(io.StringIO):
    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []

    def write(self, text: str, /) -> int:
        self.writes.append(text)
        return len(text)


def test_everything_is_written_with_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = _OneWrite()
    monkeypatch.setattr(sys, "stdout", stream)
    for settings in ({}, {"style": "line"}, {"color": "always"}):
        anyio.run(backend(**settings).send, rendered(make_notification(*[make_listed()] * 3)))
    assert len(stream.writes) == 3


class _Broken(io.StringIO):
    def write(self, text: str, /) -> int:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")


def _closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


@on_every_loop
@pytest.mark.parametrize(
    ("stream", "detail"),
    [
        (_Broken(), "stdout cannot be written to: Broken pipe"),
        (_closed(), "stdout cannot be written to: it is closed"),
        (None, "this process has no stdout"),
    ],
)
async def test_a_stream_that_cannot_be_written_to_is_unavailable(
    monkeypatch: pytest.MonkeyPatch, stream: object, detail: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        outcome = await backend().send(rendered(make_notification()))
    assert outcome == Outcome.unavailable(detail)


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A pipe's two ends."""
    reader, writer = os.pipe()
    yield reader, writer
    for end in (reader, writer):
        os.close(end)


def test_a_pipe_that_nobody_empties_is_unavailable_and_blocks_nothing(
    monkeypatch: pytest.MonkeyPatch, pipe: tuple[int, int]
) -> None:
    os.set_blocking(pipe[1], False)
    with suppress(BlockingIOError):
        while os.write(pipe[1], b"x" * 65_536):
            pass
    os.set_blocking(pipe[1], True)
    with open(pipe[1], "w", closefd=False) as stream, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        outcome = anyio.run(backend().send, rendered(make_notification()))
    assert outcome == Outcome.unavailable("stdout takes no output at the moment")


def test_where_a_stream_cannot_be_asked_it_is_written_to(
    monkeypatch: pytest.MonkeyPatch, pipe: tuple[int, int]
) -> None:
    monkeypatch.delattr(select, "poll")
    with open(pipe[1], "w", closefd=False) as stream, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        assert anyio.run(backend().send, rendered(make_notification())).success


def test_an_encoding_that_cannot_say_it_gets_escapes(monkeypatch: pytest.MonkeyPatch, pipe: tuple[int, int]) -> None:
    with open(pipe[1], "w", encoding="ascii", closefd=False) as stream, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        anyio.run(backend(style="line").send, rendered(make_notification(make_listed(message="größer"))))
    assert b"gr\\xf6\\xdfer" in os.read(pipe[0], 65_536)


def test_on_a_real_terminal_a_frame_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    outer, inner = pty.openpty()
    with open(inner, "w", encoding="utf-8") as stream, monkeypatch.context() as patch:  # noqa: PTH123
        patch.setattr(sys, "stdout", stream)
        assert anyio.run(backend().send, rendered(make_notification())).status is OutcomeStatus.DELIVERED
        shown = os.read(outer, 65_536).decode()
    os.close(outer)
    assert "╭" in shown
    assert "High CPU usage detected" in shown


# -- settings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "where", "nearest"),
    [
        ({"style": "pannel"}, "style", "did you mean 'panel'"),
        ({"stream": "stdin"}, "stream", "did you mean 'stdout'|known are: stderr, stdout|did you mean 'stderr'"),
        ({"color": "yes"}, "color", "always"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(settings: dict[str, str], where: str, nearest: str) -> None:
    with pytest.raises(ConfigurationError, match=nearest) as caught:
        console.ConsoleConfig(**settings)
    assert caught.value.where == where


def test_the_plugin_registers_a_human_backend() -> None:
    registrar = BackendRegistrar()
    console.tocsin_register_backends(registrar)
    registrar.commit()
    spec = registrar.frozen()["console"].spec
    assert (spec.human, spec.renderer, spec.config_class) == (True, "text", console.ConsoleConfig)

"""The settings of an Apprise channel: what is refused, with one line that does not repeat the secret."""

from __future__ import annotations

import gc
import importlib
import inspect
import logging
import re
import socket
from typing import Any

import pytest
from apprise.manager_plugins import NotificationManager

from tocsin import ConfigurationError
from tocsin_apprise.service import REFUSED
from tocsin_apprise.settings import AppriseConfig

TOKEN = "Xs3cretX"


def problem(url: object, **settings: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        AppriseConfig(url=url, **settings)  # type: ignore[arg-type]  # what a file may have
    error = caught.value
    assert error.where in ("url", "allow_schemes", "timeout_seconds")
    assert TOKEN not in str(error)
    assert "\n" not in str(error)
    assert error.__cause__ is None
    return str(error)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "url is missing"),
        (7, "url is missing"),
        (TOKEN, "url looks like ntfy://host/topic"),
        (f" ntfy://{TOKEN}", "a space or a control character"),
        (f"ntfy://h/{TOKEN}\n", "a space or a control character"),
        ("ntfy://h/" + "x" * 9000, "longer than 8192"),
        (f"ntfyy://{TOKEN}/x", "url begins with ntfyy://, which Apprise does not know; did you mean 'ntfy'?"),
        (f"https://{TOKEN}.example/x", "url begins with https://, which Apprise does not know"),
        (f"tgram://{TOKEN}/1", "url is none that Apprise takes for Telegram"),
        (f"slack://{TOKEN}/1", "url is none that Apprise takes for Slack"),
        (f"ntfy://h/a/b?x={TOKEN}", "url names 2 destinations"),
        (f"gnome://{TOKEN}", "url is of gnome://, which acts on this machine"),
        (f"qt://{TOKEN}", "url is of qt://, which acts on this machine"),
        (f"mqtt://{TOKEN}", "mqtt:// (MQTT Notification) cannot be used here: it needs paho-mqtt"),
        (f"syslog://{TOKEN}", "url is of syslog://, which acts on this machine; allow_schemes: [syslog] allows it"),
        (f"JSON://{TOKEN}/x", "url is of json://, which posts to any address"),
        (f"jsons://{TOKEN}/x", "allow_schemes: [jsons] allows it"),
        (f"xml://{TOKEN}/x", "allow_schemes: [xml] allows it"),
        (f"form://{TOKEN}/x", "allow_schemes: [form] allows it"),
    ],
)
def test_a_url_that_cannot_work_is_refused_and_not_repeated(
    url: object, said: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    assert said in problem(url)
    captured = capsys.readouterr()
    assert TOKEN not in caplog.text + captured.out + captured.err


def test_what_is_allowed_may_be_used() -> None:
    assert AppriseConfig(url="jsons://h/x", allow_schemes=("json",)).service == "JSON"
    assert AppriseConfig(url="syslog://", allow_schemes=("syslog",)).service == "Syslog"


def test_only_what_is_refused_can_be_allowed() -> None:
    assert "did you mean 'json'" in problem("ntfy://h/x", allow_schemes=("jsn",))


def test_a_timeout_is_at_most_a_minute() -> None:
    assert "at most 60" in problem("ntfy://h/x", timeout_seconds=61)


def test_a_url_that_a_service_gives_is_taken() -> None:
    config = AppriseConfig(url="https://discord.com/api/webhooks/123456789012345678/" + "x" * 64)
    assert repr(config) == "AppriseConfig(url=***, timeout_seconds=15.0, allow_schemes=(), service='Discord')"


def test_a_url_that_a_service_gives_is_refused_for_what_it_leads_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(REFUSED, "discord", "which is refused here")
    assert "url is of discord://, which is refused here" in problem(
        "https://discord.com/api/webhooks/123456789012345678/" + "x" * 64
    )


@pytest.mark.parametrize(
    "url",
    [
        "matrix://ops:password@127.0.0.1:9/#room",
        "emby://ops:password@127.0.0.1:9",
        "twist://password:ops@example.com",
        "aprs://DF1ABC:12345@DF1DEF",
        "irc://127.0.0.1:9/#alerts",
    ],
)
def test_checking_a_url_reaches_nobody(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even of services that log in, and out when they are let go."""
    reached: list[object] = []

    def reach(*arguments: object, **more: object) -> list[object]:
        reached.append(arguments)
        return []

    monkeypatch.setattr(socket.socket, "connect", reach)
    monkeypatch.setattr(socket, "getaddrinfo", reach)
    AppriseConfig(url=url)
    gc.collect()
    assert reached == []


def test_every_service_that_acts_on_this_machine_is_refused() -> None:
    """Whatever else a newer Apprise brings: one that runs programs or calls the desktop is found here."""
    known: Any = NotificationManager
    reaching = re.compile(
        r"^\s*(?:import|from) (?:subprocess|ctypes|dbus|gi|win32\w*|syslog|blink1|pty)\b|os\.system", re.M
    )
    found = set()
    for kind in known().plugins():
        if reaching.search(inspect.getsource(importlib.import_module(kind.__module__))):
            found |= _schemes(kind)
    assert found, "the search finds nothing any more"
    assert found <= set(REFUSED)


def _schemes(kind: Any) -> set[str]:
    found: set[str] = set()
    for schemes in (kind.protocol, kind.secure_protocol):
        if schemes:
            found |= {schemes} if isinstance(schemes, str) else set(schemes)
    return found

"""The backend ``console``: notifications on this process's standard output or standard error."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable
from typing import Final, TextIO

import attrs

from tocsin import (
    AlertSeverity,
    AlertStatus,
    BackendContext,
    BackendRegistrar,
    Message,
    Notification,
    Outcome,
    hookimpl,
    wording,
)
from tocsin_plugins import _panel, _settings
from tocsin_plugins._printable import printable, printable_line

__all__ = ["ConsoleBackend", "ConsoleConfig", "tocsin_register_backends"]

_SGR: Final = {
    AlertSeverity.INFO: "34",
    AlertSeverity.WARNING: "33",
    AlertSeverity.ERROR: "31",
    AlertSeverity.CRITICAL: "1;31",
    AlertSeverity.EMERGENCY: "1;37;41",
}
_SGR_RESOLVED: Final = "32"


@hookimpl
def tocsin_register_backends(registrar: BackendRegistrar) -> None:
    """Register ``console``."""
    registrar.register("console", ConsoleBackend, config_class=ConsoleConfig, human=True)


@attrs.frozen(slots=True, kw_only=True)
class ConsoleConfig:
    """Settings of a console channel.

    ``style`` is ``panel`` (a block per notification, framed where rich is installed and somebody looks) or ``line``
    (one line per alert; one per notification where a template made it). ``stream`` is ``stdout`` or ``stderr``.
    ``color`` is ``auto`` (on a terminal, unless ``NO_COLOR`` is set), ``always`` or ``never``.

    :raises ConfigurationError: for any other word.
    """

    style: str = attrs.field(default="panel", validator=_settings.one_of("panel", "line"))
    stream: str = attrs.field(default="stdout", validator=_settings.one_of("stdout", "stderr"))
    color: str = attrs.field(default="auto", validator=_settings.one_of("auto", "always", "never"))


class ConsoleBackend:
    """Writes each notification with one call, so that several writers do not mix their lines.

    The stream is looked up for each notification, and asked first whether it takes output: a terminal that is paused,
    or a pipe that nobody reads, makes an attempt *unavailable* rather than stopping the process.
    """

    def __init__(self, config: ConsoleConfig, context: BackendContext) -> None:
        self._config = config

    async def send(self, notification: Notification) -> Outcome:
        """Write *notification*; a stream that is missing, closed, broken or blocked is *unavailable*."""
        name = self._config.stream
        stream: TextIO | None = getattr(sys, name)
        if stream is None:
            return Outcome.unavailable(f"this process has no {name}")
        try:
            if not _takes_output(stream):
                return Outcome.unavailable(f"{name} takes no output at the moment")
            stream.write(_encodable(self._text(notification, stream), stream))
            stream.flush()
        except (OSError, ValueError) as error:
            return Outcome.unavailable(f"{name} cannot be written to: {_reason(error)}")
        return Outcome.delivered(f"written to {name}")

    def _text(self, notification: Notification, stream: TextIO) -> str:
        headline = wording.headline(notification)
        message = notification.message or Message(headline, headline)
        colored = _colored(self._config.color, stream)
        paint = _painter(notification) if colored else str
        if self._config.style == "line":
            return "".join(f"{paint(line)}\n" for line in _lines(notification, message))
        title, *rest = _block(message)
        framed = _panel.panel(title, rest, _border(notification)) if colored else None
        return framed or "\n".join([paint(title), *(f"  {line}" for line in rest)]) + "\n"


def _lines(notification: Notification, message: Message) -> list[str]:
    if message.templated:
        return [printable_line(" ".join(part for part in (message.subject, message.body) if part))]
    level = "" if notification.level is None else f" (escalation: {notification.level.value})"
    return [printable_line(f"{wording.alert_line(listed)}{level}") for listed in notification.alerts] or [
        printable_line(message.subject)
    ]


def _block(message: Message) -> list[str]:
    """The lines of a block; the default form's body begins with its subject already."""
    body = printable(message.body).split("\n")
    subject = printable_line(message.subject)
    return body if body[0] == subject or not subject else [subject, *body]


def _painter(notification: Notification) -> Callable[[str], str]:
    code = _SGR_RESOLVED if notification.status is AlertStatus.RESOLVED else _SGR[notification.severity]
    return lambda text: f"\x1b[{code}m{text}\x1b[0m"


def _border(notification: Notification) -> str:
    """The frame's colour, in rich's words."""
    if notification.status is AlertStatus.RESOLVED:
        return "green"
    return {AlertSeverity.INFO: "blue", AlertSeverity.WARNING: "yellow"}.get(notification.severity, "red")


def _colored(color: str, stream: TextIO) -> bool:
    if color != "auto":
        return color == "always"
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _encodable(text: str, stream: TextIO) -> str:
    """*text* with escapes for what the stream's encoding cannot say."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _takes_output(stream: TextIO) -> bool:
    """Whether a write would go through now; what cannot be asked (a file, a test's buffer) takes output."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):
        return True
    if not hasattr(select, "poll"):
        return True
    poller = select.poll()
    poller.register(descriptor, select.POLLOUT)
    return bool(poller.poll(0))


def _reason(error: Exception) -> str:
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else "it is closed"

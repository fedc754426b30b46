"""The backend ``exec``: each notification is one run of the program."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from typing import Final

from tocsin import BackendContext, Notification, Outcome, wording
from tocsin_exec.program import Ended, Program
from tocsin_exec.settings import ExecConfig, found

__all__ = ["ExecBackend"]

_KEPT: Final = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ")
"""The variables of tocsin's own environment that every program gets."""

_LONGEST_VARIABLE: Final = 1_000
_LONG_WORD: Final = 8


class ExecBackend:
    """Runs one program per notification. Nothing is kept in between."""

    def __init__(self, config: ExecConfig, context: BackendContext) -> None:
        self._config = config

    async def send(self, notification: Notification) -> Outcome:
        """Run the program; what its end means is in the distribution's README."""
        config = self._config
        program = Program(self._command(), self._environment(notification), config.working_directory)
        try:
            ended = await program.run(_stdin(notification), config.timeout_seconds)
        except OSError as error:
            return Outcome.unavailable(f"the program cannot be started: {error.strerror or type(error).__name__}")
        return self._outcome(ended)

    def _command(self) -> list[str]:
        """The command, with the program's path; one that is gone by now fails when it is started."""
        name, *arguments = self._config.command
        return [found(name, self._config.environment) or name, *arguments]

    def _environment(self, notification: Notification) -> Mapping[str, str]:
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        return {**kept, **self._config.environment, **_about(notification)}

    def _outcome(self, ended: Ended) -> Outcome:
        said = ended.tail.shown(self._secrets())
        says = f": {said}" if said else ""
        if ended.status is None:
            return Outcome.unknown(f"no end within {self._config.timeout_seconds:g} s{says}")
        if ended.status < 0:
            return Outcome.unknown(f"ended by {_signal_name(-ended.status)}{says}")
        detail = f"exit code {ended.status}{says}"
        if ended.status == 0:
            return Outcome.delivered(detail, code=0)
        if ended.status in self._config.retry_exit_codes or self._config.other_exit_codes == "unavailable":
            return Outcome.unavailable(detail, code=ended.status)
        return Outcome.rejected(detail, code=ended.status)

    def _secrets(self) -> list[str]:
        """Any variable may be a secret, and so may be a long word of it: the token of ``Bearer …``."""
        values = self._config.environment.values()
        words = (word for value in values for word in value.split() if len(word) >= _LONG_WORD)
        return [*values, *words]


def _stdin(notification: Notification) -> bytes:
    """What the renderer ``json`` made: a document, or the text of a user's template."""
    body = "" if notification.message is None else notification.message.body
    return body.encode("utf-8", "replace") + b"\n"


def _about(notification: Notification) -> dict[str, str]:
    """The variables that tell a program what it is run for."""
    message = notification.message
    values = {
        "NOTIFICATION_ID": notification.notification_id,
        "INCIDENT_ID": notification.incident_id,
        "CHANNEL_ID": notification.channel_id,
        "KIND": notification.kind.value,
        "STATUS": notification.status.value,
        "SEVERITY": notification.severity.value,
        "LEVEL": "" if notification.level is None else str(notification.level.value),
        "ALERT_COUNT": str(len(notification.alerts)),
        "ATTEMPT": str(notification.attempt),
        "TEST": "true" if notification.test else "false",
        "OVER": "true" if notification.over else "false",
        "SUBJECT": "" if message is None else wording.one_line(message.subject),
        "CONTENT_TYPE": "" if message is None else message.content_type,
    }
    return {f"TOCSIN_{name}": _variable(value) for name, value in values.items()}


def _variable(text: str) -> str:
    """Return *text* so that the system takes it as a variable, and no line of it seems to be another one."""
    sayable = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(char if char.isprintable() else "\ufffd" for char in sayable[:_LONGEST_VARIABLE])


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

"""That a backend's secrets show nowhere: in no repr, log line, outcome or error."""

from __future__ import annotations

import base64
import json
import logging
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import anyio
import pytest

from tocsin.config.settings import structure_settings
from tocsin.errors import ConfigurationError
from tocsin.roles.backend import Backend
from tocsin.testing.contracts.backend_tests import BackendTests
from tocsin.testing.contracts.owing import owes
from tocsin.testing.receiver import Answer, BackendReceiver
from tocsin.testing.samples import make_notification

__all__ = ["SecretsContract"]

_SOURCE = "CONTRIBUTING.md: secrets appear in no repr, log line, error or answer"
_SHORTEST = 6


class SecretsContract(BackendTests):
    """What nobody may come to see."""

    def test_the_secrets_are_named(self) -> None:
        """``secrets`` are strings within the settings, long enough to be found by chance nowhere."""
        self.needs("secrets")
        mend = "list in `secrets` the tokens and passwords within settings(), or exempt 'secrets' with the reason"
        owes(self.secrets, "the contract class names no secrets", mend, _SOURCE)
        with self.open_receiver() as receiver:
            given = [text for _, text in _texts(self.settings(receiver))]
        for secret in self.secrets:
            owes(
                len(secret) >= _SHORTEST, f"the secret {secret!r} is shorter than {_SHORTEST} characters", mend, _SOURCE
            )
            owes(any(secret in text for text in given), f"the secret {secret!r} is not in settings()", mend, _SOURCE)

    def test_no_secret_is_in_a_repr(self) -> None:
        """Neither of the config nor of the backend."""
        self.needs("secrets")
        with self.open_receiver() as receiver:
            config = self.config(receiver)
            backend = self.make(receiver)
        for name, shown in (("config", [repr(config), str(config)]), ("backend", [repr(backend), str(backend)])):
            self._check(
                "\n".join(shown),
                f"the {name}'s repr",
                "give the setting attrs.field(repr=tocsin.http.hide), a URL repr=tocsin.http.redact_url",
            )

    def test_no_secret_is_in_an_error_about_settings(self) -> None:
        """Whatever is wrong with it, it is not repeated; and the error says which setting it is."""
        self.needs("secrets")
        with self.open_receiver() as receiver:
            settings = self.settings(receiver)
        for path, text in _texts(settings):
            if not any(secret in text for secret in self.secrets):
                continue
            for broken in (f"{text}\n", f" {text}", f"\x00{text}", f"{text}\udcff", text.partition("://")[2], [text]):
                error = self._refusal(_with(settings, path, broken))
                if error is None:
                    continue
                shown = f"{error!r}\n{error}\n{''.join(traceback.format_exception(error))}"
                mend = "say what is wrong with the setting without repeating its value, and raise it `from None`"
                self._check(shown, f"the error about {'.'.join(path)}", mend)
                owes(
                    isinstance(error, ConfigurationError) and error.where,
                    f"a malformed {'.'.join(path)} raises {type(error).__name__}, which does not say where: {error}",
                    "raise tocsin.ConfigurationError(problem, attribute.name) in the setting's validator",
                    "tocsin.ConfigurationError.where",
                )

    async def test_no_secret_is_in_an_outcome_a_log_or_the_output(self, capsys: pytest.CaptureFixture[str]) -> None:
        """However the receiver answers, also if it repeats what it was sent, and while it hangs."""
        self.needs("secrets")
        with _logged() as lines:
            for answer in Answer:
                if answer.value not in self.exempt:
                    lines.append(await self._said(answer))
        captured = capsys.readouterr()
        self._check(
            "\n".join([*lines, captured.out, captured.err]),
            "an outcome, a log or the output",
            "write details of your own, blot secrets out of what a receiver says (tocsin.http.excerpt(text, secrets),"
            " HttpSender(secrets=…)), and use no client that logs addresses",
        )

    async def _said(self, answer: Answer) -> str:
        """Return what an attempt that is answered so says."""
        with self.receiving(answer) as receiver:
            async with self.sending(receiver) as backend:
                if answer is Answer.HANGS:
                    await self._left(receiver, backend)
                    return ""
                try:
                    return repr(await backend.send(self.rendered(make_notification())))
                except Exception as error:  # noqa: BLE001  whatever it is, no secret may be in it
                    return "".join(traceback.format_exception(error))

    async def _left(self, receiver: BackendReceiver, backend: Backend) -> None:
        """Begin to send, and cancel it."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(backend.send, self.rendered(make_notification()))
            await self.until_arrived(receiver)
            tasks.cancel_scope.cancel()

    def _refusal(self, settings: Mapping[str, Any]) -> Exception | None:
        try:
            structure_settings(settings, self.spec.config_class)
        except Exception as error:  # noqa: BLE001  whatever it is, it is looked at
            return error
        return None

    def _check(self, shown: str, what: str, mend: str) -> None:
        for secret in self.secrets:
            for form in _forms(secret):
                place = shown.find(form)
                around = shown[max(0, place - 60) : place].splitlines()[-1:] or [""]
                owes(place < 0, f"{what} shows the secret {secret!r}, after {around[0]!r}", mend, _SOURCE)


@contextmanager
def _logged() -> Iterator[list[str]]:
    """Give all that is logged meanwhile, at every level, with tracebacks."""
    lines: list[str] = []

    class Noting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{self.format(record)} {record.args!r}")

    root, handler = logging.getLogger(), Noting(logging.DEBUG)
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.setLevel(before)
        root.removeHandler(handler)


def _texts(settings: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield each string among the settings, with where it stands."""
    if isinstance(settings, str):
        yield path, settings
    elif isinstance(settings, Mapping):
        for name, value in settings.items():
            yield from _texts(value, (*path, str(name)))
    elif isinstance(settings, (list, tuple)):
        for index, value in enumerate(settings):
            yield from _texts(value, (*path, str(index)))


def _with(settings: Any, path: tuple[str, ...], value: Any) -> Any:
    """Return a copy of the settings with *value* at *path*."""
    if not path:
        return value
    if isinstance(settings, Mapping):
        return {name: _with(one, path[1:], value) if name == path[0] else one for name, one in settings.items()}
    return [_with(one, path[1:], value) if str(index) == path[0] else one for index, one in enumerate(settings)]


def _forms(secret: str) -> set[str]:
    """Return the forms in which a secret may show."""
    return {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], *(_within_base64(secret, at) for at in range(3))}


def _within_base64(secret: str, at: int) -> str:
    """Return what only the secret decides of a text in base64 in which *at* bytes, or three more, stand before it."""
    raw = secret.encode()
    return base64.b64encode(bytes(at) + raw).decode()[-(-at * 8 // 6) : (at + len(raw)) * 8 // 6]

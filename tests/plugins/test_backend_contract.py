"""The bundled backends keep the contract of backends."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import pytest

from tocsin.testing.contracts import BackendContract
from tocsin.testing.http_receiver import HttpReceiver
from tocsin.testing.receiver import Answer, Arrival, BackendReceiver

TOKEN = "s3cret-t0ken-XXXX"


class TestSlack(BackendContract):
    """Whose address is its secret."""

    backend = "slack"
    secrets = (TOKEN,)
    harmful = ("<!channel", "<@U1", "<https://evil.example|", "\u202e", "\u2066")
    exempt: ClassVar = {"key": "an incoming webhook takes none"}

    def open_receiver(self) -> HttpReceiver:
        return HttpReceiver()

    def settings(self, receiver: HttpReceiver) -> Mapping[str, Any]:
        return {"webhook_url": f"{receiver.url}/services/T000/{TOKEN}"}


class TestWebhook(BackendContract):
    """Signed, with headers of its own."""

    backend = "webhook"
    secrets = (TOKEN, "b3RoZXIgc2VjcmV0", "Zm9yIHNpZ25pbmcgbm90aGluZyBidXQgdGVzdHM=")

    def open_receiver(self) -> HttpReceiver:
        return HttpReceiver()

    def settings(self, receiver: HttpReceiver) -> Mapping[str, Any]:
        return {
            "webhook_url": f"{receiver.url}/{TOKEN}?x=1",
            "headers": {"Authorization": "Basic b3RoZXIgc2VjcmV0"},
            "secret": "whsec_Zm9yIHNpZ25pbmcgbm90aGluZyBidXQgdGVzdHM=",
        }


class Screen(BackendReceiver):
    """Stands in for standard output; what is written in one go is one arrival."""

    def __init__(self) -> None:
        super().__init__()
        self._patch = pytest.MonkeyPatch()

    def __enter__(self) -> Self:
        self._patch.setattr(sys, "stdout", _Stream(self))
        return self

    def stop(self) -> None:
        """Put the real one back."""
        self._patch.undo()


class _Stream(io.StringIO):
    def __init__(self, screen: Screen) -> None:
        super().__init__()
        self._screen = screen

    def write(self, text: str) -> int:
        """Take what is printed; a closed stream raises, and so does one whose disk is full."""
        if self._screen.answer is Answer.DOWN:
            raise ValueError("I/O operation on closed file")
        self._screen.arrived(Arrival(text))
        if self._screen.answer is Answer.FAILS:
            raise OSError(28, "No space left on device")
        return len(text)


class TestConsole(BackendContract):
    """Which has one receiver, and no protocol."""

    backend = "console"
    harmful = ("\x1b[2J", "\x1b]0;owned\x07", "\u202e")
    exempt: ClassVar = {
        "refuses": "a stream refuses nothing",
        "throttles": "a stream asks for nothing",
        "breaks off": "a stream gives no answer",
        "hangs": "a stream that takes nothing is asked first: see tests/test_console.py",
        "key": "it is printed once more",
        "secrets": "it has none",
        "apart": "there is one standard output",
    }

    def open_receiver(self) -> Screen:
        return Screen()

    def settings(self, receiver: Screen) -> Mapping[str, Any]:
        return {}

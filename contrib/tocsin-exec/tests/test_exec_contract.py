"""The backend ``exec`` keeps the contract of backends, with real programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from programs import ProgramReceiver

from tocsin.testing.contracts import BackendContract

TOKEN = "s3cretT0kenOfTheProgram"


class TestExec(BackendContract):
    """With what the program reads."""

    backend = "exec"
    secrets = (TOKEN,)
    exempt: ClassVar = {
        "throttles": "an exit code has no way to ask for less; 75 asks for later",
        "retry after": "an exit code says nothing of when",
    }

    def open_receiver(self) -> ProgramReceiver:
        """A program of its own."""
        return ProgramReceiver()

    def settings(self, receiver: ProgramReceiver) -> Mapping[str, Any]:
        """The program, and a token for it."""
        return {"command": [receiver.program], "environment": {"TOKEN": TOKEN}}

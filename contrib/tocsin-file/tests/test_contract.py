"""The backend ``file`` keeps the contract of backends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from folder_receiver import FolderReceiver

from tocsin.testing.contracts import BackendContract

_NO_ANSWER = "a file gives no answer"


class TestFile(BackendContract):
    """With what a line's reader sees."""

    backend = "file"
    exempt: ClassVar = {
        "refuses": _NO_ANSWER,
        "throttles": _NO_ANSWER,
        "retry after": _NO_ANSWER,
        "fails": "what a full disk does is in test_log_file.py",
        "breaks off": _NO_ANSWER,
        "hangs": "a device that hangs takes nothing; what comes of it is in test_backend.py",
        "secrets": "no setting is secret",
    }

    def open_receiver(self) -> FolderReceiver:
        """A folder of its own."""
        return FolderReceiver()

    def settings(self, receiver: FolderReceiver) -> Mapping[str, Any]:
        """A file in the folder."""
        return {"path": str(receiver.path)}

"""The processor's own count of instructions, by Linux' ``perf_event_open``; where a machine has none, there is none."""

from __future__ import annotations

import ctypes
import fcntl
import os
import platform
import struct
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

__all__ = ["Counter"]

_SYSCALLS: Final = {"x86_64": 298, "aarch64": 241}
_ENABLE: Final = 0x2400
_DISABLE: Final = 0x2401
_SIZE: Final = 120
_HARDWARE: Final = 0
_INSTRUCTIONS: Final = 1
_DISABLED_AND_WITHOUT_KERNEL: Final = 1 | 1 << 5 | 1 << 6
"""The bits ``disabled``, ``exclude_kernel`` and ``exclude_hv`` of ``struct perf_event_attr``."""


def _open() -> int | None:
    number = _SYSCALLS.get(platform.machine())
    if platform.system() != "Linux" or number is None:
        return None
    attribute = struct.pack("<IIQQQQQ", _HARDWARE, _SIZE, _INSTRUCTIONS, 0, 0, 0, _DISABLED_AND_WITHOUT_KERNEL)
    buffer = ctypes.create_string_buffer(attribute, _SIZE)
    found: int = ctypes.CDLL(None, use_errno=True).syscall(number, buffer, 0, -1, -1, 0)
    return None if found < 0 else found


class Counter:
    """Counts the instructions of this thread outside the kernel, while it is entered."""

    def __init__(self) -> None:
        self._file = _open()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            os.close(self._file)

    def of(self, run: Callable[[], object]) -> int | None:
        """Return how many instructions *run* takes; None where nobody counts them."""
        if self._file is None:
            return None
        fcntl.ioctl(self._file, _ENABLE)
        run()
        fcntl.ioctl(self._file, _DISABLE)
        return int(struct.unpack("<Q", os.read(self._file, 8))[0])

"""A device that fails, for one thread: the kernel refuses its system calls, as a disk would make it refuse them.

A seccomp filter (Linux, no privileges needed) holds for the thread that installs it and cannot be taken back, so that
each call runs in a thread of its own. The kernel answers with the error before the device is asked.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys
from collections.abc import Callable
from typing import Any, Final, TypeVar

from tocsin.testing.contracts.store_tests import in_thread

T = TypeVar("T")

_NUMBERS: Final = {
    "x86_64": (0xC000003E, {"fsync": 74, "fdatasync": 75, "pwrite64": 18, "write": 1, "read": 0, "pread64": 17}),
    "aarch64": (
        0xC00000B7,
        {"fsync": 82, "fdatasync": 83, "pwrite64": 68, "write": 64, "read": 63, "pread64": 67},
    ),
}
_SYNC: Final = ("fsync", "fdatasync")
_READ: Final = ("pread64", "read")
_WRITE: Final = ("pwrite64", "write")
_NO_NEW_PRIVILEGES: Final = 38
_SET_SECCOMP: Final = 22
_FILTER: Final = 2
_ALLOW: Final = 0x7FFF0000
_ERRNO: Final = 0x00050000

AVAILABLE: Final = sys.platform == "linux" and platform.machine() in _NUMBERS


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def _forbid(names: tuple[str, ...], error: int) -> None:
    """Make the kernel refuse these system calls to the current thread, for good."""
    machine, numbers = _NUMBERS[platform.machine()]
    refused = [numbers[name] for name in names]
    code = [(0x20, 0, 0, 4), (0x15, 0, len(refused) + 1, machine), (0x20, 0, 0, 0)]
    for index, number in enumerate(refused):
        code.append((0x15, len(refused) - index, 0, number))
    code += [(0x06, 0, 0, _ALLOW), (0x06, 0, 0, _ERRNO | error)]
    text = b"".join(struct.pack("<HBBI", *one) for one in code)
    libc = ctypes.CDLL(None, use_errno=True)
    program = _Program(len(code), text)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or libc.prctl(_SET_SECCOMP, _FILTER, ctypes.byref(program), 0, 0):
        raise OSError(ctypes.get_errno(), "the kernel takes no filter")


def _refusing(names: tuple[str, ...], error: int) -> Callable[[Callable[[], T]], T]:
    def meanwhile(call: Callable[[], T]) -> T:
        def run() -> T:
            _forbid(names, error)
            return call()

        return in_thread(run)

    return meanwhile


def without_sync(call: Callable[[], Any]) -> Any:
    """Call it while the device takes what is written and fails to make it last (EIO)."""
    return _refusing(_SYNC, errno.EIO)(call)


def without_writing(call: Callable[[], Any]) -> Any:
    """Call it while nothing can be written (EIO)."""
    return _refusing(_WRITE, errno.EIO)(call)


def without_room(call: Callable[[], Any]) -> Any:
    """Call it while the disk is full (ENOSPC)."""
    return _refusing(_WRITE, errno.ENOSPC)(call)


def without_reading(call: Callable[[], Any]) -> Any:
    """Call it while nothing can be read (EIO)."""
    return _refusing(_READ, errno.EIO)(call)

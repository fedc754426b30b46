"""Plain data as JSON in bytes, and back; with orjson (the extra ``fast``) where it is there.

What is read does not depend on that, nor what is refused: what orjson would write otherwise, or not at all, is left to
the standard library, which takes what orjson takes of its own accord; texts of either are read by both.
"""

from __future__ import annotations

import enum
import json
import re
import uuid
from collections.abc import Callable, Sequence
from typing import Any, Final

__all__ = ["decode", "decode_all", "encode", "quote"]


def _as_orjson(value: Any) -> Any:
    """Return what orjson writes of its own accord for two kinds of objects, and cannot be told not to."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, uuid.UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no plain data")


_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False, default=_as_orjson)
_DECODER: Final = json.JSONDecoder()
_LONG: Final = re.compile(r"\d{19}")
_MARK: Final = b" "
"""Before a text whose integers may be larger than 64 bits, which the standard library alone reads as they are."""

quote: Final = _ENCODER.encode
"""Return a string as JSON has it, in ASCII."""


def encode(value: Any, *, finite: bool = False) -> bytes:
    """Return *value* as JSON in UTF-8.

    :param finite: whether its numbers are known to be, so that nobody has to make sure of it.
    :raises ValueError: for NaN and the infinities.
    :raises TypeError: for what is no plain data; RecursionError for what is nested too deep.
    """
    text = _quickly(value)
    if text is None or (not finite and b"null" in text):  # which may stand for what is no number
        written = _ENCODER.encode(value)
        text = written.encode("ascii")
        if _LONG.search(written):
            return _MARK + text
    return text


def decode(data: bytes) -> Any:
    """Return what :func:`encode` gave *data* for.

    :raises ValueError: when it is no JSON.
    """
    return _slow(data) if data.startswith(_MARK) else _read(data)


def decode_all(texts: Sequence[bytes]) -> list[Any]:
    """Return what :func:`encode` gave *texts* for, in one go."""
    array = b"[%b]" % b",".join(texts)
    values: list[Any] = _slow(array) if any(text.startswith(_MARK) for text in texts) else _read(array)
    return values


def _slow(data: bytes) -> Any:
    return _DECODER.decode(data.decode("utf-8"))


def _fast() -> tuple[Callable[[Any], bytes | None], Callable[[bytes], Any]]:
    """Return what encodes what it can, and what decodes."""
    try:
        import orjson
    except ImportError:
        return lambda value: None, _slow
    options = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME

    def encode(value: Any) -> bytes | None:
        try:
            return orjson.dumps(value, option=options)
        except TypeError:  # half of a surrogate pair, a large integer, a number as a key, and what is no plain data
            return None

    def decode(data: bytes) -> Any:
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError:
            return _slow(data)

    return encode, decode


_quickly, _read = _fast()

"""Server-sent events: bytes go in, events come out, as the HTML standard describes them (section 9.2.6)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import Final

import attrs

__all__ = ["EventStream", "StreamBroken", "StreamEvent"]

_LARGEST: Final = 16 * 1024 * 1024
_ORDINAL: Final = re.compile("[0-9]{1,18}")
"""What the daemon numbers events with; whatever else comes as an id may not fit into a header."""

_LINE_END: Final = re.compile(r"\r\n|\n|\r")


class StreamBroken(Exception):
    """What came is no stream of events: a line, or an event, has no end."""


@attrs.frozen(slots=True)
class StreamEvent:
    """One event: its kind, its data, and the id of the stream at that point."""

    kind: str
    data: str
    id: str


class EventStream:
    """Reads one stream.

    :param last_id: where it resumes; ``last_id`` is afterwards that of the newest event.
    """

    def __init__(self, last_id: str = "") -> None:
        self.last_id = last_id
        self.retry_seconds: float | None = None
        self._id = last_id
        self._kind = ""
        self._data: list[str] = []
        self._size = 0

    def events(self, pieces: Iterable[bytes]) -> Iterator[StreamEvent]:
        """Yield the events of the stream as they are complete; one that was cut off is left out.

        :raises StreamBroken: when there is no end of one.
        """
        for line in _lines(pieces):
            if line:
                self._take(line)
                if self._size > _LARGEST:
                    raise StreamBroken
                continue
            self.last_id = self._id
            if self._data:
                yield StreamEvent(self._kind or "message", "\n".join(self._data), self.last_id)
            self._kind, self._data, self._size = "", [], 0

    def _take(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
            self._size += len(value) + 1
        elif name == "event":
            self._kind = value
        elif name == "id" and _ORDINAL.fullmatch(value):
            self._id = value
        elif name == "retry" and re.fullmatch(r"[0-9]{1,9}", value):
            self.retry_seconds = int(value) / 1000


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """Yield complete lines. A carriage return at the end of a piece may be half of a line's end, and waits."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
    rest: list[str] = []
    size = 0
    for piece in pieces:
        text = decoder.decode(piece)
        if rest and rest[-1].endswith("\r"):
            text = rest.pop() + text
        *complete, last = _split(text)
        for line in complete:
            yield "".join([*rest, line])
            rest, size = [], 0
        rest.append(last)
        size += len(last)
        if size > _LARGEST:
            raise StreamBroken
    if rest and rest[-1].endswith("\r"):
        yield "".join(rest)[:-1]


def _split(text: str) -> list[str]:
    if not text.endswith("\r"):
        return _LINE_END.split(text)
    *complete, last = _LINE_END.split(text[:-1])
    return [*complete, last + "\r"]

"""A message in as many pieces as its service wants it in, each within the service's limits.

It is cut before it is escaped: Apprise, which cuts afterwards, would part a backslash from what it stands before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from apprise import NotifyFormat, OverflowMode

from tocsin import Message, wording
from tocsin_apprise.markup import Dialect

__all__ = ["MOST_PIECES", "pieces_of"]

MOST_PIECES: Final = 20
"""Where the URL wants a long text in several messages; the last of them is cut."""

_LONGEST: Final = 32_768
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]|[\ud800-\udfff]|[\ufffe\uffff]")
_SEAM: Final = {NotifyFormat.TEXT: 2, NotifyFormat.MARKDOWN: 4, NotifyFormat.HTML: 24}
"""What Apprise puts between title and body where the service has one field for both, markup included."""

Size = Callable[[str], int]


def pieces_of(dialect: Dialect, message: Message) -> Iterator[tuple[str, str]]:
    """Yield title and body of *message* in *dialect*, ending in an ellipsis where they were cut.

    There is one, unless the URL has ``overflow=split``: then there are several of a long body, each with the title.
    Both are measured as the service gets them: escaped characters take more room.
    """
    title = _CONTROL.sub("\ufffd", wording.one_line(message.subject))
    body = _CONTROL.sub("\ufffd", message.body).strip() or title or "…"
    title, room = _titled(dialect, title)
    split = dialect.service.overflow_mode is OverflowMode.SPLIT
    for piece in _split(body, room, dialect.size) if split else [_cut(body, room, dialect.size)]:
        if dialect.joined:
            yield "", dialect.body(f"{title}\n{piece}")
        else:
            yield dialect.title(title), dialect.body(piece)


def _titled(dialect: Dialect, title: str) -> tuple[str, int]:
    """Return *title* as long as it may be, and how much room is left for a body."""
    service = dialect.service
    room = max(min(dialect.most, _LONGEST) - int(service.overflow_buffer), 1)
    if dialect.title_most > 0:
        title = _cut(title, dialect.title_most, lambda text: wording.utf16_length(dialect.title(text)))
    if dialect.title_most <= 0 or service.overflow_amalgamate_title:
        title = _cut(title, max(room // 2, 1), dialect.title_size)
        room = max(room - dialect.title_size(title) - _SEAM[dialect.format], 1)
    return title, room


def _split(text: str, room: int, size: Size) -> Iterator[str]:
    """Yield *text* in pieces within *room*, parted between lines where that leaves them half full, or between words."""
    for _ in range(MOST_PIECES - 1):
        if size(text) <= room:
            break
        start = _start(text, room, size) or text[:1]
        half = len(start) // 2
        at = max(start.rfind("\n"), half) if start.rfind("\n") > half else start.rfind(" ")
        piece = start[:at] if at > half else start
        yield piece.rstrip() or "…"
        text = text[len(piece) :].lstrip()
    if text:
        yield _cut(text, room, size)


def _cut(text: str, room: int, size: Size) -> str:
    """Return the longest start of *text*, with an ellipsis, whose size is within *room*."""
    if len(text) <= room and size(text) <= room:
        return text
    return _start(text, room, lambda start: size(f"{start}…")).rstrip() + "…"


def _start(text: str, room: int, size: Size) -> str:
    """Return the longest start of *text* whose size is within *room*."""
    low, high = 0, min(len(text), room)
    while low < high:
        middle = (low + high + 1) // 2
        if size(wording.prefix(text, middle)) <= room:
            low = middle
        else:
            high = middle - 1
    return wording.prefix(text, low)

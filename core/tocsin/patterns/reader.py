"""A cursor over a pattern's source, and the one way in which the parser refuses."""

from __future__ import annotations

from tocsin.errors import PatternError

__all__ = ["Reader"]

_SHOWN = 24


class Reader:
    """Reads a source character by character; ``index`` is the next one to read."""

    __slots__ = ("index", "source")

    def __init__(self, source: str) -> None:
        self.source = source
        self.index = 0

    @property
    def next(self) -> str:
        """The next character, or '' at the end."""
        return self.source[self.index : self.index + 1]

    def at(self, text: str) -> bool:
        """Whether *text* comes next."""
        return self.source.startswith(text, self.index)

    def take(self) -> str:
        """Return the next character, or '' at the end, and go past it."""
        character = self.next
        self.index += 1
        return character

    def skip(self, text: str) -> bool:
        """Go past *text* if it comes next, and say whether it did."""
        if not self.at(text):
            return False
        self.index += len(text)
        return True

    def error(self, problem: str, at: int | None = None) -> PatternError:
        """Return the error that *problem* is found at the index *at*, by default the next character."""
        where = self.index if at is None else at
        return PatternError(f"pattern {self._shown(where)}, character {where + 1}: {problem}")

    def _shown(self, where: int) -> str:
        first, last = max(0, where - _SHOWN), where + _SHOWN
        shown = repr(self.source[first:last])
        return ("…" if first else "") + shown + ("…" if last < len(self.source) else "")

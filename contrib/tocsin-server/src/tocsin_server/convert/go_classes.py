"""Classes in brackets as Go reads them, written so that tocsin's patterns read the same."""

from __future__ import annotations

from typing import Final

from tocsin import PatternError, compile_pattern
from tocsin_server.convert.go_escapes import InvalidPatternError, UntranslatablePatternError, read_escape, written

__all__ = ["translated_class"]

_POSIX: Final = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\x09\x20",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": r"\x21-\x7e",
    "lower": "a-z",
    "print": r"\x20-\x7e",
    "punct": r"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
    "space": r"\x09-\x0d\x20",
    "upper": "A-Z",
    "word": r"0-9A-Z_a-z",
    "xdigit": "0-9A-Fa-f",
}
_SHORTHANDS: Final = ("\\d", "\\D", "\\s", "\\S", "\\w", "\\W")
_UNICODE: Final = ("\\p", "\\P")


def translated_class(source: str, index: int) -> tuple[str, int]:
    """Return the class that begins at *index*, and where it ends; one that both read alike stays as it is."""
    start = index
    index += 1
    negated = source.startswith("^", index)
    index += negated
    items: list[str] = []
    while not items or not source.startswith("]", index):
        if index >= len(source):
            raise InvalidPatternError("a class in brackets is not closed")
        item, index = _item(source, index)
        items.append(item)
    end = index + 1
    if _alike(source[start:end]):
        return source[start:end], end
    return f"[{'^' if negated else ''}{''.join(items)}]", end


def _alike(text: str) -> bool:
    try:
        compile_pattern(text)
    except PatternError:
        return False
    return True


def _item(source: str, index: int) -> tuple[str, int]:
    if source.startswith("[:", index) and (closing := source.find(":]", index + 2)) >= 0:
        return _named(source[index + 2 : closing]), closing + 2
    two = source[index : index + 2]
    if two in _SHORTHANDS:
        return two, index + 2
    if two in _UNICODE:
        raise UntranslatablePatternError(f"Unicode classes ({two}) have no counterpart; write out the characters")
    first, index = _member(source, index)
    if source.startswith("-", index) and not source.startswith("-]", index) and index + 1 < len(source):
        last, index = _member(source, index + 1)
        if last < first:
            raise InvalidPatternError("a range in a class runs backwards")
        return f"{written(first)}-{written(last)}", index
    return written(first), index


def _member(source: str, index: int) -> tuple[str, int]:
    if index >= len(source):
        raise InvalidPatternError("a class in brackets is not closed")
    return read_escape(source, index) if source[index] == "\\" else (source[index], index + 1)


def _named(name: str) -> str:
    if name in _POSIX:
        return _POSIX[name]
    if name.removeprefix("^") in _POSIX:
        raise UntranslatablePatternError(f"the class [:{name}:] has no counterpart; write out the characters")
    raise InvalidPatternError(f"Go knows no class [:{name[:20]}:]")

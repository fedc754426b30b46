"""Regular expressions in Go's dialect, by RE2: in linear time, whatever the pattern and whatever the text."""

from __future__ import annotations

import functools
import importlib
import re
from typing import Any, Final

from tocsin_jinja.budget import budget

__all__ = ["match", "re_replace_all"]

_RE2: Final[Any] = importlib.import_module("re2")  # it has no types

_LONGEST: Final = 1_000
_MEMORY: Final = 1 << 20
_SMALL: Final = 32
"""Instructions of a program that RE2 runs as a finite automaton with states that it keeps, and so much faster."""

_REFERENCE: Final = re.compile(rb"\$(?:(?P<escaped>\$)|\{(?P<braced>\w+)\}|(?P<bare>\w+))")
"""https://pkg.go.dev/regexp#Regexp.Expand"""


@functools.lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    if len(pattern) > _LONGEST:
        raise ValueError(f"a pattern has at most {_LONGEST:,} characters")
    options = _RE2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        return _RE2.compile(pattern.encode("utf-8", "replace"), options)
    except _RE2.error as error:
        reason = error.args[0] if error.args else b""
        said = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise ValueError(f"{pattern[:60]!r} is no pattern of RE2: {said[:100]}") from None


def _cost(compiled: Any) -> int:
    """Return how many characters it costs to look at one for a pattern."""
    return max(4, int(compiled.programsize) // 8)


def match(pattern: str, text: str) -> bool:
    """Whether the pattern matches somewhere in *text*: https://pkg.go.dev/regexp#MatchString."""
    compiled = _compiled(pattern)
    budget().spend(_cost(compiled) * len(text))
    return compiled.search(text.encode("utf-8", "replace")) is not None


def re_replace_all(pattern: str, replacement: str, text: str) -> str:
    """Replace each match; ``$1`` and ``${name}`` are its groups: https://pkg.go.dev/regexp#Regexp.ReplaceAllString."""
    compiled = _compiled(pattern)
    subject, template = (part.encode("utf-8", "replace") for part in (text, replacement))
    cost = _cost(compiled)
    budget().spend(cost * len(subject))
    ahead = cost / 64 if compiled.programsize <= _SMALL else cost / 4
    names = {_bytes(name): number for name, number in compiled.groupindex.items()}
    made, end, touched = [], 0, -1
    for found in compiled.finditer(subject):
        start, stop = found.span()
        if start == stop and start == touched:  # Go takes no empty match that abuts the one before
            continue
        made += [subject[end:start], _expanded(template, found, names)]
        budget().spend(len(made[-1]) + int(ahead * (len(subject) - start)))  # it may have looked at all that is left
        end = touched = stop
    return b"".join([*made, subject[end:]]).decode("utf-8", "replace")


def _expanded(template: bytes, found: Any, names: dict[bytes, int]) -> bytes:
    def group(reference: re.Match[bytes]) -> bytes:
        if reference["escaped"]:
            return b"$"
        name = reference["braced"] or reference["bare"]
        number = int(name) if name.isdigit() and len(name) < 4 else names.get(name, -1)
        text: bytes | None = found.group(number) if 0 <= number <= found.re.groups else None
        return text or b""

    return _REFERENCE.sub(group, template)


def _bytes(name: str | bytes) -> bytes:
    return name.encode() if isinstance(name, str) else name

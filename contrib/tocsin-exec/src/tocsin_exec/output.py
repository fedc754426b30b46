"""The end of what a program said, as people are shown it: one line, bounded, without any secret."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tocsin.http import excerpt

__all__ = ["Tail"]

_SHORTEST_SECRET: Final = 4
"""Characters; a shorter one is not looked for in what the program says: it would blot out ordinary words."""

_KEPT: Final = 4_096
_SHOWN: Final = 160


class Tail:
    """Takes any number of bytes and keeps the last :data:`_KEPT`."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._cut = False

    def take(self, said: bytes) -> None:
        """Take what came next."""
        self._kept += said
        if len(self._kept) > _KEPT:
            self._cut = True
            del self._kept[:-_KEPT]

    def shown(self, secrets: Iterable[str]) -> str:
        """Return the end of it on one line, with *secrets* blotted out, also one that was cut."""
        hidden = sorted((secret for secret in secrets if len(secret) >= _SHORTEST_SECRET), key=len, reverse=True)
        text = self._kept.decode("utf-8", "replace")
        if self._cut:
            text = _without_rest(text.lstrip("\ufffd"), hidden)
        text = _without_beginning(text, hidden)
        for secret in hidden:
            text = text.replace(secret, "***")
        words = " ".join(text.split())
        return excerpt(words if len(words) <= _SHOWN else "…" + words[-_SHOWN:])


def _without_beginning(text: str, secrets: list[str]) -> str:
    """Blot out at the end of *text* what was said of a secret when the program ended."""
    begun = (secret[:stop] for secret in secrets for stop in range(_SHORTEST_SECRET, len(secret)))
    longest = max((start for start in begun if text.endswith(start)), key=len, default="")
    return f"{text[: -len(longest)]}***" if longest else text


def _without_rest(text: str, secrets: list[str]) -> str:
    """Blot out at the start of *text* what is left of a secret whose beginning was cut off."""
    rests = (secret[start:] for secret in secrets for start in range(1, len(secret) - 1))
    longest = max((rest for rest in rests if text.startswith(rest)), key=len, default="")
    return f"***{text[len(longest) :]}" if longest else text

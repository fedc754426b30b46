"""The one pattern dialect: what RE2 and Python's ``re`` agree on."""

from __future__ import annotations

import re

import attrs

from tocsin.errors import PatternError

__all__ = ["Pattern", "compile_pattern"]


@attrs.frozen(slots=True)
class Pattern:
    source: str
    _compiled: re.Pattern[str] = attrs.field(eq=False, repr=False)

    def matches(self, text: str) -> bool:
        return self._compiled.fullmatch(text) is not None


def compile_pattern(source: str) -> Pattern:
    try:
        return Pattern(source, re.compile(source, re.DOTALL | re.ASCII))
    except re.error as error:
        raise PatternError(str(error)) from None

"""The matcher of patterns that backtracking could blow up on: RE2 where it is installed, else our own automaton.

RE2 is given the canonical source that our own syntax emits, and never changes a result: what it cannot take (a text
with a lone surrogate, a pattern over its memory limit) goes to the automaton.
"""

from __future__ import annotations

import functools
import importlib
from typing import Any

import attrs

from tocsin.patterns.automaton import Automaton
from tocsin.patterns.emit import re2_source
from tocsin.patterns.syntax import Node

__all__ = ["Linear", "re2_program"]


@functools.cache
def _re2() -> Any:
    """Return the module of google-re2, or None where it is not installed."""
    try:
        return importlib.import_module("re2")
    except ImportError:
        return None


def re2_program(node: Node) -> Any:
    """Return RE2's program for *node*, which takes bytes in UTF-8; None without RE2, or when that refuses it."""
    module = _re2()
    if module is None:
        return None
    options = module.Options()
    options.log_errors = False
    try:
        return module.compile(re2_source(node).encode(), options)
    except module.error:
        return None


@attrs.frozen(slots=True)
class Linear:
    """Matches in linear time. Both programs are made when they are first needed."""

    node: Node

    @functools.cached_property
    def automaton(self) -> Automaton:
        """Our own automaton."""
        return Automaton(self.node)

    @functools.cached_property
    def accelerator(self) -> Any:
        """RE2's program, or None."""
        return re2_program(self.node)

    def matches(self, text: str) -> bool:
        """Whether the pattern matches the whole *text*."""
        if self.accelerator is None:
            return self.automaton.accepts(text)
        try:
            encoded = text.encode()
        except UnicodeEncodeError:
            return self.automaton.accepts(text)
        return self.accelerator.fullmatch(encoded) is not None

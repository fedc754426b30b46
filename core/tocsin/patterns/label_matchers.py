"""Prometheus' matcher syntax: ``severity="critical"``, ``{job=~"api|web", team!=ops}``.

It is what Alertmanager's classic parser takes: a name, an operator, and a value in double quotes (with ``\\"``,
``\\\\`` and ``\\n``; any other backslash stands for itself) or bare. A name with other characters than a Prometheus
label's is quoted likewise, as in its newer parser. Braces around the whole are optional, a last comma too. A bare value
that could be read in two ways (it has a quote or a brace, or starts with an operator) is refused.
"""

from __future__ import annotations

import re
from typing import Final

from tocsin.errors import ConfigurationError
from tocsin.model.silence import LabelMatcher, MatchOperator

__all__ = ["parse_label_matchers"]

_NAME: Final = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_OPERATOR: Final = re.compile(r"=~|!=|!~|=")
_BARE: Final = re.compile(r'[^,"{}]*')
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_ESCAPE: Final = re.compile(r'\\([\\"n])')


def parse_label_matchers(text: str) -> tuple[LabelMatcher, ...]:
    """Return the matchers that *text* lists, in order; at least one. Regular expressions are not compiled here.

    :raises ConfigurationError: for anything else; the message has the position and what would be right.
    """
    if not isinstance(text, str):
        raise ConfigurationError(f'matchers are a string such as severity="critical", not {type(text).__name__}')
    return _Matchers(text).all()


class _Matchers:
    """A cursor over the text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.index = 0

    def all(self) -> tuple[LabelMatcher, ...]:
        braces = self._skip("{")
        found = []
        while not self._ended():
            found.append(self._matcher())
            if not self._skip(",") and not self._ended():
                raise self._error("a matcher ends here; write a comma before the next one")
        if braces and not self._skip("}"):
            raise self._error("the opening brace is not closed; write } at the end")
        if self._here():
            raise self._error("nothing may follow the closing brace" if braces else "this brace was never opened")
        if not found:
            raise self._error('no matcher is given; write one such as severity="critical"')
        return tuple(found)

    def _here(self) -> str:
        """Go past white space, and return the next character, or ''."""
        self.index = self._end(_SPACE)
        return self.text[self.index : self.index + 1]

    def _end(self, expression: re.Pattern[str]) -> int:
        found = expression.match(self.text, self.index)
        return found.end() if found else self.index

    def _ended(self) -> bool:
        return self._here() in ("", "}")

    def _skip(self, character: str) -> bool:
        if self._here() != character:
            return False
        self.index += 1
        return True

    def _error(self, problem: str) -> ConfigurationError:
        return ConfigurationError(f"matchers {self.text!r:.120}, character {self.index + 1}: {problem}")

    def _matcher(self) -> LabelMatcher:
        name = self._name()
        self._here()
        found = _OPERATOR.match(self.text, self.index)
        if found is None:
            raise self._error(
                f'after {name!r} one of = != =~ !~ is expected; a name with other characters is quoted: "a.b"=c'
            )
        self.index = found.end()
        return LabelMatcher(name, MatchOperator(found[0]), self._value())

    def _name(self) -> str:
        if self._here() == '"':
            name = self._quoted()
            if not name:
                raise self._error("a label's name is not empty")
            return name
        found = _NAME.match(self.text, self.index)
        if found is None:
            raise self._error("a label's name is expected; one with more than ASCII letters, digits, _ and : is quoted")
        self.index = found.end()
        return found[0]

    def _quoted(self) -> str:
        found = _QUOTED.match(self.text, self.index)
        if found is None:
            raise self._error('this quote is not closed; write " at its end, and \\" for a quote inside')
        self.index = found.end()
        return _unescaped(found[1])

    def _value(self) -> str:
        opening = self._here()
        if opening == '"':
            return self._quoted()
        if opening and opening in "'`~=":
            raise self._error(f'a value that starts with {opening} is ambiguous; write it in double quotes: "…"')
        end = self._end(_BARE)
        bare = self.text[self.index : end].rstrip(" \t\r\n")
        self.index = end
        following = self.text[end : end + 1]
        if (following and following in '"{') or (following == "}" and self._inside(end)):
            raise self._error('a value with a quote or a brace is written in double quotes: "…"')
        return _unescaped(bare)

    def _inside(self, end: int) -> bool:
        """Whether the brace at *end* belongs to the value: it closes nothing, or something follows it."""
        return not self.text.lstrip().startswith("{") or bool(self.text[end + 1 :].strip())


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], text)

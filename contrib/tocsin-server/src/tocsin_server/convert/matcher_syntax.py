"""Alertmanager's two syntaxes for matchers: the classic one, and the newer one with quoted names.

Where both read a text, and read it differently, the classic one counts, as in Alertmanager's default mode; what only
one of them reads is read by that one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NoReturn

from tocsin import LabelMatcher, MatchOperator

__all__ = ["read_matchers"]

_WHITE: Final = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_BLANK: Final = "\t\n\f\r "
_CLASSIC: Final = re.compile(rf"[{_BLANK}]*([a-zA-Z_:][a-zA-Z0-9_:]*)[{_BLANK}]*(=~|=|!=|!~)")
_TOKEN: Final = re.compile(
    rf'[{_WHITE}]*(?:(?P<mark>[{{}},])|(?P<operator>=~|!~|!=|=)|(?P<quoted>"(?:[^"\\]|\\.)*")'
    rf"|(?P<bare>[^{{}}!=~,\\\"'`{_WHITE}]+))",
    re.DOTALL,
)
_GO_ESCAPE: Final = re.compile(
    r'\\(?:([abfnrtv\\"])|x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([0-7]{3}))|(\\|\n|")'
)
_GO_CONTROLS: Final = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    '"': '"',
}


def read_matchers(text: str) -> list[LabelMatcher]:
    """Return the matchers that *text* lists, possibly none.

    :raises ValueError: when neither syntax reads it; says what is wrong.
    """
    try:
        return _classic(text)
    except ValueError as error:
        try:
            return _newer(text)
        except ValueError:
            raise error from None


def _classic(text: str) -> list[LabelMatcher]:
    return [_classic_matcher(part) for part in _parts(text.removeprefix("{").removesuffix("}"))]


def _parts(text: str) -> Iterator[str]:
    """Split at the commas outside double quotes; a last part of white space alone counts for nothing."""
    begin = 0
    inside = escaped = False
    for index, character in enumerate(text):
        if character == "," and not inside:
            yield text[begin:index]
            begin = index + 1
            continue
        if character == '"' and not escaped:
            inside = not inside
        escaped = not escaped if character == "\\" else False if character != "," else escaped
    if last := text[begin:].strip(_WHITE):
        yield last


def _classic_matcher(text: str) -> LabelMatcher:
    found = _CLASSIC.match(text)
    if found is None:
        raise ValueError(f"{_shown(text)} is no matcher: a label's name, one of = != =~ !~, and a value are expected")
    return LabelMatcher(found[1], MatchOperator(found[2]), _classic_value(text[found.end() :].strip(_BLANK)))


def _classic_value(raw: str) -> str:
    quoted = raw.startswith('"')
    value, index = [], int(quoted)
    closed = not quoted
    while index < len(raw):
        character = raw[index]
        last = index == len(raw) - 1
        if character == "\\" and not last:
            following = raw[index + 1]
            value.append({"n": "\n", '"': '"', "\\": "\\"}.get(following, f"\\{following}"))
            index += 2
            continue
        if character == '"':
            if not quoted or not last:
                raise ValueError(f'a double quote inside a value is written \\": {_shown(raw)}')
            closed = True
        else:
            value.append(character)
        index += 1
    if not closed:
        raise ValueError(f"the double quote that begins a value is not closed: {_shown(raw)}")
    return "".join(value)


def _newer(text: str) -> list[LabelMatcher]:
    tokens = list(_tokens(text))
    if tokens[:1] == [("mark", "{")]:
        if tokens[-1] != ("mark", "}") or len(tokens) < 2:
            raise ValueError("the brace is not closed")
        tokens = tokens[1:-1]
    found = []
    while tokens:
        found.append(_newer_matcher(tokens[:3]))
        if tokens[3:] and tokens[3] != ("mark", ","):
            raise ValueError("a comma is expected")
        tokens = tokens[4:]
    return found


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    index = 0
    end = len(text.rstrip(_WHITE))
    while index < end:
        found = _TOKEN.match(text, index)
        if found is None or found.lastgroup is None:
            raise ValueError("this is no matcher")
        yield found.lastgroup, found[found.lastgroup]
        index = found.end()


def _newer_matcher(tokens: list[tuple[str, str]]) -> LabelMatcher:
    if [kind for kind, _ in tokens[1:2]] != ["operator"] or len(tokens) < 3:
        raise ValueError("a name, an operator and a value are expected")
    name, operator, value = _unquoted(tokens[0]), tokens[1][1], _unquoted(tokens[2])
    if not name:
        raise ValueError("a label's name is not empty")
    return LabelMatcher(name, MatchOperator(operator), value)


def _unquoted(token: tuple[str, str]) -> str:
    kind, text = token
    if kind not in ("quoted", "bare"):
        raise ValueError("a name or a value is expected")
    return text if kind == "bare" else _go_string(text[1:-1])


def _go_string(text: str) -> str:
    """Return what Go's double-quoted string means; bytes that are written one by one may make up a character."""
    return _GO_ESCAPE.sub(_go_character, text).encode("utf-8", "surrogateescape").decode("utf-8")


def _go_character(found: re.Match[str]) -> str:
    control, byte, short, long, octal, wrong = found.groups()
    if control is not None:
        return _GO_CONTROLS[control]
    if wrong is not None:
        raise ValueError("an escape is unknown to Go")
    if byte is not None or octal is not None:
        number = int(byte, 16) if byte is not None else int(octal, 8)
        return bytes([number]).decode("utf-8", "surrogateescape") if number < 256 else _wrong()
    number = int(short or long, 16)
    return chr(number) if number <= 0x10FFFF and not 0xD800 <= number < 0xE000 else _wrong()


def _wrong() -> NoReturn:
    raise ValueError("an escape stands for no character")


def _shown(text: str) -> str:
    return f"{text!r:.80}"

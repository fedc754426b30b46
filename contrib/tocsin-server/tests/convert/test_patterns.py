"""Regular expressions: what Alertmanager's match is what the patterns match that are made of them."""

from __future__ import annotations

import random
from typing import Any, Final

import pytest
import re2  # type: ignore[import-untyped]  # google-re2 comes without types

from tocsin import compile_pattern
from tocsin_server.convert.patterns import InvalidPatternError, UntranslatablePatternError, translated

PARTS: Final = (
    *("a", "b", ".", "\n", ".*", ".+", "[^a]", "[a-c]", "[]a]", "[[a]", "[a&&b]", "[a-]", "[-a]", "[[:alpha:]]", ","),
    *("[[:space:]b]", "(", ")", "(?:", "(?i:", "(?s:", "(?i)", "(?s)", "(?-s)", "(?-s:", "(?m)", "(?m:", "(?U)", "|"),
    *("(?P<x>", "*", "+", "?", "??", "{2}", "{1,2}", "{0,}", "{,3}", "{", "}", "]", "^", "$", r"\b", r"\B", r"\d", " "),
    *(r"\D", r"\w", r"\s", r"\S", r"\A", r"\z", r"\Qa.b\E", r"\Q\E", r"\x{61}", r"\x61", r"\141", r"\n", r"\.", r"\_"),
    *(
        r"\pL",
        "-",
        "K",
        "k",
        "s",
        "ſ",
        "é",
        "\\",
        "[",
        r"[a\]b]",
        r"[a\d-z]",
        "[+--]",
        r"[\x61-\x63]",
        "(?i-s:",
        "(?is)",
    ),
)
CHARACTERS: Final = (*"abc\nABkKsſéÉ{}][-1_ &,.", "\u212a")


def _random_pattern(chance: random.Random) -> str:
    return "".join(chance.choice(PARTS) for _ in range(chance.randint(0, 7)))


def _re2(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(f"^(?:{pattern})$", options)
    except re2.error:
        return None


def _translated(source: str) -> str | ValueError:
    try:
        return translated(source)
    except (InvalidPatternError, UntranslatablePatternError) as error:
        return error


def test_a_translated_pattern_matches_what_re2_matches() -> None:
    """And what RE2 refuses is refused. Alertmanager writes ^(?: and )$ around it."""
    chance = random.Random(20)
    tried = 0
    for _ in range(6000):
        source = _random_pattern(chance)
        wanted = _re2(source)
        found = _translated(source)
        if isinstance(found, InvalidPatternError):
            assert wanted is None, (source, found)
        if not isinstance(found, str):
            continue
        assert wanted is not None, source
        pattern = compile_pattern(found)
        tried += 1
        for _ in range(6):
            text = "".join(chance.choice(CHARACTERS) for _ in range(chance.randint(0, 5)))
            assert pattern.matches(text) is (wanted.match(text) is not None), (source, pattern.source, text)
    assert tried > 2000


@pytest.mark.parametrize(
    ("source", "pattern"),
    [
        ("", ""),
        ("foo|bar", "foo|bar"),
        ("a.b", "a[^\n]b"),
        (".*", "[^\n]*"),
        (r"a\.b[.]", r"a\.b[.]"),
        ("(?s).*", ".*"),
        ("(?s:.)(.)", "(?:.)([^\n])"),
        ("(?i)a.", "(?i)a[^\n]"),
        ("(?is)a.", "(?i)a."),
        ("a(?i)b|c", "a(?i:b)|(?i:c)"),
        ("((?i)a)b", "((?i:a))b"),
        ("(?U)a+", "a+"),
        ("(?<n>a)", "(?:a)"),
        ("(?P<n>a)", "(?P<n>a)"),
        ("[[:digit:]x]", "[0-9x]"),
        ("[]a]", r"[\]a]"),
        ("a{b}", r"a\{b\}"),
        ("a{2,3}?", "a{2,3}?"),
        ("^*a", "(?:^)*a"),
        (r"\Qa.b\E+", r"a\.b+"),
        (r"a\z", "a$"),
        (r"\x{e9}\0", r"é\x00"),
        (r"\d\w\s\n\t", r"\d\w\s\n\t"),
    ],
)
def test_what_is_written(source: str, pattern: str) -> None:
    assert translated(source) == pattern


@pytest.mark.parametrize(
    "source",
    [
        *(
            "(",
            "[",
            "[a",
            "*",
            "a**",
            "a{2}{3}",
            "a{1001}",
            "a{3,2}",
            "(?",
            "(?=a)",
            "(?!a)",
            "(?<=a)",
            "(?#a)",
            "(?-)",
        ),
        *("\\", r"\q", r"\x{110000}", r"\1", "[b-a]", "[[:odd:]]", r"\Qa", "(?P<>a)", "a|*", "(+)", "[a-", r"[\b]"),
    ],
)
def test_what_go_refuses_is_invalid(source: str) -> None:
    assert _re2(source) is None
    with pytest.raises(InvalidPatternError):
        translated(source)


@pytest.mark.parametrize(
    "source",
    [
        *(
            r"\pL",
            r"\PL",
            r"[\pL]",
            r"\C",
            r"\B",
            "(?m)^a",
            r"(?m)a\z",
            "(?i:a(?-i)b)",
            "a)|(b",
            "[[:^alpha:]]",
            "(?i)é",
        ),
        *("a(?i)*", r"a\Q\E*", "(" * 60 + ")" * 60, "(a{1,100}){100}"),
    ],
)
def test_what_tocsin_cannot_say_is_untranslatable(source: str) -> None:
    with pytest.raises(UntranslatablePatternError, match=r"."):
        translated(source)

"""What of JSON is taken: whatever could be kept and handed on, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin_server.web.json_body import DEEPEST, parse_json
from tocsin_server.web.refusal import Refused

_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
_numbers = st.integers(-(10**300), 10**300) | st.floats(allow_nan=False, allow_infinity=False)
_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**300), 10**300)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_text, inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None)
@given(value=_values, ascii_only=st.booleans())
def test_any_document_that_can_be_kept_is_taken_as_it_is(value: Any, ascii_only: bool) -> None:
    assert parse_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@settings(deadline=None)
@given(body=st.binary(max_size=60))
def test_any_other_body_is_refused_with_400_and_nothing_else(body: bytes) -> None:
    status = 200
    try:
        parse_json(body)
    except Refused as refused:
        status = refused.status
    assert status in {200, 400}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b'{"a": "\\u0000"}', "NUL"),
        (b'{"\\u0000": 1}', "NUL"),
        (b'["\\ud800"]', "surrogate"),
        (b'["x\\udfffy"]', "surrogate"),
        (b"[1e999]", "double"),
        (b"[-1e999]", "double"),
        (b"[1" + b"0" * 400 + b"]", "double"),
        (b"[" + b"9" * 310 + b"]", "double"),
        (b"[NaN]", "NaN"),
        (b"[-Infinity]", "-Infinity"),
        (b"\xff", "UTF-8"),
        (b"{", "line 1, column 2"),
        (b"[1,]", "line 1"),
        (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), "each other"),
        (b"[" * 100_000, "each other"),
        (b'{"a":' * 100_000, "each other"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_what_could_not_be_kept_is_refused_and_named(body: bytes, problem: str) -> None:
    with pytest.raises(Refused) as caught:
        parse_json(body)
    assert caught.value.status == 400
    assert problem in caught.value.problem


def test_pairs_of_surrogates_are_characters() -> None:
    """As most encoders write what is beyond the first plane; and an escaped backslash begins no escape."""
    assert parse_json(b'["\\ud83d\\ude00", "\\\\ud800"]') == ["\N{GRINNING FACE}", "\\ud800"]

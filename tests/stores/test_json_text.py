"""JSON of what a store keeps: with orjson and without, the same is taken, refused and read."""

from __future__ import annotations

import enum
import hashlib
import json
import sys
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.stores import json_text
from tocsin.stores.sqlite_rows import key_of

_ANY_STRING = st.text(st.characters())  # lone surrogates, too
_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _ANY_STRING,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_ANY_STRING, inner, max_size=4),
    max_leaves=12,
)
_REFUSED = [float("nan"), float("inf"), -float("inf"), {1, 2}, object(), b"bytes"]


@pytest.fixture(scope="module", params=["orjson", "without"], autouse=True)
def json_of(request: pytest.FixtureRequest) -> Any:
    """Both ways, each as the module itself would choose it."""
    patch = pytest.MonkeyPatch()
    if request.param == "without":
        patch.setitem(sys.modules, "orjson", None)
    else:
        pytest.importorskip("orjson", reason="orjson is not installed")
    quickly, read = json_text._fast()
    patch.setattr(json_text, "_quickly", quickly)
    patch.setattr(json_text, "_read", read)
    yield
    patch.undo()


@given(_PLAIN)
def test_what_is_written_is_read_by_both(value: Any) -> None:
    text = json_text.encode(value)
    for read in (json_text.decode, json_text._slow):
        assert read(text) == value
        assert repr(read(text)) == repr(value)  # a float is no integer, and zero has its sign
    assert json.loads(text) == value


@pytest.mark.parametrize("value", [2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 10**40])
def test_integers_stay_what_they_are_however_large(value: int) -> None:
    assert json_text.decode(json_text.encode({"n": [value]})) == {"n": [value]}


@given(_PLAIN)
def test_what_is_known_to_be_finite_is_written_alike(value: Any) -> None:
    assert json_text.decode(json_text.encode(value, finite=True)) == value


@given(st.lists(_PLAIN, max_size=4))
def test_several_are_read_together(values: list[Any]) -> None:
    assert json_text.decode_all([json_text.encode(value) for value in values]) == values


@pytest.mark.parametrize("inside", [lambda value: value, lambda value: {"a": [None, value]}])
@pytest.mark.parametrize("value", _REFUSED, ids=repr)
def test_what_json_cannot_carry_is_refused(value: Any, inside: Callable[[Any], Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        json_text.encode(inside(value))


class Color(enum.Enum):
    """An enumeration whose members are no strings."""

    RED = "red"


def test_what_orjson_writes_unasked_is_written_in_any_case() -> None:
    name = uuid.UUID("00000000-0000-0000-0000-000000000005")
    assert json_text.decode(json_text.encode([Color.RED, name])) == ["red", str(name)]


def test_what_is_nested_without_end_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises((ValueError, RecursionError)):
        json_text.encode(endless)


def test_numbers_as_keys_become_strings() -> None:
    """As the standard library has it."""
    assert json_text.decode(json_text.encode({1: "one", None: "none"})) == {"1": "one", "null": "none"}


@given(_ANY_STRING, _ANY_STRING)
def test_a_key_is_the_hash_of_the_names_as_json(table: str, name: str) -> None:
    """Files that an older version wrote have these."""
    assert key_of(table, name) == hashlib.blake2b(json.dumps((table, name)).encode(), digest_size=16).digest()

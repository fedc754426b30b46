"""The settings of plugins as the site shows them: every field of every class, with what it takes and its default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs
import pytest

import tocsin
from tocsin import AlertSeverity, load_registry
from tocsin_site.settings import kind_of, section, written_default

REGISTRY = load_registry()
CLASSES = {
    f"{kind} {name}": found.spec.config_class
    for kind in ("backends", "aggregators", "sources")
    for name, found in getattr(REGISTRY, kind).items()
}


@attrs.frozen
class Example:
    """An example.

    ``first`` comes first.

    :raises Nothing: never.
    """

    first: str
    second: float = 2.5
    third: tuple[str, ...] = ()


@pytest.mark.parametrize(
    ("hint", "words"),
    [
        (str, "text"),
        (int | None, "whole number or null"),
        (bool, "boolean"),
        (tuple[str, ...], "list of text"),
        (Literal["a", "b"], "`a`, `b`"),
        (Mapping[str, str], "mapping"),
        (tocsin.TimeRange, "mapping"),
        (object, "anything"),
        (AlertSeverity, "`info`, `warning`, `error`, `critical`, `emergency`"),
    ],
)
def test_a_type_is_said_in_words(hint: object, words: str) -> None:
    assert kind_of(hint) == words


def test_a_section_has_what_the_class_says_and_a_row_for_each_field() -> None:
    assert section("example", Example).splitlines() == [
        "### example",
        "",
        "`first` comes first.",
        "",
        "| key | takes | default |",
        "| --- | --- | --- |",
        "| `first` | text | required |",
        "| `second` | number | 2.5 |",
        "| `third` | list of text | `[]` |",
    ]


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_can_be_shown(name: str) -> None:
    """Its text has none of the roles that only docstrings in reStructuredText understand."""
    text = section(name, CLASSES[name])
    fields = [field for field in attrs.fields(CLASSES[name]) if field.init]
    assert [field.name for field in fields if f"| `{field.alias or field.name}` |" not in text] == []
    assert ":class:" not in text
    assert all(written_default(field) for field in fields)

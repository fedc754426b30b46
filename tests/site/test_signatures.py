"""Signatures on the pages have the values of defaults, and not where the code has them from."""

from __future__ import annotations

from typing import Protocol

import attrs
import pytest

import tocsin
from tocsin_site.signatures import readable

_LIMIT = 7
_PLAIN = tocsin.CircuitPolicy()
_OTHER = tocsin.CircuitPolicy(failures=1)


@attrs.frozen
class Sample:
    """Has defaults of every sort."""

    name: str
    level: int = 3
    kind: tocsin.AlertSeverity = tocsin.AlertSeverity.INFO
    labels: dict[str, str] = attrs.field(factory=dict)
    circuit: tocsin.CircuitPolicy = attrs.field(factory=tocsin.CircuitPolicy)
    _own: str | None = attrs.field(default=attrs.Factory(lambda self: self.name, takes_self=True))
    text: str = "x" * 100


def function() -> None:
    """Stands for one with constants as defaults."""


class Role(Protocol):
    """Is nothing that somebody makes."""


@pytest.mark.parametrize(
    ("kind", "written", "shown"),
    [
        (Sample, "(level: int = attr_dict['level'].default)", "(level: int = 3)"),
        (Sample, "(level=attr_dict['level'].default, name)", "(level=3, name)"),
        (Sample, "(kind: AlertSeverity = attr_dict['kind'].default)", "(kind: AlertSeverity = AlertSeverity.INFO)"),
        (Sample, "(labels: dict[str, str] = NOTHING)", "(labels: dict[str, str] = {})"),
        (Sample, "(circuit: CircuitPolicy = NOTHING)", "(circuit: CircuitPolicy = CircuitPolicy())"),
        (Sample, "(own: str | None = NOTHING)", "(own: str | None = ...)"),
        (Sample, "(text: str = attr_dict['text'].default)", "(text: str = ...)"),
        (
            Sample,
            "(name: dict[str, tuple[A, ...]], level: int = attr_dict['level'].default, labels: dict[str, B] = NOTHING)",
            "(name: dict[str, tuple[A, ...]], level: int = 3, labels: dict[str, B] = {})",
        ),
        (
            Sample,
            "(name: str, labels: Mapping[str, list[int]] = NOTHING)",
            "(name: str, labels: Mapping[str, list[int]] = {})",
        ),
        (Sample, "(gone: int = NOTHING)", "(gone: int = NOTHING)"),
        (function, "(a: int = _LIMIT, b=_LIMIT, *, c: str = 'LIMIT')", "(a: int = 7, b=7, *, c: str = 'LIMIT')"),
        (function, "(a: C | None = _PLAIN, b: C = _OTHER)", "(a: C | None = CircuitPolicy(), b: C = ...)"),
        (function, "(a: int = _ELSEWHERE, b: K = Kind.NONE)", "(a: int = _ELSEWHERE, b: K = Kind.NONE)"),
        (Role, "(*args, **kwargs)", ""),
    ],
)
def test_a_signature_can_be_read(kind: object, written: str, shown: str) -> None:
    assert readable(kind, written) == shown

"""Matchers, old and new, as the texts of tocsin's condition ``matchers``.

Alertmanager sees an alert's labels and nothing else. tocsin's matchers see fields such as the severity too, where no
label bears their name: a matcher on such a name is written with ``labels.`` before it, which is the label alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import attrs

from tocsin import LabelMatcher, MatchOperator
from tocsin_server.convert.document import Section, Value
from tocsin_server.convert.matcher_syntax import read_matchers
from tocsin_server.convert.patterns import InvalidPatternError, UntranslatablePatternError, translated
from tocsin_server.convert.remarks import NotAlertmanagerError, Remarks

__all__ = ["FIELD_NAMES", "Keys", "label_name", "matcher_texts"]

FIELD_NAMES: Final = frozenset({"severity", "cluster_id", "node_id", "metric_name", "alert_id"})
"""The fields that tocsin's matchers see where no label bears their name."""

_ALONE: Final = "labels."
_CLASSIC_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_PATTERNS: Final = (MatchOperator.REGEX, MatchOperator.NOT_REGEX)


@attrs.frozen(slots=True)
class Keys:
    """The three fields in which matchers stand: equality, regular expressions, and the new form."""

    equal: str = "match"
    pattern: str = "match_re"
    matchers: str = "matchers"


def matcher_texts(section: Section, keys: Keys, remarks: Remarks) -> list[str]:
    """Return all matchers that stand in *section*; all of them must hold.

    A regular expression that tocsin cannot say is remarked as serious, and stays as it is: tocsin refuses it.

    :raises NotAlertmanagerError: for what is no matcher.
    """
    return [str(_carried(matcher, line, remarks)) for matcher, line in _found(section, keys)]


def _found(section: Section, keys: Keys) -> Iterator[tuple[LabelMatcher, int]]:
    for key, operator in ((keys.equal, MatchOperator.EQUAL), (keys.pattern, MatchOperator.REGEX)):
        written = section.get(key)
        for name, value in written.section().items() if written else ():
            if _CLASSIC_NAME.fullmatch(name) is None:
                raise NotAlertmanagerError(f"{key} takes no label called {name!r:.80}; matchers does", value.line)
            if value.absent and operator is MatchOperator.REGEX:
                raise value.wrong("is a regular expression")
            yield LabelMatcher(name, operator, value.text()), value.line
    for value in _lines(section.get(keys.matchers)):
        for matcher in _read(value):
            yield matcher, value.line


def _lines(value: Value | None) -> list[Value]:
    """Return the texts of a list; a single text counts as a list of one."""
    if value is None:
        return []
    return [value] if value.single else value.items()


def _read(value: Value) -> list[LabelMatcher]:
    try:
        return read_matchers(value.text())
    except ValueError as error:
        raise NotAlertmanagerError(f"{value.name}: {error}", value.line) from None


def label_name(name: str) -> str:
    """Return the name by which tocsin's matchers see the label *name*, and never a field."""
    return _ALONE + name if name in FIELD_NAMES or name.startswith(_ALONE) else name


def _carried(matcher: LabelMatcher, line: int, remarks: Remarks) -> LabelMatcher:
    value = matcher.value
    if matcher.operator in _PATTERNS:
        try:
            value = translated(value)
        except InvalidPatternError as error:
            raise NotAlertmanagerError(f"{matcher.value!r:.120} is no regular expression: {error}", line) from None
        except UntranslatablePatternError as error:
            remarks.serious(line, f"the regular expression {matcher.value!r:.120} stays as it is: {error}")
    return attrs.evolve(matcher, name=label_name(matcher.name), value=value)

"""An alert's strings: whether there can be an alert for which some tests of them hold and others do not.

What bears one name is looked at together: the alert's own field, the label, and the label view, which shows the field
where there is no such label. Different names have nothing to do with each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

import attrs

from tocsin.engine.gaps import RESERVED
from tocsin.model.alert import LABEL_ALONE, VIEW_FIELDS, AlertView
from tocsin.model.severity import AlertSeverity
from tocsin.patterns import compile_pattern
from tocsin.proof.budget import Budget
from tocsin.proof.languages import Language, find
from tocsin.roles.matcher import FieldTest

__all__ = ["Held", "Opaque", "Strings", "Told", "Words"]

_NOTHING: Final = Language(frozenset([""]))
_RESERVED: Final = Language(frozenset([""]), (compile_pattern(f"{RESERVED}.*"),))
_HINTS: Final = ("other", "", "x", "unknown", "~")
_LABEL_HINTS: Final = ("", "other", "x", "unknown", "~")


@attrs.frozen(slots=True)
class Told:
    """That a string of the alert is in a language: its own field, or what the label view has."""

    own: bool
    name: str
    language: Language

    @classmethod
    def of(cls, test: FieldTest) -> Told:
        """Return what *test* asks, negated or not."""
        return cls(test.own, test.name, Language.of(test))

    @property
    def subject(self) -> str:
        """The name of the field or label; no label's own name is thought to begin with ``labels.``."""
        return self.name if self.own else self.name.removeprefix(LABEL_ALONE)

    @property
    def alone(self) -> bool:
        """Whether the label is meant, and never the field."""
        return not self.own and (self.name.startswith(LABEL_ALONE) or self.name not in VIEW_FIELDS)


@attrs.frozen(slots=True, eq=False)
class Opaque:
    """What only a matcher's predicate knows; ``name`` is the matcher's. What raises counts as holding."""

    name: str
    predicate: Callable[[AlertView], bool]

    def holds(self, view: AlertView) -> bool:
        """Whether the predicate holds for an alert."""
        try:
            return bool(self.predicate(view))
        except Exception:  # noqa: BLE001  a matcher that raises counts as matching
            return True


Held: TypeAlias = tuple[Told, bool]
"""A test, and whether it holds."""


@attrs.frozen(slots=True)
class Words:
    """An alert's own field (None: any) and its label (None: there is none) of one name."""

    own: str | None
    label: str | None


class Strings:
    """Finds an alert's strings; what was found out is remembered.

    :param severities: those that the alert may have.
    """

    def __init__(self, severities: Iterable[AlertSeverity], budget: Budget) -> None:
        self._severities = Language(frozenset(str(severity.value) for severity in severities))
        self._budget = budget
        self._found: dict[tuple[str, frozenset[Held]], str | None] = {}

    def words(self, subject: str, held: Sequence[Held]) -> Words | frozenset[Held]:
        """Return strings for which all of *held* is so, or, where there are none, some of *held* that cannot be so."""
        alone = [one for one in held if one[0].alone]
        rest = [one for one in held if not one[0].alone]
        if subject not in VIEW_FIELDS:
            return self._label(subject, alone, [one for one in rest if one[0].own])
        own = [one for one in rest if one[0].own]
        view = [one for one in rest if not one[0].own]
        absent = self._absent(subject, rest, alone)
        if isinstance(absent, Words):
            return absent
        present = self._present(subject, own, [*view, *alone])
        return present if isinstance(present, Words) else absent | present

    def _label(self, subject: str, alone: Sequence[Held], own: Sequence[Held]) -> Words | frozenset[Held]:
        """Of what is no field, the own field is always empty."""
        for told, holds in own:
            if ("" in told.language) is not holds:
                return frozenset([(told, holds)])
        label = self._word("", alone)
        return self._core("", alone) if label is None else Words(None, label or None)

    def _absent(self, subject: str, rest: Sequence[Held], alone: Sequence[Held]) -> Words | frozenset[Held]:
        """There is no such label: the label view shows the field."""
        for told, holds in alone:
            if ("" in told.language) is not holds:
                return frozenset([(told, holds)])
        word = self._word(subject, rest)
        return self._core(subject, rest) if word is None else Words(word, None)

    def _present(self, subject: str, own: Sequence[Held], label: Sequence[Held]) -> Words | frozenset[Held]:
        word = self._word(subject, own)
        if word is None:
            return self._core(subject, own)
        text = self._word("", label)
        return self._core("", label) if text is None else Words(word, text)

    def _word(self, subject: str, held: Iterable[Held]) -> str | None:
        """Return a string of which all of *held* is so, as an own field *subject*, or as a label where that is ''."""
        key = subject, frozenset(held)
        if key not in self._found:
            wanted = [told.language for told, holds in key[1] if holds]
            unwanted = [told.language for told, holds in key[1] if not holds]
            if subject == "severity":
                wanted.append(self._severities)
            elif subject == "alert_id":
                unwanted.append(_RESERVED)
            hints = _HINTS if subject else _LABEL_HINTS
            self._found[key] = find(wanted, unwanted, self._budget, hints)
        return self._found[key]

    def _core(self, subject: str, held: Sequence[Held]) -> frozenset[Held]:
        """Return a few of *held*, which cannot all be so, that cannot be so together: none of them can be left out."""
        for one in held:
            if self._word(subject, [one]) is None:
                return frozenset([one])
        wanted = [one for one in held if one[1]]
        for index, one in enumerate(wanted):
            for other in (*wanted[index + 1 :], *(two for two in held if not two[1])):
                if self._word(subject, [one, other]) is None:
                    return frozenset([one, other])
        return frozenset(self._needed(subject, [], list(held), changed=False))

    def _needed(self, subject: str, kept: list[Held], held: list[Held], *, changed: bool) -> list[Held]:
        """Return those of *held* that are needed beside *kept*, by halves (Junker's QuickXplain)."""
        if changed and self._word(subject, kept) is None:
            return []
        if len(held) == 1:
            return held
        half = len(held) // 2
        first, second = held[:half], held[half:]
        late = self._needed(subject, [*kept, *first], second, changed=bool(first))
        early = self._needed(subject, [*kept, *late], first, changed=bool(late))
        return [*early, *late]

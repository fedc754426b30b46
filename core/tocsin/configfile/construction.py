"""Makes an instance of an attrs class of a mapping, and tells of every field that the class refuses, not of one."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import attrs

from tocsin.configfile.document import Table, plain
from tocsin.configfile.findings import Spot, attempt
from tocsin.configfile.shapes import REFUSED, conform, settable, types_of
from tocsin.errors import ConfigurationError, nearest

__all__ = ["Form", "Reader", "build"]

Reader: TypeAlias = Callable[[Spot], Any]
"""Returns the value of a field, or :data:`REFUSED` after telling what is wrong."""


def _made(kind: type, values: Mapping[str, Any]) -> Any:
    return kind(**values)


@attrs.frozen(slots=True, kw_only=True)
class Form:
    """How a class is written in a file.

    ``given`` are fields that do not stand in the mapping. ``words`` are the file's names for fields that have others.
    ``readers`` read single fields; the others are held against their type. ``otherwise`` are values for fields that
    the class requires and a file does not; ``stand_ins`` for required ones that were refused, to check the others with.
    """

    kind: type
    given: Mapping[str, Any] = attrs.field(factory=dict)
    words: Mapping[str, str] = attrs.field(factory=dict)
    readers: Mapping[str, Reader] = attrs.field(factory=dict)
    otherwise: Mapping[str, Any] = attrs.field(factory=dict)
    stand_ins: Mapping[str, Any] = attrs.field(factory=dict)
    make: Callable[[type, Mapping[str, Any]], Any] = _made

    def fields(self) -> dict[str, attrs.Attribute[Any]]:
        """Return the fields by the file's names for them."""
        words = {field: word for word, field in self.words.items()}
        return {words.get(name, name): field for name, field in settable(self.kind).items() if name not in self.given}


def build(spot: Spot, form: Form) -> Any:
    """Return the instance, or :data:`REFUSED` where there can be none; whatever is wrong is told.

    Where a field is wrong that can be left out, the instance is made without it, so that more can be checked.
    """
    if not isinstance(spot.node, Table):
        spot.refuse_kind("a mapping")
        return REFUSED
    return _Construction(spot, form).instance()


class _Construction:
    def __init__(self, spot: Spot, form: Form) -> None:
        self._spot = spot
        self._form = form
        self._fields = form.fields()
        self._spots: dict[str, Spot] = {}
        self._values: dict[str, Any] = {}
        self._stand_ins: dict[str, Any] = {}

    def instance(self) -> Any:
        self._read()
        if not self._missing() and self._error() is None:
            return self._form.make(self._form.kind, self._arguments())
        self._check_each()
        missing = self._missing()
        if missing <= set(self._form.stand_ins):
            self._stand_ins = {name: self._form.stand_ins[name] for name in missing}
            made = self._together()
            return REFUSED if missing else made
        return REFUSED

    def _required(self) -> set[str]:
        return {name for name, field in self._fields.items() if field.default is attrs.NOTHING}

    def _missing(self) -> set[str]:
        return self._required() - set(self._values) - set(self._form.otherwise)

    def _read(self) -> None:
        hints = types_of(self._form.kind)
        for name, child in self._spot.entries():
            field = self._fields.get(name)
            if field is None:
                child.refuse_key(f"there is no such setting{nearest(name, self._fields)}")
                continue
            self._spots[name] = child
            reader = self._form.readers.get(name)
            value = conform(child, hints[field.name]) if reader is None else reader(child)
            if value is not REFUSED:
                self._values[name] = value
        for name in sorted(self._required() - set(self._spots) - set(self._form.otherwise)):
            self._spot.refuse_key("this is required", name)

    def _arguments(self, *, masked: bool = False) -> dict[str, Any]:
        named = {**self._form.otherwise, **self._stand_ins, **self._values}
        if masked:
            named |= {name: plain(self._spots[name].node, masked=True) for name in self._unread()}
        words = self._form.words
        return {**self._form.given, **{words.get(name, name): value for name, value in named.items()}}

    def _unread(self) -> list[str]:
        """Return the fields whose values are as the file has them."""
        return [name for name in self._values if name not in self._form.readers]

    def _error(self, *, masked: bool = False) -> ConfigurationError | None:
        make = functools.partial(self._form.make, self._form.kind)
        return attempt(make, self._arguments(masked=masked))

    def _check_each(self) -> None:
        """Drop each field that its own converter or validator refuses."""
        for name in list(self._values):
            if not self._alone(name):
                del self._values[name]

    def _alone(self, name: str) -> bool:
        word = self._form.words.get(name, name)
        lone = _lone(self._form.kind, self._fields[name].name)

        def check(value: Any) -> None:
            with contextlib.suppress(AttributeError):  # it looks at another field; all together are checked afterwards
                self._form.make(lone, {word: value})

        if name in self._form.readers:
            error = attempt(check, self._values[name])
            if error is not None:
                self._spots[name].refuse_with(error, lambda: None, word)
            return error is None
        return self._spots[name].accepts(check, word, value=self._values[name])

    def _together(self) -> Any:
        """Make the instance; a field that does not go with the others is told, and dropped if it can be."""
        for _ in range(len(self._values) + 1):
            error = self._error()
            if error is None:
                return self._form.make(self._form.kind, self._arguments())
            self._tell(error)
            name = self._culprit(error)
            if name is None or self._fields[name].default is attrs.NOTHING:
                break
            del self._values[name]
        return REFUSED

    def _culprit(self, error: ConfigurationError) -> str | None:
        field = error.where.split(".")[0].split("[")[0]
        names = {self._form.words.get(name, name): name for name in self._values}
        return names.get(field)

    def _tell(self, error: ConfigurationError) -> None:
        name = self._culprit(error)
        known = {word: name for name, word in self._form.words.items()}
        if name is None:
            self._spot.refuse_with(error, lambda: self._error(masked=True))
            return
        word = self._form.words.get(name, name)
        renamed = type(error)(error.problem, known.get(word, word) + error.where.removeprefix(word))
        self._spot.refuse_with(renamed, lambda: self._error(masked=True))


@functools.cache
def _lone(kind: type, name: str) -> type:
    """Return a class of the name of *kind* that has one of its fields, with that one's converter and validator."""
    (field,) = (field for field in attrs.fields(kind) if field.name == name)
    copied = attrs.field(
        type=types_of(kind)[name], converter=field.converter, validator=field.validator, alias=field.alias
    )
    return attrs.make_class(kind.__name__, {name: copied}, slots=True)

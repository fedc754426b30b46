"""Templates: data with named holes, never code.

``{field}`` is replaced for known fields; every other brace stays, so that a JSON body can be written as it looks.
``{labels.NAME}`` and ``{annotations.NAME}`` read one label or annotation (absent: the empty string). A plugin may
bring another language: it turns its text into literals and given values, which then go the same way.

Whether a body is JSON is decided when the template is made. In a JSON body a placeholder inside a string is escaped,
and a bare one becomes a JSON value (a number, null, or a quoted string).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

import attrs

from tocsin.errors import TemplateError, nearest
from tocsin.model import _check
from tocsin.model.channel import _backend

__all__ = [
    "PLACEHOLDERS",
    "TEMPLATE_FIELDS",
    "CompiledText",
    "GivenField",
    "NotificationTemplate",
    "compile_text",
    "iso_time",
]

Value = str | float | None

PLACEHOLDERS: Final = "placeholders"
"""The name of the one language of templates that is no plugin's."""

TEMPLATE_FIELDS: Final[Mapping[str, str]] = {
    "alert_id": "the alert's id; of a summary, its first alert's",
    "cluster_id": "the alert's cluster; of a summary, all of them, comma-separated",
    "node_id": "the alert's node, or empty",
    "severity": "the severity in upper case; of a summary, the highest",
    "metric_name": "the metric",
    "current_value": "the value that was measured, or empty (null in JSON)",
    "threshold_value": "the threshold that it crossed, or empty (null in JSON)",
    "message": "what the source says",
    "timestamp": "when the source saw it: ISO 8601, or seconds since the epoch where it stands bare in JSON",
    "status": "firing or resolved",
    "kind": "firing, more, escalation, repeat, resolved or digest",
    "level": "the escalation level, or empty",
    "alert_count": "how many alerts this notification lists",
    "incident_id": "the incident's id",
    "notification_id": "the notification's id, the same for all its attempts",
    "channel_id": "the channel that is told",
    "first_timestamp": "when the first of its alerts was seen",
    "last_timestamp": "when the last of its alerts was seen",
}
"""Every placeholder and its meaning; ``labels.NAME`` and ``annotations.NAME`` come on top."""

TIME_FIELDS: Final = frozenset({"timestamp", "first_timestamp", "last_timestamp"})
_HOLE: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_./-]*)?)\}")
_FAMILIES: Final = ("labels.", "annotations.")


class GivenField(str):
    """A hole that brings its value along, whatever the notification has: a template language computed it."""

    __slots__ = ("value",)

    def __new__(cls, value: Value) -> GivenField:
        """Return a hole for *value*."""
        field = super().__new__(cls, "given")
        field.value = value
        return field

    value: Value


def iso_time(seconds: float) -> str:
    """Return *seconds* since the epoch as ISO 8601 in UTC; a time outside the calendar is given as a number."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return repr(seconds)


def _as_text(field: str, value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if field in TIME_FIELDS:
        return iso_time(value)
    number = float(value)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else str(value)


def _in_json_string(field: str, value: Value) -> str:
    return json.dumps(_as_text(field, value))[1:-1]


def _as_json(field: str, value: Value) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return "null"
    return json.dumps(value)


@attrs.frozen(slots=True)
class CompiledText:
    """A template's text, cut at its holes: literals and ``(field, form)`` pairs in turn."""

    literals: tuple[str, ...]
    holes: tuple[tuple[str, Callable[[str, Value], str]], ...]
    is_json: bool

    @property
    def fields(self) -> frozenset[str]:
        """The fields that this text shows."""
        return frozenset(field for field, _ in self.holes)

    def render(self, values: Callable[[str], Value]) -> str:
        """Fill the holes; *values* gives the value of a field."""
        parts = [self.literals[0]]
        for (field, form), literal in zip(self.holes, self.literals[1:], strict=True):
            parts.append(form(field, values(field)))
            parts.append(literal)
        return "".join(parts)


def _known(field: str) -> bool:
    return field in TEMPLATE_FIELDS or field.startswith(_FAMILIES)


def _inside_string(text: str, inside: bool) -> bool:
    """Whether the end of *text* stands inside a JSON string, if its start does or does not."""
    escaped = False
    for char in text:
        if escaped:
            escaped = False
        elif inside and char == "\\":
            escaped = True
        elif char == '"':
            inside = not inside
    return inside


def _json_forms(literals: list[str]) -> list[Callable[[str, Value], str]] | None:
    """Return how each hole is filled if the text is JSON, else None."""
    if not literals[0].lstrip().startswith(("{", "[")):
        return None
    forms: list[Callable[[str, Value], str]] = []
    sample = [literals[0]]
    inside = False
    for before, after in pairwise(literals):
        inside = _inside_string(before, inside)
        forms.append(_in_json_string if inside else _as_json)
        sample += ["x" if inside else "0", after]
    try:
        decoded = json.loads("".join(sample))
    except ValueError:
        return None
    return forms if isinstance(decoded, (dict, list)) else None


def compile_text(text: str, *, json_allowed: bool = True) -> CompiledText:
    """Cut *text* at its placeholders and decide whether it is JSON.

    :raises TemplateError: when a placeholder names a field that does not exist.
    """
    pieces = _HOLE.split(text)
    literals, fields = pieces[::2], pieces[1::2]
    for field in fields:
        if not _known(field):
            raise TemplateError(f"unknown field {{{field}}}{nearest(field, TEMPLATE_FIELDS)}")
    forms = _json_forms(literals) if json_allowed else None
    filled = forms if forms is not None else [_as_text] * len(fields)
    return CompiledText(tuple(literals), tuple(zip(fields, filled, strict=True)), forms is not None)


def _given_text(pieces: Sequence[Value], *, json_allowed: bool = True) -> CompiledText:
    """Return a text of literals and given values in turn, the first and the last of them a literal."""
    literals = [piece if isinstance(piece, str) else "" for piece in pieces[::2]]
    forms = _json_forms(literals) if json_allowed else None
    filled = forms if forms is not None else [_as_text] * (len(literals) - 1)
    holes = zip(map(GivenField, pieces[1::2]), filled, strict=True)
    return CompiledText(tuple(literals), tuple(holes), forms is not None)


@attrs.frozen(slots=True)
class NotificationTemplate:
    """What a channel's messages look like: a subject and a body with placeholders (see :data:`TEMPLATE_FIELDS`).

    A template without ``{status}`` in subject or body renders only single firing alerts; summaries and resolutions
    then use the backend's default form, so that a resolution never looks like a firing. ``language`` says what subject
    and body are written in: these placeholders, or a language that a plugin registers, which decides for itself
    (:class:`tocsin.TemplateLanguage`).

    :raises TemplateError: when a placeholder names a field that does not exist.
    """

    template_id: str = attrs.field(validator=_check.name)
    name: str = attrs.field(validator=_check.text)
    backend: str = attrs.field(converter=_backend)
    subject_template: str = attrs.field(validator=_check.text)
    body_template: str = attrs.field(validator=_check.text)
    language: str = attrs.field(default=PLACEHOLDERS, validator=_check.name)
    subject: CompiledText = attrs.field(init=False, repr=False, eq=False)
    body: CompiledText = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        for part in ("subject", "body"):
            if self.language != PLACEHOLDERS:
                object.__setattr__(self, part, _given_text([getattr(self, f"{part}_template")], json_allowed=False))
                continue
            try:
                compiled = compile_text(getattr(self, f"{part}_template"), json_allowed=part == "body")
            except TemplateError as error:
                raise error.within(f"{part}_template") from None
            object.__setattr__(self, part, compiled)

    @property
    def shows_status(self) -> bool:
        """Whether a reader of the message can tell a firing from a resolution."""
        foreign = self.language != PLACEHOLDERS
        return foreign or "status" in self.subject.fields or "status" in self.body.fields

    @property
    def is_json(self) -> bool:
        """Whether the body is a JSON document."""
        return self.body.is_json

    def filled(self, subject: Sequence[Value], body: Sequence[Value]) -> NotificationTemplate:
        """Return what a template language made of this for one notification, for its backend's renderer to render.

        Either is, in turn, text of the template's author, which stands as it is, and a value that came from the
        notification, which the renderer escapes as its form wants it; the first and the last of them are text. A body
        that is JSON around its values is JSON: a value in a string is escaped, and a bare one becomes a JSON value.
        """
        texts = {"subject": _given_text(subject, json_allowed=False), "body": _given_text(body)}
        written = {f"{part}_template": "".join(text.literals) for part, text in texts.items()}
        filled = attrs.evolve(self, **written)
        for part, text in texts.items():
            object.__setattr__(filled, part, text)
        return filled

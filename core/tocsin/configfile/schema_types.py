"""JSON Schema of a type, and of an attrs class with its docstring."""

from __future__ import annotations

import collections.abc
import enum
import inspect
import typing
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import attrs

from tocsin.configfile.construction import Form
from tocsin.configfile.references import PATTERN
from tocsin.configfile.shapes import inner_types, types_of

__all__ = ["NAMES", "NULL", "STRING", "Schema", "described", "form_schema", "mapping_of", "type_schema"]

Schema: TypeAlias = dict[str, Any]

STRING: Final[Schema] = {"type": "string"}
NULL: Final[Schema] = {"type": "null"}
NAMES: Final[Schema] = {"type": "array", "items": {"type": "string", "minLength": 1}}
SECRET_FILE: Final[Schema] = {
    "type": "object",
    "description": "What the file holds is the value.",
    "properties": {"file": STRING},
    "required": ["file"],
    "additionalProperties": False,
}

_SINGLE: Final[Mapping[type, str]] = {bool: "boolean", int: "integer", float: "number", str: "string"}
_LISTS: Final = (tuple, list, set, frozenset, collections.abc.Sequence, collections.abc.Iterable)


def type_schema(hint: Any, *, secrets: bool = False, inside: tuple[type, ...] = ()) -> Schema:
    """Return the schema of a type; anything, where the type says nothing.

    With *secrets*, ``{file: …}`` is a string. *inside* are the classes that it is a part of: none is followed again.
    """
    options = [_option(option, secrets, inside) for option in inner_types(hint)]
    if type(None) in typing.get_args(hint):
        options.append(NULL)
    if secrets and STRING in options:
        options.append(SECRET_FILE)
    return options[0] if len(options) == 1 else {"anyOf": options}


def _option(hint: Any, secrets: bool, inside: tuple[type, ...]) -> Schema:
    origin = typing.get_origin(hint) or hint
    arguments = typing.get_args(hint)
    if origin in _SINGLE:
        return STRING if origin is str else {"type": [_SINGLE[origin], "string"], "pattern": PATTERN}
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin in _LISTS:
        item = arguments[0] if arguments else Any
        return {"type": "array", "items": type_schema(item, secrets=secrets, inside=inside)}
    if origin in (dict, collections.abc.Mapping):
        item = arguments[1] if len(arguments) == 2 else Any
        return mapping_of(type_schema(item, secrets=secrets, inside=inside))
    if isinstance(origin, type) and issubclass(origin, enum.Enum):
        return {"enum": [member.value for member in origin]}
    if isinstance(origin, type) and attrs.has(origin):
        return (
            {"type": "object"} if origin in inside else form_schema(Form(kind=origin), secrets=secrets, inside=inside)
        )
    return {}


def mapping_of(values: Schema) -> Schema:
    """Return the schema of a mapping from names."""
    return {"type": "object", "additionalProperties": values}


def described(schema: Schema, documented: Any) -> Schema:
    """Return *schema* with the docstring of a class as its description; what it raises is no matter of editors."""
    text = inspect.cleandoc(vars(documented).get("__doc__") or "").split("\n:raises")[0].strip()
    return {"description": " ".join(text.replace("``", "`").split()), **schema} if text else schema


def form_schema(
    form: Form,
    special: Mapping[str, Schema] | None = None,
    *,
    secrets: bool = False,
    inside: tuple[type, ...] = (),
) -> Schema:
    """Return the schema of a class as *form* writes it; *special* has the schemas of single fields, and of others."""
    hints = types_of(form.kind)
    properties: dict[str, Schema] = dict(special or {})
    required = []
    for name, field in form.fields().items():
        if name not in properties:
            schema = type_schema(hints[field.name], secrets=secrets, inside=(*inside, form.kind))
            properties[name] = _with_default(schema, field)
        if field.default is attrs.NOTHING and name not in form.otherwise:
            required.append(name)
    whole: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        whole["required"] = required
    return described(whole, form.kind)


def _with_default(schema: Schema, field: attrs.Attribute[Any]) -> Schema:
    default = field.default
    if isinstance(default, enum.Enum):
        default = default.value
    known = default is None or isinstance(default, (bool, int, float, str))
    return {**schema, "default": default} if known else schema

"""The shapes that schemas are made of, in JSON Schema's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tocsin import AlertSeverity

__all__ = [
    "BY",
    "COUNT",
    "FLAG",
    "INSTANT",
    "NUMBER",
    "PAIRS",
    "SECONDS",
    "SEVERITY",
    "TEXT",
    "TEXTS",
    "Schema",
    "enum",
    "name",
    "or_null",
    "page",
    "ref",
    "shape",
]

Schema = Mapping[str, Any]

TEXT: Final[Schema] = {"type": "string"}
NUMBER: Final[Schema] = {"type": "number"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
FLAG: Final[Schema] = {"type": "boolean"}
TEXTS: Final[Schema] = {"type": "array", "items": TEXT}
PAIRS: Final[Schema] = {"type": "object", "additionalProperties": TEXT}
INSTANT: Final[Schema] = {"type": "string", "format": "date-time", "examples": ["2026-01-31T12:00:00.000Z"]}
BY: Final[Schema] = {"type": "string", "maxLength": 1024}
SEVERITY: Final[Schema] = {"type": "string", "enum": [one.value for one in AlertSeverity]}
SECONDS: Final[Schema] = {"type": "number", "minimum": 0.001, "maximum": 316_224_000}


def ref(name: str) -> Schema:
    """Return a reference to a schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def or_null(schema: Schema) -> Schema:
    """Return a schema that null meets, too."""
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"oneOf": [schema, {"type": "null"}]}


def enum(kind: Any) -> Schema:
    """Return the values of an enumeration."""
    return {"type": "string", "enum": [one.value for one in kind]}


def shape(fields: Mapping[str, Schema], *optional: str, more: bool = False) -> Schema:
    """Return an object whose fields are all there, but for the *optional* ones; *more* may have others too."""
    return {
        "type": "object",
        "properties": dict(fields),
        "required": [field for field in fields if field not in optional],
        "additionalProperties": more,
    }


def page(item: str) -> Schema:
    """Return a page of a list."""
    return shape({"items": {"type": "array", "items": ref(item)}, "next": or_null(TEXT)})


def name(count: int = 1024) -> Schema:
    """Return a string that is not empty."""
    return {"type": "string", "minLength": 1, "maxLength": count}

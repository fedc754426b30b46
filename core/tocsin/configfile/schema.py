"""The JSON Schema of configuration files: made of the classes that read them, and of those of the plugins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tocsin.configfile import channels, daemon, policies, rules, suppression
from tocsin.configfile.construction import Form
from tocsin.configfile.references import PATTERN
from tocsin.configfile.schema_types import (
    NAMES,
    NULL,
    STRING,
    Schema,
    described,
    form_schema,
    mapping_of,
    type_schema,
)
from tocsin.model.aggregation import Aggregation
from tocsin.model.template import PLACEHOLDERS
from tocsin.registry import Registry

__all__ = ["configuration_schema"]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_NULLABLE_NAME: Final[Schema] = {"anyOf": [STRING, NULL]}


def configuration_schema(registry: Registry) -> Schema:
    """Return the schema, in the dialect of 2020-12, for what is registered in *registry*."""
    sections: dict[str, Schema] = {
        "include": {**NAMES, "description": "Further files, relative to this one; * and ? and ** stand for any."},
        "channels": mapping_of(_channel(registry)),
        "receivers": {
            **mapping_of(NAMES),
            "description": "Groups of channels; an empty one discards on purpose.",
        },
        "routing_rules": {"type": "array", "items": {"$ref": "#/$defs/rule"}},
        "escalation_policies": mapping_of(_policy()),
        "templates": mapping_of(_template(registry)),
        "aggregation": {"$ref": "#/$defs/aggregation"},
        "inhibition_rules": {"type": "array", "items": _inhibition()},
        "time_intervals": mapping_of({"type": "array", "minItems": 1, "items": _interval()}),
        "sources": mapping_of(_source(registry)),
        "watchdog": form_schema(daemon.WATCHDOG),
        "retention": form_schema(daemon.RETENTION),
        "catch_all_channel": {**_NULLABLE_NAME, "description": "Who is told of an alert that no rule matches."},
        "escalation_scheduler": _names(registry.schedulers),
        "server": _server(),
    }
    return {
        "$schema": DIALECT,
        "title": "tocsin configuration",
        "type": "object",
        "properties": {name: _or_nothing(schema) for name, schema in sections.items()},
        "additionalProperties": False,
        "$defs": {"rule": _rule(registry), "aggregation": _aggregation(registry)},
    }


def _or_nothing(schema: Schema) -> Schema:
    """A section that is begun and says nothing is one that is left out."""
    return {**schema, "type": [schema["type"], "null"]} if isinstance(schema.get("type"), str) else schema


def _names(known: Mapping[str, Any]) -> Schema:
    return {"enum": list(known)}


def _by_kind(field: str, schema: Schema, kinds: Mapping[str, Schema], section: str) -> Schema:
    """Return *schema* with the settings in *section* as the kind that *field* names has them."""
    branches = [
        {
            "if": {"properties": {field: {"const": name}}, "required": [field]},
            "then": {
                "properties": {section: settings},
                **({"required": [section]} if settings.get("required") else {}),
            },
        }
        for name, settings in kinds.items()
    ]
    return {**schema, "allOf": branches} if branches else schema


def _channel(registry: Registry) -> Schema:
    kinds = {name: _settings(found.spec.config_class) for name, found in registry.backends.items()}
    schema = form_schema(channels.CHANNEL, {"backend": _names(kinds), "config": {"type": ["object", "null"]}})
    return _by_kind("backend", schema, kinds, "config")


def _template(registry: Registry) -> Schema:
    languages = [PLACEHOLDERS, *registry.template_languages]
    return form_schema(channels.TEMPLATE, {"backend": _names(registry.backends), "language": {"enum": languages}})


def _source(registry: Registry) -> Schema:
    kinds = {name: _settings(found.spec.config_class) for name, found in registry.sources.items()}
    schema = form_schema(daemon.SOURCE, {"source": _names(kinds), "config": {"type": ["object", "null"]}})
    return _by_kind("source", schema, kinds, "config")


def _settings(config_class: type) -> Schema:
    return form_schema(Form(kind=config_class), secrets=True)


def _rule(registry: Registry) -> Schema:
    conditions = {name: _condition(found.spec.factory) for name, found in registry.matchers.items()}
    return form_schema(
        rules.RULE,
        {
            "conditions": {"type": "object", "properties": conditions, "additionalProperties": False},
            "routes": {"type": "array", "items": {"$ref": "#/$defs/rule"}},
            "aggregation": {"$ref": "#/$defs/aggregation"},
        },
    )


def _condition(factory: Any) -> Schema:
    text = " ".join((getattr(factory, "__doc__", None) or "").replace("``", "`").split())
    return {"description": text} if text else {}


def _policy() -> Schema:
    levels = dict.fromkeys(policies.LEVELS, NAMES)
    return form_schema(
        policies.POLICY,
        {
            **levels,
            "escalation_levels": {"type": "object", "properties": levels, "additionalProperties": False},
            "level_delays_seconds": {
                "type": "object",
                "properties": {
                    level: {"type": ["number", "string"], "minimum": 0, "pattern": PATTERN} for level in policies.LEVELS
                },
                "additionalProperties": False,
            },
        },
    )


def _aggregation(registry: Registry) -> Schema:
    """One branch for each strategy; without a strategy the settings are the default one's."""
    branches = []
    default = Aggregation().strategy
    for name, found in registry.aggregators.items():
        branch = form_schema(Form(kind=found.spec.config_class), {"strategy": {"const": name}}, secrets=True)
        branch["type"] = ["object", "null"]
        named = {"properties": {"strategy": {"const": name}}}
        branches.append({"if": named if name == default else {**named, "required": ["strategy"]}, "then": branch})
    return described(
        {"type": ["object", "null"], "properties": {"strategy": _names(registry.aggregators)}, "allOf": branches},
        Aggregation,
    )


def _inhibition() -> Schema:
    matchers: Schema = {"type": "array", "minItems": 1, "items": {"anyOf": [STRING, form_schema(suppression.MATCHER)]}}
    return form_schema(suppression.INHIBITION, {"source_matchers": matchers, "target_matchers": matchers})


def _interval() -> Schema:
    spans = dict.fromkeys(suppression.SPANS, type_schema(list[str | int]))
    return form_schema(
        suppression.INTERVAL, {**spans, "times": {"type": "array", "items": form_schema(suppression.TIMES)}}
    )


def _server() -> Schema:
    path: Schema = {"anyOf": [STRING, {"type": "object", "properties": {"file": STRING}, "required": ["file"]}]}
    tls = form_schema(daemon.TLS, {"certificate": path, "key": path, "client_ca": {"anyOf": [path, NULL]}})
    tokens: Schema = {"type": "array", "items": form_schema(daemon.TOKEN, {"hash": path})}
    return form_schema(daemon.SERVER, {"tls": {"anyOf": [tls, NULL]}, "auth_tokens": tokens})

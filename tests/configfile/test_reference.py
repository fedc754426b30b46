"""The reference of the configuration file: its examples are right, and it has every key with its default."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import attrs
import jsonschema
import pytest
import yaml
from tests.configfile.files import Files

from tocsin import Registry, load_configuration
from tocsin.configfile import channels, daemon, policies, rules, suppression
from tocsin.configfile.construction import Form
from tocsin.configfile.schema import configuration_schema
from tocsin.configfile.sections import SECTIONS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/reference/configuration.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(yaml|toml)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
EXAMPLES = sorted(one for one in (ROOT / "docs").rglob("*.yaml") if not one.name.endswith(".scenarios.yaml"))
ENVIRONMENT = {"SLACK_WEBHOOK_URL": "https://hooks.example/x"}

FORMS = {
    "channels": channels.CHANNEL,
    "routing_rules": rules.RULE,
    "escalation_policies": policies.POLICY,
    "templates": channels.TEMPLATE,
    "inhibition_rules": suppression.INHIBITION,
    "time_intervals": suppression.INTERVAL,
    "sources": daemon.SOURCE,
    "watchdog": daemon.WATCHDOG,
    "retention": daemon.RETENTION,
    "server": daemon.SERVER,
    "auth_tokens": daemon.TOKEN,
    "tls": daemon.TLS,
}
OTHERS = {"escalation_policies": {*policies.LEVELS, "escalation_levels"}}
"""Keys that are no fields of the class."""


def _rows(heading: str) -> dict[str, list[str]]:
    """Return the cells of the table under a heading, by the key of each row."""
    section = re.split(r"^## ", PAGE.split(f"\n## {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    rows = re.findall(r"^\| (`.*?`) \| (.*) \|$", section, re.MULTILINE)
    return {key: cells.split(" | ") for names, cells in rows for key in re.findall(r"`(\w+)`", names)}


@pytest.mark.parametrize(("ending", "text"), BLOCKS)
def test_the_examples_are_right(files: Files, ending: str, text: str) -> None:
    files.write("Bearer x\n", "pager")
    files.write("", "conf.d/none")
    files.write("channels.team.backend = 'console'\n", "secrets.toml")
    text = text.replace("/run/secrets/", f"{files.folder}/")
    assert files.load(text, f"tocsin.{ending}", ENVIRONMENT).configuration is not None


@pytest.mark.parametrize("text", [text for ending, text in BLOCKS if ending == "yaml"])
def test_the_schema_takes_the_examples(registry: Registry, text: str) -> None:
    jsonschema.Draft202012Validator(configuration_schema(registry)).validate(yaml.safe_load(text))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_files_among_the_docs_are_right(registry: Registry, path: Path) -> None:
    assert load_configuration(path, registry, environ=ENVIRONMENT).warnings == ()
    text = path.read_text(encoding="utf-8")
    jsonschema.Draft202012Validator(configuration_schema(registry)).validate(yaml.safe_load(text))


def test_it_has_every_section_and_no_other() -> None:
    assert list(_rows("Sections")) == [*SECTIONS, "include"]


@pytest.mark.parametrize("heading", FORMS)
def test_it_has_every_key_and_no_other(heading: str) -> None:
    assert set(_rows(heading)) == {*FORMS[heading].fields(), *OTHERS.get(heading, ())}


@pytest.mark.parametrize("heading", FORMS)
def test_it_gives_the_defaults(heading: str) -> None:
    form = FORMS[heading]
    rows = _rows(heading)
    wanted = {name: _default(field, form, name) for name, field in form.fields().items()}
    assert {name: rows[name][0] for name in wanted} == wanted


def _default(field: attrs.Attribute[Any], form: Form, name: str) -> str:
    if name in form.otherwise:
        return {"rule_id": "`rule-<n>`", "name": "its id"}[name]
    default: Any = field.default
    if default is attrs.NOTHING:
        return "required"
    if hasattr(default, "factory"):
        default = default.factory()
    return _written(getattr(default, "value", default))


def _written(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return f"`[{', '.join(value)}]`"
    if isinstance(value, str):
        return f"`{value}`" if value else '`""`'
    if isinstance(value, dict):
        return "`{}`"
    return f"{value:.0f}" if isinstance(value, float) else json.dumps(value)

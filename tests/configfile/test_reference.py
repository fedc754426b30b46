"""The reference of the configuration file: its examples are right, and it has every key with its default."""

from __future__ import annotations

import re
from pathlib import Path

import jsonschema
import pytest
import yaml
from tests.configfile.files import Files

from tocsin import Registry, load_configuration
from tocsin.configfile import policies
from tocsin.configfile.schema import configuration_schema
from tocsin.configfile.sections import SECTIONS
from tocsin_site.tables import FORMS, current

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/reference/configuration.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(yaml|toml)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
EXAMPLES = sorted(one for one in (ROOT / "docs").rglob("*.yaml") if not one.name.endswith(".scenarios.yaml"))
ENVIRONMENT = {"SLACK_WEBHOOK_URL": "https://hooks.example/x"}

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


def test_the_tables_are_those_of_the_classes() -> None:
    """What each key takes, and its default; `make tables` writes them anew."""
    assert current(PAGE) == PAGE


def test_a_table_that_is_not_current_is_mended() -> None:
    for wrong in (("| number | 300 |", "| number | 301 |"), ("| whole number or null |", "| text |")):
        assert wrong[0] in PAGE
        assert current(PAGE.replace(*wrong)) == PAGE


def test_a_key_without_a_row_is_named() -> None:
    without = "".join(line for line in PAGE.splitlines(keepends=True) if not line.startswith("| `human` |"))
    with pytest.raises(LookupError, match="channels has no row for \\['human'\\]"):
        current(without)

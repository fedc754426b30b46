"""The README: its settings are those that there are, its configuration works, its manifest asks for what is used."""

from __future__ import annotations

import re
from pathlib import Path

import attrs
import pytest
from slack_peer import TOKEN
from slack_press import SECRET

from tocsin import load_configuration, load_registry
from tocsin_slack_app.settings import ListenerConfig, SlackAppConfig

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def section(heading: str) -> str:
    """Return what is under a heading."""
    return README.partition(f"\n{heading}\n")[2].partition("\n#")[0]


@pytest.mark.parametrize(("heading", "kind"), [("### A channel", SlackAppConfig), ("### The source", ListenerConfig)])
def test_each_setting_is_in_its_table(heading: str, kind: type) -> None:
    rows = re.findall(r"^\| (`[^|]*`) \|", section(heading), re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named == {field.name for field in attrs.fields(kind)}


def test_its_configuration_works(tmp_path: Path) -> None:
    (block,) = re.findall(r"^```yaml\n(channels:.*?)^```", README, re.MULTILINE | re.DOTALL)
    for name, secret in (("slack-token", TOKEN), ("slack-signing-secret", SECRET)):
        (tmp_path / name).write_text(f"{secret}\n", encoding="utf-8")
    file = tmp_path / "tocsin.yaml"
    file.write_text(block.replace("/etc/tocsin/", f"{tmp_path}/"), encoding="utf-8")
    loaded = load_configuration(file, load_registry())
    assert loaded.configuration.channels["ops-slack"].config["channel"] == "C0123ABCD"
    kind, settings = loaded.sources["slack"]
    assert kind == "slack-app"
    assert settings.signing_secret == SECRET


def test_the_manifest_asks_for_the_scopes_that_are_used() -> None:
    """And for the path that is listened to."""
    (manifest,) = re.findall(r"```yaml\n( *display_information:.*?)```", README, re.DOTALL)
    assert re.findall(r"- (\w+:\w+)", manifest) == ["chat:write", "channels:history", "groups:history"]
    path = attrs.fields(ListenerConfig).path.default
    assert re.findall(r"request_url: https://[^/]+(/\S+)", manifest) == [path]

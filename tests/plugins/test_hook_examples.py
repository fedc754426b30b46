"""The examples of docs/reference/hooks.md keep the contract of their kind."""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from tests.plugins.test_backend_contract import Screen

import tocsin
from tocsin import RendererRegistrar, Store
from tocsin.discovery import load
from tocsin.testing.contracts import (
    AggregatorContract,
    BackendContract,
    MatcherContract,
    RendererContract,
    SchedulerContract,
    StoreContract,
)
from tocsin.testing.samples import make_alert

REFERENCE = Path(__file__).resolve().parents[2] / "docs/reference/hooks.md"


def _examples() -> types.ModuleType:
    """Return the page's blocks as the one module that they are."""
    module = types.ModuleType("tests_hook_examples")
    sys.modules[module.__name__] = module  # attrs looks up where a class was defined
    for block in re.findall(r"^```python\n(.*?)^```$", REFERENCE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
        exec(block, vars(module))
    return module


EXAMPLES: Any = _examples()


class _Short:
    """Registers the renderer that the page shows besides."""

    @tocsin.hookimpl
    def tocsin_register_renderers(self, registrar: RendererRegistrar) -> None:
        registrar.register("short", EXAMPLES.short_message)


def test_every_kind_with_a_contract_has_an_example_that_is_held_to_it() -> None:
    """A new one is to be added here."""
    registry = load(extra=[EXAMPLES], entry_points=[]).registry
    assert [registration.name for registration in registry] == [
        "region",
        "bell",
        "headline",
        "percent",
        "by_node",
        "never",
        "drawer",
        "startup",
        "remember",
        "hello",
    ]


class TestBell(BackendContract):
    """Which has one receiver, and no protocol."""

    backend = "bell"
    plugins = (EXAMPLES,)
    harmful = ("\x1b[2J", "\x1b]0;owned\x07", "\u202e")
    exempt: ClassVar = {
        "refuses": "a terminal refuses nothing",
        "throttles": "a terminal asks for nothing",
        "breaks off": "a terminal gives no answer",
        "hangs": "a terminal that takes nothing blocks its process: an example",
        "key": "it is rung once more",
        "secrets": "it has none",
        "apart": "there is one standard output",
    }

    def open_receiver(self) -> Screen:
        return Screen()

    def settings(self, receiver: Screen) -> Mapping[str, Any]:
        return {}


class TestRegion(MatcherContract):
    """Labels alone."""

    matcher = "region"
    plugins = (EXAMPLES,)
    examples = (
        ("eu", make_alert(labels={"region": "eu"}), True),
        (["eu", "us"], make_alert(labels={"region": "asia"}), False),
    )
    refused = (7, [], {"eu": 1})


class TestHeadline(RendererContract):
    """One line per alert."""

    renderer = "headline"
    plugins = (EXAMPLES,)


class TestShortMessage(RendererContract):
    """Within a limit."""

    renderer = "short"
    plugins = (_Short(),)


class TestByNode(AggregatorContract):
    """No state."""

    aggregator = "by_node"
    plugins = (EXAMPLES,)


class TestNever(SchedulerContract):
    """No steps."""

    scheduler = "never"
    plugins = (EXAMPLES,)


class TestDrawer(StoreContract):
    """A file."""

    exempt: ClassVar = {"faults": "SQLite's own tests have them"}

    def open_store(self, place: Path) -> Store:
        store: Store = EXAMPLES.open_drawer(EXAMPLES.DrawerConfig(str(place / "drawer.db")))
        return store

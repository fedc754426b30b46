"""Two daemons, for all tests of the page, and a real Chromium."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, sync_playwright
from server_processes import Process, daemon

from tocsin_server.web.token_hash import hash_token

AXE: Final = "axe-core@4.10.3"
_SCOPES: Final = {"maria": ["read", "operate", "ingest"], "reader": ["read"], "prometheus": ["ingest"]}
"""Tokens by name; each token is its own name."""


@pytest.fixture
def anyio_backend() -> str:
    """The event loop of the daemon."""
    return "asyncio"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests in a browser come last, of all that run: what drives it would be in the way of async tests."""
    items.sort(key=lambda item: "browser" in getattr(item, "fixturenames", ()))


def _packed(folder: Path) -> Path | None:
    """Return the package as npm has it; None: there is no npm, or it reaches nobody."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    command = [npm, "pack", AXE, "--silent", "--prefer-offline", "--fetch-retries=0", "--pack-destination", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=30, cwd=folder)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return None
    return next(folder.glob("*.tgz"), None)


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core, which finds what shuts people out: from npm or, where there is none, as PyPI has it."""
    archive = _packed(tmp_path_factory.mktemp("axe"))
    if archive is None:
        return resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    with tarfile.open(archive) as opened:
        script = opened.extractfile("package/axe.min.js")
        assert script is not None
        return script.read().decode("utf-8")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "chromium is needed: apt-get install chromium"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


def _written(folder: Path, tokens: bool) -> Path:
    lines = [f"  - {{name: {name}, hash: '{hash_token(name)}', scopes: {scopes}}}" for name, scopes in _SCOPES.items()]
    auth = "\n".join(["server:", "  auth_tokens:", *lines]) if tokens else ""
    path = folder / "tocsin.yaml"
    path.write_text(
        f"""
channels:
  ops: {{backend: console}}
  boss: {{backend: console}}
routing_rules:
- {{rule_id: all, target_channels: [ops], escalation_policy_id: p}}
escalation_policies:
  p: {{escalation_levels: {{first: [ops], second: [boss]}}, default_channels: [ops]}}
{auth}
"""
    )
    return path


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    """A configuration without tokens."""
    return _written(tmp_path, tokens=False)


@pytest.fixture(scope="session")
def open_daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A daemon without tokens."""
    folder = tmp_path_factory.mktemp("open")
    with daemon(_written(folder, tokens=False), folder / "data") as running:
        yield running


@pytest.fixture(scope="session")
def guarded_daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A daemon with tokens."""
    folder = tmp_path_factory.mktemp("guarded")
    with daemon(_written(folder, tokens=True), folder / "data") as running:
        yield running


@pytest.fixture
def faults() -> list[str]:
    """What the browser complained of: none of it may be."""
    return []


@pytest.fixture
def page(browser: Browser, faults: list[str]) -> Iterator[Page]:
    """A page of a fresh browser, which complains of nothing and opens no dialog: checked at the end."""
    context = browser.new_context()
    made = context.new_page()
    made.set_default_timeout(20_000)

    def complain(what: Any) -> None:
        faults.append(str(what))

    made.on("pageerror", complain)

    def refuse(dialog: Dialog) -> None:
        faults.append(dialog.message)
        dialog.dismiss()

    def listen(said: ConsoleMessage) -> None:
        if said.type == "error":
            faults.append(said.text)

    made.on("pageerror", complain)
    made.on("dialog", refuse)
    made.on("console", listen)
    yield made
    context.close()
    assert faults == []

"""A plugin made of nothing but what the docs show, outside of the repository and installed, keeps all contracts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests import environments
from tests.authoring.reader import blocks
from tests.environments import ROOT, run

PLUGIN = ROOT / "docs/examples/plugin/acme_tocsin.py"
TESTS = (ROOT / "docs/how-to/test-a-plugin.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tests that the docs show; the plugin is installed from another one."""
    source = tmp_path_factory.mktemp("acme")
    (source / PLUGIN.name).write_text(PLUGIN.read_text(encoding="utf-8"), encoding="utf-8")
    (project,) = blocks("toml")
    (source / "pyproject.toml").write_text(project, encoding="utf-8")
    environments.pip(fresh, "--no-deps", environments.build(source, source / "dist", "--wheel"))
    environments.pip(fresh, "hypothesis>=6.130")
    folder = tmp_path_factory.mktemp("tests")
    shown = [block for block in blocks("python", TESTS) if "def anyio_backend" not in block]
    (folder / "test_shown.py").write_text("\n\n".join(["import pytest\n", *shown]), encoding="utf-8")
    return folder


def test_it_is_found_by_its_entry_point(fresh: Path, folder: Path) -> None:
    """With one thing of each kind, and nothing failed."""
    rows = json.loads(run(fresh.with_name("tocsin"), "plugins", "--json"))
    own = {(row["kind"], row["name"]) for row in rows if row["distribution"] == "acme-tocsin"}
    assert own == {
        ("backend", "pager"),
        ("matcher", "region"),
        ("renderer", "headline"),
        ("aggregator", "by_node"),
        ("escalation_scheduler", "twice"),
        ("store", "drawer"),
    }


def test_the_tests_that_the_docs_show_pass_on_asyncio_and_trio(fresh: Path, folder: Path) -> None:
    """As they stand there, but for the one that chooses a loop; with warnings as errors."""
    once = ("--deselect=test_shown.py::TestBell", "--deselect=test_shown.py::TestDrawer")
    shown = run(fresh, "-m", "pytest", "-v", "-W", "error", "-p", "no:cacheprovider", *once, folder=folder)
    assert re.search(r" \d+ passed, (\d+ skipped, )?\d+ deselected in ", shown.splitlines()[-1])
    for kind in ("Pager", "Region", "Headline", "ByNode", "Twice"):
        assert re.search(rf"Test{kind}::\w+(\[\S+\])? PASSED", shown), kind
    assert all(re.search(rf"TestPager::\w+\[{loop}[\]-].* PASSED", shown) for loop in ("asyncio", "trio"))

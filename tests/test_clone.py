"""``pip install ./contrib/NAME`` is all that it takes in a clone; what is released knows nothing of clones."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path

import pytest
from hatchling.build import build_editable, build_sdist, build_wheel
from release.building import clean_copy, members
from release.distributions import ROOT, Distribution, distributions
from tests import environments
from tests.environments import pip, run

CONTRIB = distributions()[1:]
TRACKER = "PIP_BUILD_TRACKER"
"""What pip sets where it builds, and hatchling looks for too."""

FOUND = """
import json
import importlib.metadata as metadata

from tocsin.discovery import load

found = load()
origins = {registration.provenance.distribution for registration in found.registry}
print(json.dumps({"loaded": sorted(origins), "url": metadata.distribution("tocsin").read_text("direct_url.json")}))
"""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository of somebody who has just cloned it: installed nowhere, in a folder that URLs write otherwise."""
    return clean_copy(ROOT, tmp_path_factory.mktemp("clones") / "of tocsin, söm")


def _required(wheel: Path) -> list[str]:
    (metadata,) = (text.decode() for name, text in members(wheel).items() if name.endswith(".dist-info/METADATA"))
    return re.findall(r"^Requires-Dist: (.*)$", metadata, re.MULTILINE)


@pytest.mark.parametrize("distribution", CONTRIB, ids=lambda one: one.name)
def test_pip_finds_tocsin_in_the_clone_and_a_release_names_no_place(
    distribution: Distribution, clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does what pip builds of the released source, nor an editable install."""
    out = str(tmp_path)
    monkeypatch.delenv(TRACKER, raising=False)
    with contextlib.chdir(clone / "contrib" / distribution.name):
        sdist = members(tmp_path / build_sdist(out))
        released = _required(tmp_path / build_wheel(out))
        monkeypatch.setenv(TRACKER, out)
        by_pip = _required(tmp_path / build_wheel(out))
        editable = _required(tmp_path / build_editable(out))
    for name, content in sdist.items():
        (tmp_path / "contrib/unpacked" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "contrib/unpacked" / name).write_bytes(content)
    with contextlib.chdir(tmp_path / "contrib/unpacked"):
        of_the_source = _required(tmp_path / build_wheel(out))
    assert by_pip == [f"tocsin @ {clone.as_uri()}", *released]
    assert released == editable == of_the_source
    assert [line for line in released if "@" in line] == []
    assert b"@ file:" not in sdist["PKG-INFO"]


def test_the_readmes_have_that_line() -> None:
    texts = {one.name: (one.folder / "README.md").read_text(encoding="utf-8") for one in CONTRIB}
    assert [name for name, text in texts.items() if f"`pip install ./contrib/{name}`" not in text] == []


def _found(python: Path) -> tuple[set[str], dict[str, object]]:
    shown = json.loads(run(python, "-W", "error", "-c", FOUND))
    return set(shown["loaded"]), json.loads(shown["url"])


def test_one_is_installed_with_one_line(clone: Path, tmp_path: Path) -> None:
    """In a fresh environment, as READMEs have it."""
    python = environments.make(tmp_path / "fresh")
    pip(python, "./contrib/tocsin-email", folder=clone)
    assert _found(python) == ({"tocsin", "tocsin-email"}, {"dir_info": {}, "url": clone.as_uri()})


def test_several_agree_which_tocsin_it_is(clone: Path, tmp_path: Path) -> None:
    """Also where one wants extras of it, and another no plugins."""
    python = environments.make(tmp_path / "fresh")
    pip(python, "./contrib/tocsin-server", "./contrib/tocsin-mpreg", folder=clone)
    run(python, "-c", "import click, orjson, yaml, mpreg.federation.federation_alerting")
    assert _found(python) == ({"tocsin", "tocsin-server"}, {"dir_info": {}, "url": clone.as_uri()})


def test_an_editable_install_of_the_clone_stays(clone: Path, tmp_path: Path) -> None:
    """Who works on tocsin keeps what they work on."""
    python = environments.make(tmp_path / "fresh")
    pip(python, "--editable", ".", folder=clone)
    pip(python, "./contrib/tocsin-file", folder=clone)
    assert _found(python) == ({"tocsin", "tocsin-file"}, {"dir_info": {"editable": True}, "url": clone.as_uri()})

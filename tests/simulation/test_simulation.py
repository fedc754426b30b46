"""The short form of the simulation: a handful of seeds keep every promise; mutations break them, and it shows.

The long form is ``make simulate``; docs/how-to/simulate.md says what to do with a seed that fails.
"""

from __future__ import annotations

import ast
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.simulation import mutations, mutations_gaps, mutations_grouping, mutations_people
from tests.simulation.__main__ import main
from tests.simulation.breaking import HOURS, Mutation
from tests.simulation.checker import check
from tests.simulation.run import simulate

HERE = Path(__file__).parent
BACKENDS = [one for one in ("asyncio", "trio") if one in os.environ.get("TOCSIN_TEST_LOOPS", "asyncio trio").split()]
SEEDS = range(12)
MUTATIONS = [one for of in (mutations, mutations_grouping, mutations_people, mutations_gaps) for one in of.MUTATIONS]
WHOLE = sorted({mutation.seed for mutation in MUTATIONS})
FILES = ("journal.jsonl", "receivers.json", "happenings.json")


@pytest.fixture
def quiet() -> Iterator[None]:
    """The long form switches logging off; here it is switched on again."""
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_promise_is_kept(seed: int, backend: str, tmp_path: Path) -> None:
    """Through crashes, failing receivers and stores, clock jumps, reloads and storms."""
    simulate(seed, 4.0, tmp_path, backend=backend)
    assert check(tmp_path) == []


@pytest.mark.parametrize("seed", WHOLE)
def test_what_mutations_break_is_whole_without_them(seed: int, tmp_path: Path) -> None:
    simulate(seed, HOURS, tmp_path)
    assert check(tmp_path) == []


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("seed", [4, 5, 6])
def test_a_seed_gives_the_same_run_each_time(seed: int, backend: str, tmp_path: Path) -> None:
    for name in ("one", "other"):
        simulate(seed, 2.0, tmp_path / name, backend=backend)
    for file in FILES:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "other" / file).read_bytes()


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_broken_engine_is_caught(mutation: Mutation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the run that it was found with or, if the engine has changed since, in one of the others'."""
    mutation.apply(monkeypatch)
    assert any(_caught(seed, tmp_path / str(seed)) for seed in (mutation.seed, *WHOLE))


def _caught(seed: int, folder: Path) -> bool:
    """Whether the checker finds fault with the run; one that cannot even be finished proves nothing about it."""
    try:
        simulate(seed, HOURS, folder)
    except Exception:
        return False
    return check(folder) != []


def test_the_long_form_says_how_much_it_simulated(capsys: pytest.CaptureFixture[str], quiet: None) -> None:
    assert main(["--seed", "4", "--hours", "1", "--runs", "2"]) == 0
    assert "2 runs from seed 4 on asyncio" in capsys.readouterr().out


def test_a_seed_that_fails_is_shown_as_short_as_it_fails(
    capsys: pytest.CaptureFixture[str], quiet: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = next(mutation for mutation in MUTATIONS if mutation.name == "tells_channels_that_want_worse")
    broken.apply(monkeypatch)
    assert main(["--seed", str(broken.seed), "--hours", f"{HOURS:g}"]) == 1
    told = capsys.readouterr().out
    assert "below_min_severity" in told
    assert "operations are enough" in told
    assert f"again: make simulate SEED={broken.seed} HOURS={HOURS:g} BACKEND=asyncio" in told


def test_there_are_enough_mutations() -> None:
    assert len({mutation.name for mutation in MUTATIONS}) >= 25


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            found.add(str(node.module))
    return found


@pytest.mark.parametrize(
    "path", [HERE / "checker.py", *sorted((HERE / "checks").glob("*.py"))], ids=lambda path: path.stem
)
def test_the_checker_knows_the_standard_library_alone(path: Path) -> None:
    """And its own parts: nothing of tocsin, and nothing of the simulation that uses tocsin."""
    foreign = {
        name
        for name in _imports(path)
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith("tests.simulation.checks")
    }
    assert foreign == set()

"""A plugin for pytest: it collects files of scenarios, and has fixtures for tests of alerting.

Files are collected whose names match the setting ``tocsin_scenarios`` (globs; by default ``*.scenarios.yaml``); each
scenario is a test. ``--tocsin-config`` names the configuration that they are run against, where a file names none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tocsin.config import Configuration
from tocsin.configfile.loading import load_routing
from tocsin.discovery import load
from tocsin.engine.plan import Plan
from tocsin.errors import ConfigurationError, TocsinError
from tocsin.lab.rehearsal import START, Rehearsal
from tocsin.lab.scenarios.reading import read_scenarios
from tocsin.lab.scenarios.run import run_scenario
from tocsin.lab.scenarios.scenario import Scenario
from tocsin.model.channel import NotificationChannel
from tocsin.runtime.service import FederationAlertingService
from tocsin.testing.clock import VirtualClock
from tocsin.testing.recording import RecordingBackend

__all__ = ["alerting", "tocsin_clock", "tocsin_recording", "tocsin_rehearsal"]

_DEFAULT: Final = ("*.scenarios.yaml", "*.scenarios.yml", "*.scenarios.toml", "*.scenarios.json")


class _UnexpectedTelling(Exception):
    """A scenario did not go as expected."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the setting and the option."""
    parser.addini("tocsin_scenarios", "globs of files of scenarios, for tocsin", type="args", default=list(_DEFAULT))
    group = parser.getgroup("tocsin")
    group.addoption("--tocsin-config", metavar="FILE", default=None, help="the configuration that scenarios are about")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a file of scenarios."""
    globs: list[str] = parent.config.getini("tocsin_scenarios")
    if any(file_path.match(glob) for glob in globs):
        return _ScenarioFile.from_parent(parent, path=file_path)
    return None


class _ScenarioFile(pytest.File):
    """A file of scenarios."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield a test for each scenario."""
        try:
            scenarios = read_scenarios(self.path)
        except TocsinError as error:
            raise self.CollectError(str(error)) from None
        for scenario in scenarios:
            yield _ScenarioItem.from_parent(self, name=scenario.name, scenario=scenario)


class _ScenarioItem(pytest.Item):
    """One scenario."""

    def __init__(self, *, scenario: Scenario, **options: Any) -> None:
        super().__init__(**options)
        self._scenario = scenario

    def runtest(self) -> None:
        """Run it; what was not as expected is raised."""
        result = run_scenario(self._scenario, self._plan())
        if result.problems:
            raise _UnexpectedTelling("\n".join(result.problems))

    def _plan(self) -> Plan:
        chosen = self.config.getoption("--tocsin-config") or self._scenario.config
        if chosen is None:
            problem = "no configuration is named: write `config: FILE` in it, or use --tocsin-config"
            raise ConfigurationError(problem, str(self.path))
        return load_routing(chosen, load().registry).plan

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show what was not as expected, and of mistakes in files what is wrong there, without a traceback."""
        if isinstance(excinfo.value, (_UnexpectedTelling, TocsinError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Say where it stands."""
        return self.path, None, f"scenario: {self.name}"


@pytest.fixture
def tocsin_rehearsal() -> Callable[..., Rehearsal]:
    """A function that puts a configuration on a stage: a :class:`~tocsin.Configuration`, or a file's path.

    Its second argument is the wall time at the beginning, in seconds since the epoch.
    """

    def make(configuration: Configuration | str | Path, start: float = START) -> Rehearsal:
        registry = load().registry
        if isinstance(configuration, Configuration):
            return Rehearsal.of(configuration, registry, start)
        return Rehearsal(load_routing(configuration, registry).plan, start)

    return make


@pytest.fixture
def tocsin_clock() -> VirtualClock:
    """A clock that stands still until it is told to advance: ``FederationAlertingService(clock=…)``."""
    return VirtualClock()


@pytest.fixture
def tocsin_recording() -> RecordingBackend:
    """The backend ``recording`` of the fixture ``alerting``: it keeps what it is given, and ends as it is told."""
    return RecordingBackend()


@pytest.fixture
def alerting(tocsin_clock: VirtualClock, tocsin_recording: RecordingBackend) -> FederationAlertingService:
    """A service on ``tocsin_clock`` that sends nothing: ``tocsin_recording`` has what would have been sent.

    Its channel ``recording`` gets every alert that no rule matches. It is not entered: ``async with alerting:``, on
    asyncio or trio.
    """
    made = FederationAlertingService(
        clock=tocsin_clock, plugins=[tocsin_recording], seed=1, catch_all_channel="recording"
    )
    made.add_channel(NotificationChannel("recording", "recording"))
    return made

"""The sources of the daemon: what becomes of one that fails, and of all when the settings change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import attrs
import pytest

from tocsin import ConfigurationError, Fact, GapFound, SourceRegistrar, StoreError, hookimpl, load_registry
from tocsin.testing.clock import VirtualClock
from tocsin_server.daemon.sources import Sources

pytestmark = pytest.mark.anyio


@attrs.frozen
class Settings:
    """What a source does."""

    name: str = "a"
    fails: int = 0
    breaks: bool = False


class Plugin:
    """Registers the source ``test``, and notes what its sources did."""

    def __init__(self) -> None:
        self.log: list[str] = []

    @hookimpl
    def tocsin_register_sources(self, registrar: SourceRegistrar) -> None:
        registrar.register("test", self.make, config_class=Settings)

    def make(self, settings: Any, /) -> Source:
        if settings.name == "impossible":
            raise ConfigurationError("it cannot work here", "name")
        return Source(self, settings)


class Source:
    """Fails as often as it is told to, and then runs until it is cancelled."""

    def __init__(self, plugin: Plugin, settings: Settings) -> None:
        self._plugin, self._settings, self._left = plugin, settings, settings.fails

    async def run(self, submit: Callable[..., Awaitable[Any]]) -> None:
        self._plugin.log.append(f"{self._settings.name} begins")
        if self._settings.breaks:
            raise RuntimeError("broken")
        if self._left:
            self._left -= 1
            raise StoreError("the disk is full")
        try:
            await anyio.sleep_forever()
        finally:
            self._plugin.log.append(f"{self._settings.name} ends")


class Bench:
    """Sources, and the service that they submit to, which may fail."""

    def __init__(self) -> None:
        self.plugin, self.clock = Plugin(), VirtualClock()
        self.facts: list[Fact] = []
        self.store_fails = False
        self.sources = Sources(load_registry(extra=[self.plugin]), self.submit, self.clock)

    async def submit(self, *facts: Fact) -> None:
        """Take facts in."""
        if self.store_fails:
            raise StoreError("the disk is full")
        self.facts += facts

    def want(self, tasks: anyio.abc.TaskGroup, **settings: Settings) -> None:
        """Run these from now on."""
        wanted = {name: ("test", one) for name, one in settings.items()}
        self.sources.want(tasks, wanted, self.sources.make(wanted))


async def test_one_whose_facts_could_not_be_kept_begins_again_a_little_later() -> None:
    bench = Bench()
    async with anyio.create_task_group() as tasks:
        bench.want(tasks, one=Settings(fails=2))
        for count in (1, 2, 3, 3):
            await bench.clock.settle()
            assert bench.plugin.log == ["a begins"] * count
            await bench.clock.advance(10)
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("store_fails", [False, True])
async def test_one_that_breaks_is_a_gap_and_takes_nothing_down(store_fails: bool) -> None:
    """Also where the gap cannot be kept; a reload makes it anew."""
    bench = Bench()
    bench.store_fails = store_fails
    async with anyio.create_task_group() as tasks:
        for count in (1, 2):
            bench.want(tasks, one=Settings(breaks=True), two=Settings("b"))
            await bench.clock.settle()
            assert bench.plugin.log.count("a begins") == count
            assert (bench.sources.running, bench.sources.stopped) == ({"two": "test"}, ["one"])
        assert bench.plugin.log.count("b begins") == 1
        tasks.cancel_scope.cancel()
    gaps = [fact.subject for fact in bench.facts if isinstance(fact, GapFound)]
    assert gaps == ([] if store_fails else ["one", "one"])


async def test_what_is_not_wanted_any_more_ends_and_what_is_the_same_goes_on() -> None:
    bench = Bench()
    async with anyio.create_task_group() as tasks:
        bench.want(tasks, one=Settings("a"), two=Settings("b"))
        await bench.clock.settle()
        bench.want(tasks, two=Settings("b"), one=Settings("c"))
        await bench.clock.settle()
        assert sorted(bench.plugin.log) == ["a begins", "a ends", "b begins", "c begins"]
        tasks.cancel_scope.cancel()


async def test_one_that_cannot_work_is_an_error_with_its_name() -> None:
    bench = Bench()
    with pytest.raises(ConfigurationError) as caught:
        bench.sources.make({"one": ("test", Settings("impossible"))})
    assert caught.value.where == "sources.one.name"

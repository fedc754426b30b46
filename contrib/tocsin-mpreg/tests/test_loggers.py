"""The loggers of the guide's names steer tocsin's."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator

import pytest

ALERTING = "mpreg.federation.federation_alerting"
METRICS = "mpreg.federation.performance_metrics"


class _Recorder(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append((record.name, record.getMessage()))


@pytest.fixture(autouse=True)
def _levels_restored() -> Iterator[None]:
    importlib.import_module(ALERTING)
    importlib.import_module(METRICS)
    loggers = [logging.getLogger(name) for name in ("", "tocsin", "tocsin.runtime", "mpreg", ALERTING, METRICS)]
    levels = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture
def on_guide() -> Iterator[_Recorder]:
    """A handler on the guide's logger."""
    recorder = _Recorder()
    logging.getLogger(ALERTING).addHandler(recorder)
    yield recorder
    logging.getLogger(ALERTING).removeHandler(recorder)


@pytest.fixture
def on_root() -> Iterator[_Recorder]:
    """A handler on the root logger."""
    recorder = _Recorder()
    logging.getLogger().addHandler(recorder)
    yield recorder
    logging.getLogger().removeHandler(recorder)


@pytest.mark.parametrize("name", ["tocsin", "tocsin.runtime", "tocsin.engine"])
def test_debug_on_the_guides_logger_shows_what_tocsin_logs(name: str, on_guide: _Recorder) -> None:
    logging.getLogger(ALERTING).setLevel(logging.DEBUG)
    logging.getLogger(name).debug("a detail")
    assert on_guide.seen == [(name, "a detail")]


def test_without_it_details_stay_hidden(on_guide: _Recorder) -> None:
    logging.getLogger("tocsin.runtime").debug("a detail")
    logging.getLogger("tocsin.runtime").warning("a warning")
    assert on_guide.seen == [("tocsin.runtime", "a warning")]


def test_raising_the_level_again_hides_them_again(on_guide: _Recorder) -> None:
    logging.getLogger(ALERTING).setLevel(logging.DEBUG)
    logging.getLogger("tocsin.runtime").debug("a detail")
    logging.getLogger(ALERTING).setLevel(logging.ERROR)
    logging.getLogger("tocsin.runtime").warning("a warning")
    assert on_guide.seen == [("tocsin.runtime", "a detail")]


def test_each_record_reaches_the_root_once(on_root: _Recorder) -> None:
    logging.getLogger(ALERTING).setLevel(logging.DEBUG)
    logging.getLogger("tocsin.runtime").debug("a detail")
    assert on_root.seen == [("tocsin.runtime", "a detail")]


def test_the_level_of_a_logger_above_counts_too(on_guide: _Recorder) -> None:
    logging.getLogger("mpreg").setLevel(logging.INFO)
    logging.getLogger("tocsin.engine").info("a note")
    assert on_guide.seen == [("tocsin.engine", "a note")]


def test_tocsins_own_level_goes_first(on_guide: _Recorder) -> None:
    logging.getLogger("tocsin").setLevel(logging.ERROR)
    logging.getLogger(ALERTING).setLevel(logging.DEBUG)
    logging.getLogger("tocsin.runtime").warning("a warning")
    assert on_guide.seen == []


def test_the_metrics_logger_steers_the_metrics_service_alone(on_root: _Recorder) -> None:
    logging.getLogger(METRICS).setLevel(logging.DEBUG)
    logging.getLogger("tocsin.performance").debug("a sample")
    logging.getLogger("tocsin.runtime").debug("a detail")
    assert on_root.seen == [("tocsin.performance", "a sample")]


def test_importing_again_changes_nothing(on_root: _Recorder) -> None:
    importlib.reload(importlib.import_module(ALERTING))
    logging.getLogger("tocsin.runtime").warning("a warning")
    assert on_root.seen == [("tocsin.runtime", "a warning")]

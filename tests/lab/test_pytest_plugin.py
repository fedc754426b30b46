"""The plugin for pytest: files of scenarios are collected, and tests have a stage and a clock."""

from __future__ import annotations

import pytest
from tests.lab.conftest import CONFIGURATION
from tests.lab.test_scenarios import NOBODY_ANSWERS

pytest_plugins = ["pytester"]
pytest.importorskip("yaml")  # it cannot be imported twice, and pytester forgets what a run was the first to import

USES_FIXTURES = """
import pytest
from tocsin import Configuration, PerformanceAlert

def test_a_stage(tocsin_rehearsal, tocsin_clock):
    stage = tocsin_rehearsal("tocsin.yaml")
    stage.fire(PerformanceAlert("a", "db-1", "critical", "cpu"))
    assert [one.channel_id for one in stage.news()] == ["pager"]
    assert tocsin_clock.now() == tocsin_clock.wall()

def test_of_a_configuration(tocsin_rehearsal):
    stage = tocsin_rehearsal(Configuration(), 5.0)
    assert (stage.wall, stage.told) == (5.0, ())
"""

USES_ALERTING = """
import pytest
from tocsin import AlertRoutingRule, NotificationChannel, NotificationKind, Outcome, PerformanceAlert

pytestmark = pytest.mark.anyio
FULL = PerformanceAlert("disk", "db-1", "critical", "disk")

async def test_what_no_rule_matches_is_recorded(alerting, tocsin_recording):
    async with alerting:
        await alerting.process_alert(FULL)
    assert [one.kind for one in tocsin_recording.received("recording")] == [NotificationKind.FIRING]

async def test_time_is_virtual(alerting, tocsin_clock, tocsin_recording):
    tocsin_recording.script("ops", Outcome.throttled("later", retry_after_seconds=600))
    alerting.add_channel(NotificationChannel("ops", "recording"))
    alerting.add_routing_rule(AlertRoutingRule("all", target_channels=["ops"]))
    async with alerting:
        await alerting.process_alert(FULL, wait=False)
        await tocsin_clock.advance(599)
        assert not tocsin_recording.received()
        await tocsin_clock.advance(600)
    assert [one.channel_id for one in tocsin_recording.received()] == ["ops"]
    assert len({one.notification_id for one in tocsin_recording.tried("ops")}) == 1
"""


@pytest.fixture
def folder(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with a configuration, and a file of scenarios that the plugin knows by its name."""
    (pytester.path / "tocsin.yaml").write_text(CONFIGURATION, encoding="utf-8")
    (pytester.path / "db.scenarios.yaml").write_text(NOBODY_ANSWERS, encoding="utf-8")
    return pytester


def test_scenarios_are_tests(folder: pytest.Pytester) -> None:
    """Each has its name."""
    result = folder.runpytest_inprocess("-v")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*db.scenarios.yaml::a database that nobody answers for PASSED*"])


def test_what_is_not_as_expected_is_shown_without_a_traceback(folder: pytest.Pytester) -> None:
    """As the command says it; the configuration can be another one."""
    (folder.path / "other.yaml").write_text(CONFIGURATION.replace("first:", "second:"), encoding="utf-8")
    scenario = folder.path / "db.scenarios.yaml"
    scenario.write_text(NOBODY_ANSWERS.replace("config: tocsin.yaml", ""), encoding="utf-8")
    result = folder.runpytest_inprocess("--tocsin-config", "other.yaml")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*db.scenarios.yaml:9: at T+6m: expected manager to be told, and told was nobody"])
    result.stdout.no_fnmatch_line("*Traceback*")
    result = folder.runpytest_inprocess()
    result.stdout.fnmatch_lines(["*no configuration is named*"])


def test_other_names_are_a_setting(folder: pytest.Pytester) -> None:
    """As globs."""
    (folder.path / "checks").mkdir()
    (folder.path / "db.scenarios.yaml").rename(folder.path / "checks" / "db.yaml")
    folder.makeini("[pytest]\ntocsin_scenarios = checks/*.yaml\n")
    result = folder.runpytest_inprocess("--tocsin-config", "tocsin.yaml")
    result.assert_outcomes(passed=1)


def test_a_file_that_cannot_be_read_is_an_error_of_collection(folder: pytest.Pytester) -> None:
    """With its line."""
    (folder.path / "db.scenarios.yaml").write_text("scenarios: 3\n", encoding="utf-8")
    result = folder.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*db.scenarios.yaml:1:12: scenarios: expected a list*"])


def test_fixtures(folder: pytest.Pytester) -> None:
    """A stage for a file or a configuration, and a clock."""
    folder.makepyfile(USES_FIXTURES)
    result = folder.runpytest_inprocess("-p", "no:cacheprovider", "test_fixtures.py")
    result.assert_outcomes(passed=2)


def test_a_service_that_sends_nothing(folder: pytest.Pytester) -> None:
    """On asyncio and trio, in a process of its own."""
    folder.makepyfile(USES_ALERTING)
    result = folder.runpytest_subprocess("-p", "no:schemathesis", "test_a_service_that_sends_nothing.py")
    result.assert_outcomes(passed=4)

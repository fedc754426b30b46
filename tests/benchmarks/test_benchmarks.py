"""The benchmarks run, and what must not grow with the number of rules does not: that is counted, and not timed."""

from __future__ import annotations

from pathlib import Path

import pyperf  # type: ignore[import-untyped]  # it has no types
import pytest
from tests.benchmarks.__main__ import CASES, main
from tests.benchmarks.meter import Case, calls_of
from tests.benchmarks.routes import RULES, plan_of, view_of
from tests.engine.harness import ORIGIN

from tocsin import AlertFired
from tocsin.engine.machine import Engine, Instant
from tocsin.roles.matcher import FieldTest


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_runs(case: Case) -> None:
    """As often as one measures it, whatever it costs."""
    for _ in range(2):
        case.prepare()()


def test_what_was_measured_can_be_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The numbers are printed, and written down for pyperf."""
    file = tmp_path / "measured.json"
    assert main(["one alert as text", "--rounds", "1", "--output", str(file)]) == 0
    assert "render: one alert as text" in capsys.readouterr().out
    assert pyperf.BenchmarkSuite.load(str(file)).get_benchmark_names() == ["render: one alert as text"]


def test_no_rule_is_asked_about_an_alert_whose_values_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many rules there are, and though many of them apply."""
    plan = plan_of(RULES[-1])
    verdict = plan.route(view_of(1, "cluster-1"))
    assert len(verdict.rule_ids) > 10
    asked: list[str] = []
    monkeypatch.setattr(FieldTest, "accepts", lambda test, value: asked.append(value))
    assert plan.route(view_of(1, "cluster-1")) == verdict
    assert asked == []


def _calls_of_a_warm_alert(rules: int) -> tuple[int, int]:
    """Return how many calls it takes to route an alert whose values are known, and to take it in and tell it."""
    plan, view = plan_of(rules), view_of(1, "cluster-1")
    plan.route(view)
    engine = Engine(plan)
    now, alert = Instant(ORIGIN, ORIGIN), AlertFired(view.alert)
    engine.step(now, [alert])
    engine.undo()
    return calls_of(lambda: plan.route(view)), calls_of(lambda: engine.step(now, [alert]))


def test_what_a_warm_alert_takes_does_not_depend_on_the_number_of_rules() -> None:
    """Neither routing it nor telling it."""
    assert len({_calls_of_a_warm_alert(rules) for rules in RULES}) == 1

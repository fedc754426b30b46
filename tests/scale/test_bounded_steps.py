"""What concerns very many alerts at once is worked off in steps that are bounded: by counts here, for tests must not
depend on speed. ``make scale`` measures the time that it takes for many more."""

from __future__ import annotations

import json

import pytest
from tests.scale.crowd import Counts, Crowd, everything, plan

from tocsin import Aggregation, LabelMatcher, LevelReached, MatchOperator, Silence, SilenceSet
from tocsin.engine import walk
from tocsin.engine.crowds import LISTED
from tocsin.engine.lanes import _DIGESTED, _QUEUED
from tocsin.engine.machine import DEADLINES_PER_STEP, LINES_PER_STEP
from tocsin.engine.reviews import EPISODES_PER_STEP

ALERTS = 5000
RECORDS_PER_DECISION = 4
"""An episode's incident, its notification, and a deadline or two."""


def silenced(*, together: bool, limit: int | None = None) -> Crowd:
    """Return a crowd of which nobody was told, since all of it is silenced."""
    crowd = Crowd(plan(together=together, limit=limit))
    crowd.step([SilenceSet(everything(100.0))])
    crowd.fire(ALERTS, escalated=ALERTS // 10)
    crowd.work_off()
    assert crowd.told == {}
    crowd.advance(101.0)
    crowd.counts = Counts()
    return crowd


def test_a_silence_that_ends_on_many_incidents_is_worked_off_in_bounded_steps() -> None:
    """And every one of them is told, once."""
    crowd = silenced(together=False)
    crowd.work_off()
    assert sorted(crowd.told.values()) == [1] * ALERTS
    assert crowd.counts.steps >= ALERTS / EPISODES_PER_STEP
    # a full queue is held, and goes into a digest; both are bounded, and may meet in one step
    assert crowd.counts.events <= 2 * EPISODES_PER_STEP + 2 * _QUEUED + 2 * _DIGESTED
    assert crowd.counts.records <= RECORDS_PER_DECISION * (EPISODES_PER_STEP + _DIGESTED)


def test_a_silence_that_ends_on_one_great_incident_is_worked_off_in_bounded_steps() -> None:
    """The notification waits for the last of it, and lists so many at a time."""
    crowd = silenced(together=True)
    crowd.work_off()
    assert sorted(crowd.told.values()) == [1] * ALERTS
    assert crowd.counts.steps >= ALERTS / EPISODES_PER_STEP
    assert crowd.counts.events <= 2 * EPISODES_PER_STEP
    assert crowd.counts.listed <= 1000


def test_a_rate_limit_holds_while_a_silence_that_ends_is_worked_off() -> None:
    """What is held goes into digests of a bounded size."""
    crowd = silenced(together=False, limit=2)
    while len(crowd.told) < ALERTS:
        crowd.work_off()
        crowd.advance(60.0)
    assert sorted(set(crowd.told.values())) <= [1, 2]  # the escalated ones meanwhile twice
    assert crowd.counts.listed <= _DIGESTED


def test_many_escalations_that_start_together_are_worked_off_in_bounded_steps() -> None:
    """Their first level comes due at one instant."""
    crowd = Crowd(plan())
    crowd.fire(ALERTS, escalated=ALERTS)
    crowd.work_off()
    crowd.counts = Counts()
    crowd.advance(301.0)
    crowd.work_off()
    assert sorted(crowd.told.values()) == [2] * ALERTS
    assert crowd.counts.steps >= ALERTS / DEADLINES_PER_STEP
    assert crowd.counts.events <= 3 * DEADLINES_PER_STEP + 2 * _QUEUED + 2 * _DIGESTED


def reviewed(escalated: int) -> Crowd:
    """Return a crowd that is told on two channels and is decided anew, so many first levels of which are due."""
    crowd = Crowd(plan(channels=["ops", "boss"]))
    crowd.fire(ALERTS, escalated=escalated)
    crowd.work_off()
    crowd.advance(300.0)
    return crowd


NOTHING = Silence("none", (LabelMatcher("metric_name", MatchOperator.EQUAL, "none"),), 0.0, 1e10)


def test_what_is_due_is_met_while_a_review_goes_on() -> None:
    """However many lines that touches, and however often another one begins."""
    crowd, reached = reviewed(500), 0
    for _ in range(2 * 500 // LINES_PER_STEP):
        step = crowd.step([SilenceSet(NOTHING)])
        reached += sum(isinstance(event, LevelReached) for event in step.events)
    assert walk.active(crowd.engine.state)
    assert reached == 500


def test_a_stall_of_seconds_amid_a_review_is_no_reason_to_end_it_at_once() -> None:
    """A device may take its time for one commit; new alerts have waited long enough then."""
    crowd = reviewed(500)
    crowd.step([SilenceSet(NOTHING)])
    crowd.advance(5.0)
    crowd.step()
    assert walk.active(crowd.engine.state)


@pytest.mark.parametrize("together", [False, True])
def test_an_alert_is_accepted_between_two_steps(together: bool) -> None:
    """The engine does not insist on ending what it began."""
    crowd = silenced(together=together)
    crowd.step()
    assert crowd.due, "something is left to be worked off"
    assert crowd.fire_one().answers == (True,)


@pytest.mark.parametrize("group_by", [[], ["cluster_id"]])
def test_groups_are_told_and_reminded_of_in_bounded_steps(group_by: list[str]) -> None:
    """One of all, or fifty that have one flush; what a repeat does not list stays told."""
    settings = {"group_by": group_by, "group_wait_seconds": 10.0, "repeat_interval_seconds": 600.0}
    crowd = Crowd(plan(aggregation=Aggregation("grouping", settings)))
    crowd.fire(ALERTS)
    crowd.counts = Counts()
    crowd.advance(10.0)
    crowd.work_off()
    assert sorted(crowd.told.values()) == [1] * ALERTS
    crowd.advance(600.0)
    crowd.work_off()
    assert sum(crowd.told.values()) == ALERTS + (ALERTS if group_by else LISTED)
    assert crowd.counts.listed <= LISTED
    assert crowd.counts.events <= 2 * LISTED


@pytest.mark.parametrize("aggregation", [None, Aggregation("grouping", {"group_by": ["metric_name"]})])
def test_no_record_grows_with_the_crowd(aggregation: Aggregation | None) -> None:
    """Whatever is written again since one member changed has the size that one member has, and not all of them."""
    largest = []
    for alerts in (ALERTS // 5, ALERTS):
        crowd = Crowd(plan(together=True, aggregation=aggregation))
        crowd.step([SilenceSet(everything(100.0))])
        crowd.fire(alerts, escalated=alerts // 10)
        crowd.work_off()
        crowd.advance(101.0)
        crowd.step()
        largest.append(max(len(json.dumps(plain)) for plain in crowd.engine.unsaved_records().values()))
    assert largest[1] < 1.2 * largest[0] + 1000

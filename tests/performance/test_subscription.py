"""A listener's queue: small, in order, and nothing that matters is lost."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.model.alert import PerformanceAlert
from tocsin.model.severity import AlertSeverity
from tocsin.performance import subscription as module
from tocsin.performance.notice import Change, Notice
from tocsin.performance.subscription import Subscription


async def nobody(notices: Sequence[Notice]) -> None:
    """Never called here."""


def notice(change: Change, alert_id: str = "a", value: float = 0.0) -> Notice:
    """A notice about an alert."""
    return Notice(change, PerformanceAlert(alert_id, "c", AlertSeverity.ERROR, "m", current_value=value))


def queue(batch: int = 1) -> Subscription:
    """A listener that wants everything."""
    return Subscription("everything", lambda notice: True, nobody, batch)


def test_of_one_alert_the_latest_firing_and_the_latest_end_wait_in_their_order() -> None:
    """However often it goes to and fro while the listener is busy."""
    one = queue()
    fired, resolved = notice(Change.FIRED, value=1), notice(Change.RESOLVED, value=2)
    again = notice(Change.CONTINUES, value=3)
    for each in (fired, notice(Change.WORSENED), resolved, again):
        one.put(each)
    assert one.pending == 2
    assert one.take() == [resolved, again]
    assert one.take() == []


def test_alerts_come_in_the_order_in_which_they_began_to_wait() -> None:
    """As many at once as the listener takes."""
    one = queue(batch=2)
    for alert_id in ("a", "b", "c"):
        one.put(notice(Change.FIRED, alert_id))
    assert [each.alert.alert_id for each in one.take()] == ["a", "b"]
    assert [each.alert.alert_id for each in one.take()] == ["c"]


def test_it_takes_only_what_it_wants() -> None:
    """A listener for ends is owed no firings."""
    one = Subscription("ends", lambda notice: notice.resolved, nobody)
    one.put(notice(Change.FIRED))
    assert one.settled


def test_what_failed_is_owed_again_but_not_before_the_next_round() -> None:
    """Otherwise a listener that always fails would be called without end."""
    one = queue(batch=2)
    failed = [notice(Change.RESOLVED, "a"), notice(Change.FIRED, "a"), notice(Change.FIRED, "b")]
    one.owe_again(failed)
    assert (one.take(), one.pending, one.settled) == ([], 3, True)
    one.retry()
    assert one.take() == failed


def test_only_a_new_problem_is_news() -> None:
    """The log tells once what goes wrong again and again."""
    one = queue()
    assert [one.failed("ValueError"), one.failed("ValueError"), one.failed("KeyError")] == [True, False, True]
    one.succeeded()
    assert one.failed("KeyError")
    assert (one.as_dict()["failures"], one.as_dict()["deliveries"]) == (4, 1)


def test_what_failed_goes_before_what_is_newer() -> None:
    """Order within one alert is kept over a retry, and what is out of date is left out."""
    one = queue()
    one.owe_again([notice(Change.RESOLVED, value=1)])
    one.put(notice(Change.FIRED, value=2))
    assert [each.alert.current_value for each in one.take()] == [1, 2]
    one.put(notice(Change.FIRED, value=4))
    one.owe_again([notice(Change.RESOLVED, value=3)])
    assert [each.alert.current_value for each in one.take()] == [3, 4]
    one.owe_again([notice(Change.RESOLVED, value=5)])
    one.put(notice(Change.RESOLVED, value=6))
    assert [each.alert.current_value for each in one.take()] == [6]


def test_who_hears_of_no_ends_is_not_told_late_of_what_is_over() -> None:
    """A firing that failed is not repeated once the alert resolved; one that was never tried still comes."""
    one = Subscription("firings", lambda notice: not notice.resolved, nobody)
    one.owe_again([notice(Change.FIRED, "a")])
    one.put(notice(Change.FIRED, "b"))
    for alert_id in ("a", "b"):
        one.put(notice(Change.RESOLVED, alert_id))
    one.retry()
    assert one.take() == [notice(Change.FIRED, "b")]
    assert one.take() == []


def test_what_a_listener_cannot_take_for_long_is_dropped_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded, and the loss is counted."""
    monkeypatch.setattr(module, "MAX_PENDING", 2)
    one = queue(batch=5)
    for alert_id in ("a", "b", "c"):
        one.put(notice(Change.FIRED, alert_id))
    assert one.as_dict()["dropped"] == 1
    assert [each.alert.alert_id for each in one.take()] == ["b", "c"]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(list(Change)), st.integers(0, 3)), max_size=40))
def test_the_last_word_on_each_alert_is_always_delivered(steps: list[tuple[str, Change, int]]) -> None:
    """Whatever is replaced on the way, and however deliveries fail in between."""
    one, last, said = queue(), dict[str, Notice](), dict[str, Notice]()
    for number, (alert_id, change, then) in enumerate(steps):
        last[alert_id] = notice(change, alert_id, number)
        one.put(last[alert_id])
        taken = one.take() if then else []
        if then == 1:
            one.owe_again(taken)
            continue
        said.update({each.alert.alert_id: each for each in taken})
    one.retry()
    while taken := one.take():
        said.update({each.alert.alert_id: each for each in taken})
    assert said == last

"""A word not yet attempted; a call that may have arrived and then lapses."""
from typing import Any
import pytest
from tests.engine.harness import Bench, configuration, rule
from tests.engine.test_taking import DELIVERED, DOWN, bench, kinds, pager
from tocsin import Outcome
GROUPING: dict[str, Any] = {"aggregator": "grouping",
    "settings": {"group_by": [], "group_wait_seconds": 0.0, "group_interval_seconds": 300.0}}

def show(one, ch="pager"):
    return [(round(s.at,1), s.kind, s.firing, s.attempt, s.notification.reopened) for s in one.on(ch)]

def test_queued_word_then_rise_in_silence():
    one = bench(channels=(pager(rate_limit_per_minute=2), "chat"))
    one.fire("a", "critical")
    one.fire("z", "critical", metric="disk")
    one.wake(5)
    one.fire("a", "error")
    one.ack("a")
    one.wake(10)
    print(show(one))
    one.silence("s", 500.0, alert_id="a")
    one.fire("a", "critical")
    one.wake(400)
    print(show(one))
    assert "acknowledged" not in kinds(one)
    one.wake(5000)
    print(show(one))

@pytest.mark.parametrize("options", [{}, GROUPING], ids=["window","grouping"])
def test_unknown_call_then_taken(options):
    """a call after a word that may have arrived, and then it is taken: word must be told under the new key; end must close it."""
    one = bench(answer=None, **options)
    one.fire("a"); one.deliver()
    one.ack("a"); one.deliver()
    one.wake(100)
    one.unack("a") if hasattr(one, "unack") else None
    one.wake(700)
    print(show(one))
    last = one.on("pager")[-1]
    assert last.kind != "acknowledged"
    one.outcome(last, Outcome.unknown("x"))
    one.ack("a")
    one.answer = DELIVERED
    one.wake(2000)
    one.deliver()
    print(show(one))
    one.resolve("a")
    one.wake(5000)
    print(show(one))
    assert one.on("pager")[-1].notification.reopened == last.notification.reopened

"""Crowds (CROWD and LISTED lowered): a reminder after an undone ack while something is in flight; grouping with many."""
import pytest
from tests.engine.harness import Bench, configuration, rule
from tests.engine.test_taking import DELIVERED, DOWN, kinds, pager, bench
from tests.engine.test_taken_back import GROUPING
from tocsin import Outcome
from tocsin.engine import crowds
SHAPES = pytest.mark.parametrize("options", [{}, GROUPING], ids=["window", "grouping"])
def show(one, ch="pager"):
    return [(round(s.at,1), s.kind, s.firing, s.resolved, s.attempt, s.notification.reopened) for s in one.on(ch)]
@SHAPES
@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("how", ["ackend", "rise", "flap"])
def test_crowd(options, how, restart, monkeypatch):
    monkeypatch.setattr(crowds, "CROWD", 6); monkeypatch.setattr(crowds, "LISTED", 4)
    one = bench(**options)
    for i in range(10): one.fire(f"a{i}")
    one.fire("a7", "critical")
    one.wake(4000)
    one.fire("a7", "error"); one.wake(4400)
    for i in range(10): one.ack(f"a{i}", 2000.0 if (i == 7 and how == "ackend") else None)
    one.wake(5000)
    assert kinds(one)[-1] == "acknowledged", show(one)[-3:]
    if restart: one.restart()
    if how == "rise": one.fire("a7", "critical")
    if how == "flap": one.resolve("a7"); one.fire("a7")
    one.wake(9000)
    print(show(one)[-3:])
    assert kinds(one)[-1] != "acknowledged" and "a7" in one.on("pager")[-1].firing and one.on("pager")[-1].notification.reopened <= 1
    one.ack("a7"); one.wake(12000)
    if options or how != "flap": assert kinds(one)[-1] == "acknowledged"

@SHAPES
def test_dead_call_then_falls(options):
    """seed 7104: not a fault where nothing arrived"""
    one = bench(answer=None, **options)
    one.fire("a"); one.deliver(); one.ack("a"); one.deliver(); one.wake(400)
    one.fire("a", "critical")
    end = one.at + 8000
    while one.at < end:
        for s in list(one.under_way.values()): one.outcome(s, DOWN)
        one.wake(one.at + 50)
    one.answer = DELIVERED
    one.deliver()
    print(one.ended(), show(one)[-2:])
    one.fire("a", "error"); one.wake(20000)
    print(show(one)[-3:])
    one.fire("b"); one.wake(30000); print(show(one)[-3:])

@SHAPES
def test_dead_call_and_redriven(options):
    """a call after a word dies, then the alert is taken, undone; the pager must be called"""
    one = bench(answer=None, **options)
    one.fire("a"); one.deliver(); one.ack("a", 1000.0); one.deliver(); 
    end = 9000
    while one.at < end:
        for s in list(one.under_way.values()): one.outcome(s, DOWN)
        one.wake(one.at + 50)
    last = one.on("pager")[-1]
    print(one.ended(), show(one)[-2:])
    assert one.ended()
    one.answer = DELIVERED
    one.ack("a", 500.0); one.wake(one.at + 5000)
    print(show(one)[-3:])
    assert one.on("pager")[-1].kind == "repeat" and one.on("pager")[-1] is not last

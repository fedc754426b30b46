from typing import Any
import pytest
from tests.engine.harness import Bench, channel, configuration, rule, incident_tool
from tests.engine.test_taking import DELIVERED, DOWN, bench, kinds, pager
from tocsin import Outcome
GROUPING: dict[str, Any] = {"aggregator": "grouping",
    "settings": {"group_by": [], "group_wait_seconds": 0.0, "group_interval_seconds": 300.0}}
SHAPES = pytest.mark.parametrize("options", [{}, GROUPING], ids=["window", "grouping"])
UNK = Outcome.unknown("x")
def show(one, ch="pager"):
    return [(round(s.at,1), s.kind, s.firing, s.resolved, s.attempt, s.notification.reopened, s.notification.over) for s in one.on(ch)]

@SHAPES
@pytest.mark.parametrize("how", ["unknown", "restart"])
@pytest.mark.parametrize("then", ["ack", "resolve"])
def test_call_that_may_have_arrived_then_lapses(options, how, then):
    """PagerDuty may have the key .1 open: it must be acknowledged or resolved."""
    one = bench(answer=None, **options)
    one.fire("a"); one.deliver()
    one.ack("a", for_seconds=50.0); one.deliver()
    one.wake(700)
    call = one.on("pager")[-1]
    assert call.kind != "acknowledged" and call.notification.reopened == 1, show(one)
    if how == "unknown":
        one.outcome(call, UNK)
    else:
        one.restart()
    one.answer = DELIVERED
    if then == "ack":
        one.ack("a")
        one.wake(2000)
        print(show(one))
        assert [s for s in one.on("pager") if s.kind == "acknowledged" and s.notification.reopened == 1]
    one.resolve("a")
    one.wake(5000)
    print(show(one))
    last = one.on("pager")[-1]
    assert last.notification.over and last.notification.reopened == 1

@SHAPES
@pytest.mark.parametrize("how", ["unknown", "restart", "deliver", "down", "reject"])
def test_undone_while_word_under_way(options, how):
    one = bench(answer=None, **options)
    one.fire("a"); one.deliver()
    one.wake(100)
    one.ack("a", for_seconds=5.0)
    w = one.on("pager")[-1]
    assert w.kind == "acknowledged"
    one.wake(110)
    if how == "restart": one.restart()
    else: one.outcome(w, {"unknown": UNK, "deliver": DELIVERED, "down": DOWN, "reject": Outcome.rejected("no")}[how])
    one.answer = DELIVERED
    one.wake(3000)
    print(show(one))
    last = one.on("pager")[-1]
    assert last.kind != "acknowledged" and last.firing == ["a"] and last.notification.reopened == 1

@SHAPES
@pytest.mark.parametrize("mute", ["silence", "snooze"])
@pytest.mark.parametrize("restart", [False, True])
def test_ack_ends_while_muted(options, mute, restart):
    one = bench(**options)
    one.fire("a"); one.wake(10)
    one.ack("a", for_seconds=500.0); one.wake(20)
    if mute == "silence": one.silence("s", 2000.0, alert_id="a")
    else: one.snooze("a", 2000.0)
    one.wake(600)
    if restart: one.restart()
    one.wake(1000)
    assert kinds(one)[-1] == "acknowledged"
    one.wake(5000)
    print(show(one))
    assert kinds(one)[-1] != "acknowledged" and one.on("pager")[-1].notification.reopened == 1

def _after(hears, limit=3):
    one = Bench(configuration(pager(rate_limit_per_minute=limit, send_acknowledged=hears), rules=[rule("all", "pager")]), answer=DELIVERED)
    for i in range(limit): one.fire(f"a{i}", metric=f"m{i}")
    one.wake(100)
    for i in range(limit): one.ack(f"a{i}")
    one.wake(101)
    one.fire("b", "emergency", metric="disk")
    one.wake(400)
    return next(s.at for s in one.on("pager") if "b" in s.firing)
def test_limit():
    assert _after(True) == _after(False)

def _probe(hears):
    brittle = channel("pager", "brittle", send_acknowledged=hears)
    one = Bench(configuration(brittle, rules=[rule("all", "pager")]), answer=None)
    one.fire("a"); one.deliver()
    one.ack("a")
    for s in list(one.under_way.values()): one.outcome(s, DOWN)
    # a call opens the circuit, then it lapses
    one.fire("x", metric="net")
    for at in range(1, 12):
        for s in list(one.under_way.values()): one.outcome(s, DOWN)
        one.wake(float(at))
        if len([s for s in one.on("pager") if "x" in s.firing]) >= 2 and not one.under_way: break
    one.resolve("x")
    t0 = one.at
    for at in range(int(one.at)+1, 30):
        for s in list(one.under_way.values()): one.outcome(s, DOWN)
        one.wake(float(at))
    one.answer = DELIVERED
    for s in list(one.under_way.values()): one.outcome(s, DOWN)
    one.fire("b", "emergency", metric="disk")
    one.wake(300.0)
    print(t0, show(one))
    return next(s.at for s in one.on("pager") if "b" in s.firing)
def test_probe():
    assert _probe(True) == _probe(False)

@SHAPES
def test_call_down_then_resolve_then_again(options):
    """keys"""
    one = bench(answer=DELIVERED, **options)
    for n in range(4):
        one.fire("a"); one.wake(one.at+400)
        one.ack("a"); one.wake(one.at+400)
        one.resolve("a"); one.wake(one.at+100)
    one.wake(one.at+3000)
    print(show(one))

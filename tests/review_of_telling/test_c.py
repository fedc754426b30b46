from typing import Any
import pytest
from tests.engine.harness import Bench, channel, configuration, rule, incident_tool
from tests.engine.test_taking import DELIVERED, DOWN, bench, kinds, pager
from tocsin import Outcome
from tests.engine.test_taken_back import GROUPING
SHAPES = pytest.mark.parametrize("options", [{}, GROUPING], ids=["window", "grouping"])
UNK = Outcome.unknown("x")
def show(one, ch="pager"):
    return [(round(s.at,1), s.kind, s.firing, s.resolved, s.attempt, s.notification.reopened, s.notification.over) for s in one.on(ch)]

@SHAPES
@pytest.mark.parametrize("then", ["ack", "resolve"])
@pytest.mark.parametrize("second", [DOWN, UNK], ids=["down", "unk"])
def test_restart_then_down_then_lapses(options, then, second):
    """The first attempt (key .1) was under way at the crash and may have arrived; the second surely not; then taken/over."""
    one = bench(answer=None, **options)
    one.fire("a"); one.deliver()
    one.ack("a", for_seconds=50.0); one.deliver()
    one.wake(700)
    call = one.on("pager")[-1]
    one.restart()
    again = one.on("pager")[-1]
    assert again.attempt == 2
    one.answer = DELIVERED
    one.outcome(again, second)
    if then == "ack":
        one.ack("a"); one.wake(2000)
    one.resolve("a"); one.wake(5000)
    print(show(one))
    assert one.on("pager")[-1].notification.over
    assert one.on("pager")[-1].notification.reopened == 1

def _emergency(hears):
    """Production's circuit (5 failures, 30 s, cap 300): a call failed 8 times and lapsed, a word goes on as the probe."""
    pol = incident_tool("pager", send_acknowledged=hears)
    one = Bench(configuration(pol, rules=[rule("all", "pager")]), answer=None)
    one.fire("a"); one.deliver()
    one.fire("x", metric="net")
    n = 0
    while n < 10 and one.at < 3000:
        for s in list(one.under_way.values()):
            one.outcome(s, DOWN); n += 1
        one.wake(one.at + 1.0)
    one.resolve("x")
    one.ack("a")
    t0 = one.at
    while one.at < t0 + 700:
        for s in list(one.under_way.values()): one.outcome(s, DOWN)
        one.wake(one.at + 1.0)
    # right after the last word failed, the receiver is back
    while not one.under_way and hears and one.at < t0 + 3000: one.wake(one.at + 1.0)
    for s in list(one.under_way.values()): one.outcome(s, DOWN)
    one.answer = DELIVERED
    at = one.at
    one.fire("b", "emergency", metric="disk")
    one.wake(at + 1000)
    print(show(one)[-4:])
    return next(s.at for s in one.on("pager") if "b" in s.firing) - at
def test_probe_prod():
    assert (_emergency(True), _emergency(False)) == (0, 0)

@SHAPES
def test_5xx_that_was_taken(options):
    """503 though the tool took it: then taken -> .1 stays open for ever (before the feature the end closed it)."""
    one = bench(answer=None, **options)
    one.fire("a"); one.deliver()
    one.ack("a", for_seconds=50.0); one.deliver()
    one.wake(700)
    one.outcome(one.on("pager")[-1], DOWN)
    one.answer = DELIVERED
    one.ack("a"); one.wake(2000); one.resolve("a"); one.wake(5000)
    print(show(one))
    assert any(s.notification.reopened == 1 and s.kind in ("acknowledged", "resolved") for s in one.on("pager"))

@SHAPES
@pytest.mark.parametrize("restart", [False, True])
def test_flap_bridged(options, restart):
    one = bench(**options)
    one.fire("a"); one.wake(400); one.ack("a"); one.wake(700)
    one.resolve("a"); 
    if restart: one.restart()
    one.fire("a"); one.wake(5000)
    print(show(one))
    assert one.on("pager")[-1].firing == ["a"] and kinds(one)[-1] != "acknowledged"

@SHAPES
def test_flap_bridged_muted(options):
    one = bench(**options)
    one.fire("a"); one.wake(400); one.ack("a"); one.wake(700)
    one.silence("s", 3000.0, alert_id="a")
    one.resolve("a"); one.fire("a"); one.wake(1500)
    one.restart()
    one.wake(8000)
    print(show(one))
    assert one.on("pager")[-1].firing == ["a"] and kinds(one)[-1] != "acknowledged"

@SHAPES
def test_queued_word_bridge(options):
    one = bench(channels=(pager(rate_limit_per_minute=1), "chat"), answer=DELIVERED, **options)
    one.fire("a"); one.wake(10); one.ack("a"); one.wake(20); assert kinds(one) == ["firing"]
    one.resolve("a"); one.wake(30); one.fire("a"); one.wake(5000)
    print(show(one))
    assert one.on("pager")[-1].firing == ["a"]

@SHAPES
def test_reload_group(options):
    """channel changed backend / send_acknowledged toggled with said noted"""
    one = bench(**options)
    one.fire("a"); one.wake(400); one.ack("a", for_seconds=1000.0); one.wake(500)
    off = configuration(pager(send_acknowledged=False), "chat", rules=[rule("all", "pager", "chat")], **options)
    one.reload(off); one.wake(5000)
    print(show(one))
    assert one.on("pager")[-1].notification.reopened == 1 and kinds(one)[-1] == "repeat"
@SHAPES
def test_reload_away_and_back(options):
    """while the ack ends nothing leads to the pager; then again: the tool believes it taken"""
    one = bench(**options)
    one.fire("a"); one.wake(400); one.ack("a", for_seconds=300.0); one.wake(500)
    away = configuration(pager(), "chat", rules=[rule("all", "chat")], **options)
    back = configuration(pager(), "chat", rules=[rule("all", "pager", "chat")], **options)
    one.reload(away); one.wake(2000); one.reload(back); one.wake(8000)
    print(show(one)); 
    assert kinds(one)[-1] != "acknowledged"
@SHAPES
def test_inhibited(options):
    from tests.engine.test_taking import bench as b
    one = b(**options)
    one.fire("a"); one.wake(10)

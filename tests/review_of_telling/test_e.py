"""A call under way at a crash, its alert acknowledged (or gone) meanwhile: it may have arrived, and nothing follows it."""
import pytest
from tests.engine.harness import Bench, configuration, rule
from tests.engine.test_taking import DELIVERED, bench, kinds, pager
from tests.engine.test_taken_back import GROUPING
from tocsin import Outcome
SHAPES = pytest.mark.parametrize("options", [{}, GROUPING], ids=["window", "grouping"])
def show(one, ch="pager"):
    return [(round(s.at,1), s.kind, s.firing, s.resolved, s.attempt, s.notification.reopened, s.notification.over) for s in one.on(ch)]
@SHAPES
@pytest.mark.parametrize("how", ["answered", "unknown", "crash"])
@pytest.mark.parametrize("then", ["ack", "ack-resolve", "resolve", "mute"])
def test_taken_while_the_call_is_under_way(options, how, then):
    one = bench(answer=None, **options)
    one.fire("a"); one.deliver()
    one.ack("a", for_seconds=50.0); one.deliver()
    one.wake(700)
    call = one.on("pager")[-1]
    assert call.notification.reopened == 1 and call.kind == "repeat"
    if "ack" in then: one.ack("a")
    if "resolve" in then: one.resolve("a")
    if then == "mute": one.silence("s", 3000.0, alert_id="a")
    one.answer = DELIVERED
    if how == "crash": one.restart(730)
    else: one.outcome(call, DELIVERED if how == "answered" else Outcome.unknown("x"))
    one.wake(2000)
    if then == "mute": one.ack("a"); one.wake(4000)
    if then in ("ack", "mute"):
        print(how, then, show(one))
        last = one.on("pager")[-1]
        assert (last.kind, last.notification.reopened) == ("acknowledged", 1)
        one.resolve("a")
    one.wake(9000)
    print(how, then, show(one))
    last = one.on("pager")[-1].notification
    assert (last.over, last.reopened) == (True, 1)
@SHAPES
@pytest.mark.parametrize("how", ["unknown", "crash"])
def test_first_call_then_later_one(options, how):
    """what calls after that: has its key been used for one the tool holds as triggered, or left behind open?"""
    one = bench(answer=None, **options)
    one.fire("a"); one.deliver()
    one.ack("a", for_seconds=50.0); one.deliver()
    one.wake(700)
    call = one.on("pager")[-1]
    one.ack("a")
    one.answer = DELIVERED
    if how == "crash": one.restart(730)
    else: one.outcome(call, Outcome.unknown("x"))
    one.wake(2000)
    one.fire("b"); one.wake(5000)
    print(how, show(one))

"""The reminder that undoes a word dies while the tool is down: who is called once it is back?"""
import pytest
from tests.engine.harness import Bench, configuration, rule
from tests.engine.test_taking import DELIVERED, DOWN, kinds, pager, bench
from tests.engine.test_taken_back import GROUPING
from tocsin import Outcome
SHAPES = pytest.mark.parametrize("options", [{}, GROUPING], ids=["window", "grouping"])
def show(one, ch="pager"):
    return [(round(s.at,1), s.kind, s.firing, s.resolved, s.attempt, s.notification.reopened) for s in one.on(ch)]
@SHAPES
@pytest.mark.parametrize("how", ["down", "reject"])
@pytest.mark.parametrize("why", ["ackend", "rise", "flap"])
def test_reminder_dies(options, how, why):
    one = Bench(configuration(pager(), rules=[rule("all", "pager")], **options), answer=None)
    one.fire("a", "critical"); one.deliver(); one.wake(400); one.fire("a", "error"); one.wake(700); one.deliver()
    one.ack("a", 1000.0 if why == "ackend" else None); one.deliver(); one.wake(1000); one.deliver()
    assert kinds(one)[-1] == "acknowledged"
    if why == "rise": one.fire("a", "critical")
    if why == "flap": one.resolve("a"); one.fire("a")
    bad = DOWN if how == "down" else Outcome.rejected("no")
    while one.at < 9000:
        for s in list(one.under_way.values()): one.outcome(s, bad)
        one.wake(one.at + 50)
    n = len(one.on("pager"))
    one.answer = DELIVERED
    one.wake(200_000)
    print(why, how, one.ended(), show(one)[max(0, n-1):])
    assert len(one.on("pager")) > n, "the tool holds it as acknowledged for ever, and nobody has it"

"""The reminder that undoes a word failed once, and a silence or an inhibition begins before it is tried again."""
import sys; sys.path.insert(0, __file__.rpartition("/")[0])
import pytest
from tests.engine.harness import Bench, configuration, rule, channel
from tests.engine.test_taking import DELIVERED, DOWN, kinds, pager, bench
from tests.engine.test_taken_back import GROUPING
from tocsin import Outcome, GapKind
from fuzz import Tool
SHAPES = pytest.mark.parametrize("options", [{}, GROUPING], ids=["window", "grouping"])
def show(one, ch="pager"):
    return [(round(s.at,1), s.kind, s.firing, s.resolved, s.attempt, s.notification.reopened) for s in one.on(ch)]
@SHAPES
@pytest.mark.parametrize("first", ["down", "unknown"])
@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("why", ["ackend", "rise"])
def test_reminder_failed_then_silenced(options, first, restart, why):
    one = Bench(configuration(pager(), rules=[rule("all", "pager")], **options), answer=None)
    one.fire("a", "critical"); one.deliver(); one.wake(400); one.fire("a", "error"); one.wake(700); one.deliver()
    one.ack("a", 1000.0 if why == "ackend" else None); one.deliver(); one.wake(1000); one.deliver()
    assert kinds(one)[-1] == "acknowledged"
    if why == "rise": one.fire("a", "critical")
    one.wake(2105)
    call = one.on("pager")[-1]; assert call.kind == "repeat", show(one)
    one.outcome(call, DOWN if first == "down" else Outcome.unknown("x"))
    one.silence("s", 5000.0, alert_id="a")
    if restart: one.restart()
    one.answer = DELIVERED
    one.wake(9_000)
    print(show(one)[-2:])
    assert one.on("pager")[-1] is not call, "never called"

@pytest.mark.parametrize("fallback", [False, True])
@pytest.mark.parametrize("hears", [False, True])
def test_against_without(hears, fallback):
    """What the tool believes after the reminder died: with words nobody is called, without them the tool goes on."""
    p = pager(send_acknowledged=hears, **({"fallback": "backup"} if fallback else {}))
    one = Bench(configuration(p, channel("backup"), rules=[rule("all", "pager")]), answer=None)
    tool = Tool()
    def good():
        for s in list(one.under_way.values()):
            if s.channel_id == "pager": tool.take(s.notification)
            one.outcome(s, DELIVERED)
    one.fire("a"); good(); one.ack("a", 1000.0); good(); one.wake(990); good()
    while one.at < 9000:  # the tool is down for two hours
        for s in list(one.under_way.values()): one.outcome(s, DOWN if s.channel_id == "pager" else DELIVERED)
        one.wake(one.at + 50)
    while one.at < 100_000: good(); one.wake(one.at + 500)
    print(hears, fallback, list(tool.keys.values()), one.ended(), [(s.at, s.kind, s.firing) for s in one.on("backup")], [(k.name, one.gaps(k)) for k in GapKind if one.gaps(k)])
    assert "triggered" in tool.keys.values() or one.on("backup")

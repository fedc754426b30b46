"""As test_h, with longer waits: does the repeat of grouping rescue it; and snoozed instead."""
import pytest
from tests.engine.harness import Bench, configuration, rule
from tests.engine.test_taking import DELIVERED, DOWN, kinds, pager
from tests.engine.test_taken_back import GROUPING
@pytest.mark.parametrize("options", [{}, GROUPING], ids=["window", "grouping"])
@pytest.mark.parametrize("mute", ["silence", "snooze"])
def test_it(options, mute):
    one = Bench(configuration(pager(), rules=[rule("all", "pager")], **options), answer=None)
    one.fire("a"); one.deliver(); one.ack("a", 1000.0); one.deliver(); one.wake(1800)
    call = one.on("pager")[-1]; assert call.kind == "repeat"
    one.outcome(call, DOWN)
    if mute == "silence": one.silence("s", 5000.0, alert_id="a")
    else: one.snooze("a", 3000.0)
    one.answer = DELIVERED
    one.wake(60_000)
    last = one.on("pager")[-1]
    print(mute, last.at, last.kind, last.attempt)
    assert last is not call

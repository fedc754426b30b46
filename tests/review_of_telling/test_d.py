"""seed 7104 (trio): a rise leads to a channel, the fall to what was taken leads away: the word is never said."""
import pytest
from tests.engine.harness import Bench, configuration, rule
from tests.engine.test_taking import DELIVERED, kinds, pager
from tests.engine.test_taken_back import GROUPING
SHAPES = pytest.mark.parametrize("options", [{}, GROUPING], ids=["window", "grouping"])
def show(one, ch="pager"):
    return [(round(s.at,1), s.kind, s.firing, s.resolved, s.attempt, s.notification.reopened) for s in one.on(ch)]
@SHAPES
@pytest.mark.parametrize("other", [False, True])
def test_fall_that_leads_away(options, other):
    one = Bench(configuration(pager(), "chat", rules=[rule("severe", "pager", severity=["critical"], continue_matching=True) if False else rule("severe", "pager", "chat", severity="critical"), rule("all", "chat")], **options), answer=DELIVERED)
    one.fire("a", "warning"); one.wake(10)
    one.ack("a"); one.wake(20)
    assert kinds(one) == []
    one.fire("a", "critical"); one.wake(1000)
    assert kinds(one) == ["firing"]
    one.fire("a", "warning")
    if other: one.fire("a", "warning", message="x")
    one.wake(100_000)
    print(show(one))
    assert kinds(one) == ["firing", "acknowledged"]

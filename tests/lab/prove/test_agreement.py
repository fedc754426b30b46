"""What is proved agrees with an exhaustive search on small configurations."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.lab.prove.small import configurations, missed, plan_of, question_of

from tocsin import Configuration, Registry
from tocsin.lab.prove.proving import prove


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(configurations(), st.sampled_from([200.0, 900.0]), st.sampled_from([0, 0, 1]))
def test_what_is_proved_is_so_and_what_is_not_is_not(
    registry: Registry, configuration: Configuration, within: float, tolerate: int
) -> None:
    plan = plan_of(configuration, registry)
    question = question_of(plan, within=within, tolerate=tolerate)
    verdict = prove(plan, question)
    against = next(missed(plan, question), None)
    if verdict.proved:
        assert against is None
    elif verdict.counterexample is None:
        assert verdict.undecided
        assert against is None, (against, verdict.undecided)
        assert all("confirm" not in reason for reason in verdict.undecided)

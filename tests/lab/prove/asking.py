"""Asks a configuration that is written as in a file."""

from __future__ import annotations

from typing import Any

from tests.configfile.files import Files
from tests.lab.prove.small import MONDAY

from tocsin import AlertSeverity
from tocsin.engine.compile import compile_plan
from tocsin.engine.plan import Plan
from tocsin.engine.turn import Instant
from tocsin.lab.hearing import heard
from tocsin.lab.prove.proving import UNITS, prove
from tocsin.lab.prove.verdict import Question, Verdict

__all__ = ["CHANNELS", "ask", "plan_of_text"]

CHANNELS = """\
channels:
  team: {backend: console}
  boss: {backend: console}
  robot: {backend: webhook, config: {webhook_url: "https://robot.example/"}}
"""


def plan_of_text(files: Files, text: str) -> Plan:
    """Write the file, read it and compile it."""
    return compile_plan(files.load(text).configuration, files.registry)


def ask(files: Files, text: str, *, units: int = UNITS, **fields: Any) -> Verdict:
    """Ask whether every critical alert reaches a person within fifteen minutes; *fields* change the question.

    The engine is asked again whether a counterexample is one.
    """
    plan = plan_of_text(files, text)
    humans = frozenset(name for name, found in plan.channels.items() if found.human)
    given = {
        "severity": AlertSeverity.CRITICAL,
        "goal": humans,
        "who": "a person",
        "within": 900.0,
        "start": MONDAY,
        **fields,
    }
    question = Question(**given)
    verdict = prove(plan, question, units=units)
    found = verdict.counterexample
    assert (verdict.proved, found is not None, bool(verdict.undecided)).count(True) == 1
    if found is not None:
        sent = heard(plan, found.alert, Instant(found.at, found.at), question.within, frozenset(found.failing))
        told = [one for one in sent or () if one.delivered]
        assert told == list(found.told)
        assert not any(one.channel_id in question.goal for one in told)
    return verdict

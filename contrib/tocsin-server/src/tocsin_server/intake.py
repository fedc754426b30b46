"""The ways in: reported alerts go through one of them into the service, and are counted there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import attrs

from tocsin import AlertFired, AlertResolved, Fact

__all__ = ["Counts", "Intake", "Intakes", "Submit"]

Submit = Callable[..., Awaitable[Any]]
"""``await submit(*facts)``: the service's door; it returns the answers once all is committed."""


@attrs.define(slots=True)
class Counts:
    """How many alerts came in: those that fire, those that ended, those that could not be taken."""

    firing: int = 0
    resolved: int = 0
    invalid: int = 0


@attrs.frozen(slots=True)
class Intake:
    """One way in."""

    submit: Submit
    counts: Counts = attrs.field(factory=Counts)

    async def take(self, *facts: Fact) -> Any:
        """Commit what was reported, and return the service's answers; what could not be committed is not counted."""
        answers = await self.submit(*facts)
        self.counts.firing += sum(isinstance(fact, AlertFired) for fact in facts)
        self.counts.resolved += sum(isinstance(fact, AlertResolved) for fact in facts)
        return answers

    def refuse(self, number: int) -> None:
        """Count alerts that could not be taken."""
        self.counts.invalid += number


@attrs.frozen(slots=True)
class Intakes:
    """Every way in: Alertmanager's API, tocsin's own, PagerDuty's events, and the sources of the daemon itself."""

    alertmanager: Intake
    tocsin: Intake
    pagerduty: Intake
    source: Intake

    @classmethod
    def to(cls, submit: Submit) -> Intakes:
        """Return ways that all lead to one door."""
        return cls(*(Intake(submit) for _ in attrs.fields(cls)))

    def by_interface(self) -> dict[str, Counts]:
        """Return what came in, by the name of the way."""
        return {field.name: getattr(self, field.name).counts for field in attrs.fields(type(self))}

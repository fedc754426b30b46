"""What a backend makes of a receiver's answers, and of having none."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Final

import pytest

from tocsin.model.outcome import Outcome, OutcomeStatus
from tocsin.testing.contracts.backend_tests import BackendTests
from tocsin.testing.contracts.owing import owes
from tocsin.testing.receiver import RETRY_AFTER_SECONDS, Answer
from tocsin.testing.samples import make_notification

__all__ = ["OutcomesContract"]

_LONGEST_DETAIL: Final = 1000

_MEANING: Final[Mapping[Answer, tuple[OutcomeStatus, str]]] = {
    Answer.TAKES: (OutcomeStatus.DELIVERED, "return Outcome.delivered() where the receiver says that it has it"),
    Answer.REFUSES: (
        OutcomeStatus.REJECTED,
        "return Outcome.rejected() where no later attempt can do better, so that the fallback is told instead",
    ),
    Answer.THROTTLES: (
        OutcomeStatus.THROTTLED,
        "return Outcome.throttled(), with retry_after_seconds where the receiver says when",
    ),
    Answer.FAILS: (
        OutcomeStatus.UNAVAILABLE,
        "return Outcome.unavailable() where the receiver does not have it and may take it later",
    ),
    Answer.DOWN: (OutcomeStatus.UNAVAILABLE, "return Outcome.unavailable() where nothing can have left"),
    Answer.BREAKS_OFF: (
        OutcomeStatus.UNKNOWN,
        "return Outcome.unknown() once the receiver may have it: it is sent again with the same id",
    ),
}


class OutcomesContract(BackendTests):
    """Each answer, mapped."""

    @pytest.mark.parametrize("answer", list(_MEANING), ids=str)
    async def test_each_answer_has_its_outcome(self, answer: Answer) -> None:
        """In one attempt: retries, and waiting for a limit, are the engine's."""
        self.needs(answer.value)
        wanted, mend = _MEANING[answer]
        with self.receiving(answer) as receiver:
            async with self.sending(receiver) as backend:
                outcome = await self.attempt(backend, self.rendered(make_notification()))
            came = len(receiver.arrivals)
        owes(
            outcome.status is wanted,
            f"a receiver that {_doing(answer)} made {outcome}, and not {wanted.value}",
            mend,
            "tocsin.Outcome; docs/adr/0017-what-a-backend-says-for-certain.md",
        )
        owes(
            came == (0 if answer is Answer.DOWN else 1),
            f"one send to a receiver that {_doing(answer)} arrived {came} times",
            "try once, and return; whether and when there is another attempt is decided by the engine",
            "tocsin.Backend.send",
        )
        self._check_detail(outcome)

    async def test_when_to_come_back_is_passed_on(self) -> None:
        """In seconds, as the receiver asked."""
        self.needs(Answer.THROTTLES.value, "retry after")
        with self.receiving(Answer.THROTTLES) as receiver:
            async with self.sending(receiver) as backend:
                outcome = await self.attempt(backend, self.rendered(make_notification()))
        seconds = outcome.retry_after_seconds
        owes(
            seconds is not None and RETRY_AFTER_SECONDS - 1 <= seconds <= RETRY_AFTER_SECONDS + 1,
            f"the receiver asked for {RETRY_AFTER_SECONDS} s, and the outcome says {seconds!r}",
            "read it (HTTP: tocsin.http.retry_after_seconds) and pass it as retry_after_seconds",
            "tocsin.Outcome.throttled",
        )

    def _check_detail(self, outcome: Outcome) -> None:
        owes(
            len(outcome.detail) <= _LONGEST_DETAIL,
            f"the outcome's detail has {len(outcome.detail)} characters: {outcome.detail:.80}…",
            f"cut what a receiver says (tocsin.http.excerpt); at most {_LONGEST_DETAIL} characters",
            "tocsin.Outcome",
        )
        strange = [char for char in outcome.detail if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")]
        owes(
            not strange,
            f"the outcome's detail has {strange[:5]!r} in it, which a terminal would act on",
            "make what a receiver says one harmless line (tocsin.http.excerpt)",
            "tocsin.Outcome",
        )


def _doing(answer: Answer) -> str:
    """Say what the receiver does, after "that"."""
    return {Answer.DOWN: "is down"}.get(answer, answer.value)

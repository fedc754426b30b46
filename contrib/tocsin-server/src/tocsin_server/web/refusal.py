"""A refusal: the one exception by which a request is answered with a status of 4xx or 5xx."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["Refused"]


class Refused(Exception):
    """The request is answered with *status*; *problem* says in one sentence what is wrong and what would be right.

    :param status: an HTTP status of 4xx or 5xx.
    :param code: a number for Alertmanager's form of an error, where it has one of its own.
    :param errors: where several things are wrong: each with its place.
    """

    def __init__(
        self,
        status: int,
        problem: str,
        *,
        headers: Mapping[str, str] | None = None,
        code: int | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.status = status
        self.problem = problem
        self.headers = dict(headers or {})
        self.code = status if code is None else code
        self.errors = tuple(errors)
        super().__init__(problem)

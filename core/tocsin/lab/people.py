"""People for virtual time: what is done about what was told, and how soon."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

import attrs

from tocsin.model.facts import Fact
from tocsin.model.notification import Notification

__all__ = ["NOBODY", "Nobody", "People", "Reaction"]


@attrs.frozen(slots=True)
class Reaction:
    """What somebody does, so many seconds after being told."""

    after_seconds: float
    fact: Fact


class People(Protocol):
    """Everybody who reads what is delivered."""

    def react(self, notification: Notification, *, human: bool) -> Iterable[Reaction]:
        """Return what is done about a notification that was just delivered. The same has the same answer.

        :param human: whether a person is the reader of its channel.
        """
        ...


class Nobody:
    """People who do nothing."""

    def react(self, notification: Notification, *, human: bool) -> Iterable[Reaction]:
        """Return nothing."""
        return ()


NOBODY: Final = Nobody()

"""What keeps alerts quiet now: silences and inhibitions, derived from the records and the plan."""

from __future__ import annotations

from collections.abc import Iterable

from tocsin.engine.agenda import Deadline
from tocsin.engine.gaps import is_gap
from tocsin.engine.state import Episode, State
from tocsin.engine.suppression.inhibition import InhibitionIndex
from tocsin.engine.suppression.silences import SilenceIndex
from tocsin.engine.transaction import Transaction
from tocsin.model.inhibition import InhibitionRule
from tocsin.model.silence import Silence

__all__ = ["Quiet"]


class Quiet:
    """The two indexes, and the inhibition rules in force. Silences that are over are not in them."""

    __slots__ = ("inhibitions", "rules", "silences")

    def __init__(self, rules: Iterable[InhibitionRule], state: State) -> None:
        tx = Transaction()
        self.rules = tuple(rules)
        self.silences = SilenceIndex()
        for silence_id, record in state.silences.items():
            if (Deadline.SILENCE_EDGE, silence_id) in state.wall_agenda:
                self.silences.put(tx, record.silence)  # it is not over, or nobody has met its end yet
        self.inhibitions = self._inhibitions(state, tx)

    def _inhibitions(self, state: State, tx: Transaction) -> InhibitionIndex:
        index = InhibitionIndex(self.rules)
        if self.rules:
            for alert_id in state.firing:
                episode = state.alerts[alert_id]
                if self.concerns(episode):
                    index.begin(tx, episode.episode_id, episode.view())
        return index

    def concerns(self, episode: Episode) -> bool:
        """Whether rules are about the episode at all: what tells of a gap neither inhibits nor is inhibited.

        It bears none of their labels, and what is absent equals what is absent.
        """
        return not is_gap(episode.alert)

    def change_rules(self, tx: Transaction, rules: Iterable[InhibitionRule], state: State) -> None:
        """Inhibit by other rules from now on."""
        changed = tuple(rules)
        if changed == self.rules:
            return
        before = self.rules, self.inhibitions
        tx.on_undo(lambda: self._set(*before))
        self.rules = changed
        self.inhibitions = self._inhibitions(state, Transaction())

    def _set(self, rules: tuple[InhibitionRule, ...], index: InhibitionIndex) -> None:
        self.rules, self.inhibitions = rules, index

    def muting(self, episode: Episode, wall: float) -> Silence | None:
        """Return the silence that mutes the episode at that wall time, or None."""
        return self.silences.muting(episode.view(), wall) if self.silences.by_id else None

    def inhibitor(self, episode: Episode) -> str | None:
        """Return the episode that inhibits this one, or None."""
        return self.inhibitions.inhibitor(episode.episode_id) if self.rules else None

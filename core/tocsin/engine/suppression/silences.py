"""The index of silences: which one mutes an alert now, however many there are."""

from __future__ import annotations

from tocsin.engine.suppression.matching import MatcherSets, compiled
from tocsin.engine.transaction import Transaction
from tocsin.model.alert import AlertView
from tocsin.model.silence import Silence

__all__ = ["SilenceIndex"]


class SilenceIndex:
    """Silences by what they match. It is derived: put every silence that there is, in any order, to have it again.

    ``by_id`` is for reading.
    """

    __slots__ = ("_sets", "by_id")

    def __init__(self) -> None:
        self.by_id: dict[str, Silence] = {}
        self._sets: MatcherSets[str] = MatcherSets()

    def __len__(self) -> int:
        return len(self.by_id)

    def __contains__(self, silence_id: str) -> bool:
        return silence_id in self.by_id

    def put(self, tx: Transaction, silence: Silence) -> None:
        """Add *silence*, or put it in the place of the one of its id.

        :raises PatternError: when one of its patterns is none; nothing is changed then.
        """
        for matcher in silence.matchers:
            compiled(matcher)
        old = self.by_id.get(silence.silence_id)
        self._replace(old, silence)
        tx.on_undo(lambda: self._replace(silence, old))

    def drop(self, tx: Transaction, silence_id: str) -> None:
        """Remove the silence of that id if it is there."""
        old = self.by_id.get(silence_id)
        if old is not None:
            self._replace(old, None)
            tx.on_undo(lambda: self._replace(None, old))

    def muting(self, view: AlertView, wall: float) -> Silence | None:
        """Return the silence that mutes the alert at that wall time, the one with the lowest id if there are more."""
        found = self.all_muting(view, wall)
        return self.by_id[found[0]] if found else None

    def all_muting(self, view: AlertView, wall: float) -> tuple[str, ...]:
        """Return the ids of all silences that mute the alert at that wall time, sorted."""
        silences = self.by_id
        if not silences:
            return ()
        return tuple(sorted([name for name in self._sets.met(view) if silences[name].active(wall)]))

    def _replace(self, old: Silence | None, new: Silence | None) -> None:
        matched_anew = old is None or new is None or old.matchers != new.matchers
        if old is not None:
            del self.by_id[old.silence_id]
            if matched_anew:
                self._sets.remove(old.silence_id)
        if new is not None:
            self.by_id[new.silence_id] = new
            if matched_anew:
                self._sets.add(new.silence_id, tuple(map(compiled, new.matchers)))

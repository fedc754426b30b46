"""Episodes over a whole history: the engine forgets what is long over, and counts from the first again then."""

from __future__ import annotations

from tocsin.engine.machine import Engine

__all__ = ["EpisodeKey", "Episodes"]

EpisodeKey = tuple[str, int]
"""An alert's id, and which of its episodes, from 0, in the order in which they fired."""


class Episodes:
    """Counts the episodes of each alert as they begin."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._latest: dict[str, tuple[int, float, int]] = {}

    def current(self, alert_id: str) -> EpisodeKey | None:
        """Return the episode that an alert is in, as it was just routed; None: it is known no more."""
        episode = self._engine.state.alerts.get(alert_id)
        if episode is None:
            return None
        n, fired_at, count = self._latest.get(alert_id, (episode.n, episode.fired_at, 0))
        if (n, fired_at) != (episode.n, episode.fired_at):
            count += 1
        self._latest[alert_id] = episode.n, episode.fired_at, count
        return alert_id, count

    def listed(self, alert_id: str, n: int) -> EpisodeKey:
        """Return the episode that a notification lists under the engine's number *n*: the latest, or one before it."""
        latest, _, count = self._latest.get(alert_id, (n, 0.0, 0))
        return alert_id, count - (latest - n)

"""What throughput a cluster usually has: learnt from its measurements, quickly in health and slowly in trouble."""

from __future__ import annotations

from typing import Final

import attrs

__all__ = ["Baseline"]

_IN_TROUBLE: Final = 0.1
"""How much of its usual weight a measurement has while the throughput alert fires."""


@attrs.frozen(slots=True)
class Baseline:
    """The usual throughput in requests per second, and how many measurements it was learnt from."""

    rps: float = 0.0
    samples: int = 0

    def learn(self, rps: float, weight: float, in_trouble: bool) -> Baseline:
        """Return the baseline after one more measurement.

        The first measurements count equally (their plain mean), later ones with *weight*, a fraction.
        """
        share = max(weight, 1.0 / (self.samples + 1))
        if in_trouble:
            share = weight * _IN_TROUBLE
        return Baseline(self.rps + (rps - self.rps) * share, self.samples + 1)

    def drop_percent(self, rps: float, min_samples: int, min_rps: float) -> float | None:
        """Return by how many percent *rps* is below the baseline (0: not at all), or None while it says nothing yet."""
        if self.samples < min_samples or self.rps <= 0 or self.rps < min_rps:
            return None
        return max(0.0, (1.0 - rps / self.rps) * 100.0)

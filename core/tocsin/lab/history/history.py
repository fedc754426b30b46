"""A history: moments in order, that can be gone through more than once, and what was recorded beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from tocsin.lab.moment import Moment
from tocsin.lab.receivers import IDEAL, Receivers, Recorded

__all__ = ["History", "Recording"]


@attrs.frozen(slots=True, eq=False)
class Recording:
    """What a service wrote down beside what befell it: how attempts ended, and the configurations in force.

    ``first`` is the digest of the configuration that its first entry was decided under.
    """

    receivers: Recorded
    configurations: Callable[[str], Mapping[str, Any] | None]
    first: str


@attrs.frozen(slots=True, eq=False)
class History:
    """What befell somebody's alerts.

    :param moments: begins anew with each call, and yields in order of engine time.
    :param seed: what the ids of incidents and notifications are made from.
    :param recording: None where nobody recorded what was sent.
    :param remarks: what whoever reads the result has to know about where it comes from.
    """

    moments: Callable[[], Iterable[Moment]]
    seed: int = 0
    recording: Recording | None = None
    remarks: tuple[str, ...] = ()

    @property
    def receivers(self) -> Receivers:
        """The receivers as they were, as far as anybody knows."""
        return IDEAL if self.recording is None else self.recording.receivers

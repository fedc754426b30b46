"""An alert as clients of Alertmanager post it: read, checked as Alertmanager does, and made an alert of tocsin's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from tocsin import PerformanceAlert, alert_from_labels, fingerprint
from tocsin_server.alertmanager.severities import Severities
from tocsin_server.web.refusal import Refused
from tocsin_server.web.times import read_time

__all__ = ["Bounds", "Posted", "Reader"]

_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_TEXTS: Final = 16
"""An annotation may be so many times as long as a label: it is a text for people."""


@attrs.frozen(slots=True)
class Bounds:
    """How much one alert may have: labels, annotations, and characters in a label's name or value."""

    most_labels: int = 128
    longest_value: int = 32_768


@attrs.frozen(slots=True)
class Posted:
    """One posted alert. ``starts_at`` and ``ends_at`` are wall time; None: the sender did not say.

    ``problem`` says why it cannot be taken, while the others of its batch can. ``alert_id`` is its labels' fingerprint.
    """

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: float | None
    ends_at: float | None
    generator_url: str
    problem: str | None = None
    alert_id: str = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "alert_id", fingerprint(self.labels))


class Reader:
    """Reads posted alerts.

    :param cluster_labels: the labels that name the cluster, the first that is there.
    """

    def __init__(self, bounds: Bounds, severities: Severities, cluster_labels: Sequence[str]) -> None:
        self._bounds = bounds
        self._severities = severities
        self._cluster_labels = tuple(cluster_labels)

    def read(self, index: int, item: Any) -> Posted:
        """Return one item of a request's body.

        :raises Refused: when it has not the form of an alert, for which Alertmanager refuses the whole request.
        """
        if not isinstance(item, Mapping):
            raise Refused(400, f"[{index}]: an alert is an object with labels, not {type(item).__name__}")
        if item.get("labels") is None:
            raise Refused(422, f"{index}.labels in body is required", code=602)
        labels = {name: value for name, value in self._strings(item, "labels", index).items() if value}
        annotations = self._strings(item, "annotations", index)
        generator_url = item.get("generatorURL") or ""
        if not isinstance(generator_url, str) or len(generator_url) > self._bounds.longest_value:
            raise Refused(400, f"[{index}].generatorURL: expected a URL")
        try:
            starts_at = read_time(item.get("startsAt"), "startsAt")
            ends_at = read_time(item.get("endsAt"), "endsAt")
        except ValueError as error:
            raise Refused(400, f"[{index}]: {error}") from None
        if starts_at is None and ends_at is not None:
            starts_at = ends_at  # as Alertmanager has it
        problem = self._problem(labels, annotations, starts_at, ends_at)
        return Posted(labels, annotations, starts_at, ends_at, generator_url, problem)

    @staticmethod
    def _strings(item: Mapping[str, Any], name: str, index: int) -> dict[str, str]:
        value = item.get(name)
        if value is None:
            return {}
        if not isinstance(value, Mapping) or not all(isinstance(one, str) for one in value.values()):
            raise Refused(400, f"[{index}].{name}: expected an object with a string for each name")
        return dict(value)

    def _problem(
        self,
        labels: Mapping[str, str],
        annotations: Mapping[str, str],
        starts_at: float | None,
        ends_at: float | None,
    ) -> str | None:
        """Return why the alert cannot be taken, as Alertmanager says it where it has a word for it."""
        if starts_at is not None and ends_at is not None and ends_at < starts_at:
            return "start time must be before end time"
        longest = self._bounds.longest_value
        for what, pairs, most in (("label set", labels, longest), ("annotations", annotations, _TEXTS * longest)):
            problem = self._pairs_problem(pairs, most)
            if problem is not None:
                return f"invalid {what}: {problem}"
        return None if labels else "at least one label pair required"

    def _pairs_problem(self, pairs: Mapping[str, str], longest: int) -> str | None:
        most = self._bounds.most_labels
        if len(pairs) > most:
            return f"{len(pairs)} of them are more than {most}"
        for name, value in pairs.items():
            if not _NAME.fullmatch(name):
                return f'invalid name "{name:.60}"'
            if len(name) > longest or len(value) > longest:
                return f'"{name:.60}" has more than {longest} characters'
        return None

    def alert(self, posted: Posted, starts_at: float) -> PerformanceAlert:
        """Return the alert that was posted, which is known to fire since *starts_at* (wall time)."""
        return alert_from_labels(
            posted.labels,
            posted.annotations,
            severity=self._severities.read(posted.labels),
            starts_at=starts_at,
            cluster_labels=self._cluster_labels,
            generator_url=posted.generator_url,
            alert_id=posted.alert_id,
        )

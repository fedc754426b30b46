"""How label sets become alerts: with the configuration's words for severities, and its labels for clusters."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from tocsin.model.alert import PerformanceAlert
from tocsin.model.prometheus import CLUSTER_LABELS, alert_from_labels, severity_from_word
from tocsin.model.severity import AlertSeverity

__all__ = ["Labels"]


@attrs.frozen(slots=True)
class Labels:
    """The section ``server`` of a configuration, as far as alerts that are posted are concerned.

    :param severity_words: further words for severities, whatever their case.
    :param cluster_labels: the labels that name the cluster, the first that is there.
    """

    severity_words: Mapping[str, AlertSeverity] = attrs.field(factory=dict)
    cluster_labels: tuple[str, ...] = CLUSTER_LABELS

    def alert(
        self, labels: Mapping[str, str], annotations: Mapping[str, str], starts_at: float, generator_url: str = ""
    ) -> PerformanceAlert:
        """Return the alert of a label set, as the daemon would have made it; an unknown severity is *warning*."""
        words = {word.lower(): severity for word, severity in self.severity_words.items()}
        kept = {name: value for name, value in labels.items() if value}
        return alert_from_labels(
            kept,
            annotations,
            severity=severity_from_word(kept.get("severity", ""), words) or AlertSeverity.WARNING,
            starts_at=starts_at,
            cluster_labels=self.cluster_labels,
            generator_url=generator_url,
        )

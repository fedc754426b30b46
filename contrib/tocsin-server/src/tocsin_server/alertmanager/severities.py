"""The label ``severity`` as a severity of tocsin's: the words of the field, those that are configured, or *warning*."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

from tocsin import AlertSeverity, severity_from_word

__all__ = ["Severities"]

_log: Final = logging.getLogger("tocsin")

_REMEMBERED: Final = 100


class Severities:
    """Reads severities; what it does not know is *warning*, counted, and logged once for each word.

    :param configured: further words, whatever their case, and their severities.
    """

    def __init__(self, configured: Mapping[str, AlertSeverity] | None = None) -> None:
        self._further = {word.lower(): severity for word, severity in (configured or {}).items()}
        self.unknown = 0
        self._said: set[str] = set()

    def read(self, labels: Mapping[str, str]) -> AlertSeverity:
        """Return the severity that *labels* say."""
        word = labels.get("severity", "")
        found = severity_from_word(word, self._further)
        if found is None:
            self._note(word)
            return AlertSeverity.WARNING
        return found

    def _note(self, word: str) -> None:
        self.unknown += 1
        if word not in self._said and len(self._said) < _REMEMBERED:
            self._said.add(word)
            said = f"the severity {word!r:.60} is not known and" if word else "an alert without a severity"
            _log.warning("%s counts as warning; server.severity_labels gives it a meaning", said)

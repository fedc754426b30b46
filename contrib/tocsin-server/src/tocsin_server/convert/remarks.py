"""What is said about a conversion: the remarks, each with its line, and the one error."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from tocsin import TocsinError

__all__ = ["NotAlertmanagerError", "Remark", "Remarks"]


class NotAlertmanagerError(TocsinError):
    """The file is no configuration that Alertmanager would take.

    :param problem: what is wrong and what would be right; no value that may be secret is repeated.
    :param line: where, from 1.
    """

    def __init__(self, problem: str, line: int) -> None:
        self.problem = problem
        self.line = line
        super().__init__(f"line {line}: {problem}")


@attrs.frozen(slots=True)
class Remark:
    """One thing that is not carried over as it stands. ``serious``: somebody else would be told than before."""

    line: int
    text: str
    serious: bool = False

    def __str__(self) -> str:
        return f"{self.line}: {'error: ' if self.serious else ''}{self.text}"


class Remarks:
    """The remarks so far; iterating gives them in the order of their lines, those of a line as they came, each once."""

    def __init__(self) -> None:
        self._found: dict[Remark, None] = {}

    def __iter__(self) -> Iterator[Remark]:
        return iter(sorted(self._found, key=lambda remark: remark.line))

    def add(self, line: int, text: str) -> None:
        """Remark that something has no counterpart."""
        self._found[Remark(line, text)] = None

    def serious(self, line: int, text: str) -> None:
        """Remark that the routing is not carried over."""
        self._found[Remark(line, text, serious=True)] = None

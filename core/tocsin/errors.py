"""Every error that tocsin raises on purpose.

::

    TocsinError
    ├── ConfigurationError          what was configured cannot work; ``where`` says in which place
    │   ├── AlertError              an alert with a field that no alert can have
    │   ├── ConditionError          a rule's condition: unknown name, or a value it cannot take
    │   ├── ConfigurationFileError  a configuration file: all that is wrong in it, each with its line and column
    │   ├── PatternError            a pattern outside the one dialect (see tocsin.patterns)
    │   ├── TemplateError           a template with an unknown field, or one that its language refuses
    │   └── UnknownReferenceError   a channel, policy or template that is named and does not exist
    ├── PluginError                 a plugin that failed to import, collided or registered nonsense
    ├── StoreError                  a commit failed: nothing of its batch happened
    │   └── UnstorableError         what was to be kept is too large, or is not plain data
    └── ServiceClosed               the service was left; it takes no more input
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import attrs

__all__ = [
    "AlertError",
    "ConditionError",
    "ConfigurationError",
    "ConfigurationFileError",
    "PatternError",
    "PluginError",
    "Problem",
    "ServiceClosed",
    "StoreError",
    "TemplateError",
    "TocsinError",
    "UnknownReferenceError",
    "UnstorableError",
    "nearest",
]


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"``, or the known names when none is near, or nothing when none is known."""
    names = sorted({str(candidate) for candidate in known})
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    if not names:
        return ""
    shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"; known are: {shown}"


class TocsinError(Exception):
    """The root: ``except TocsinError`` catches whatever tocsin raises on purpose."""


class ConfigurationError(TocsinError):
    """Something that was configured cannot work.

    :param problem: what is wrong and what would be right, in one sentence.
    :param where: the path of the offending setting, for example ``routing_rules[2].conditions.severity``.
    """

    def __init__(self, problem: str, where: str = "") -> None:
        self.problem = problem
        self.where = where
        super().__init__(f"{problem} @ {where}" if where else problem)

    def within(self, where: str) -> ConfigurationError:
        """Return the same error with *where* in front of its path; the type is kept."""
        if not self.where:
            path = where
        elif self.where.startswith("["):
            path = where + self.where
        else:
            path = f"{where}.{self.where}"
        return type(self)(self.problem, path)


class AlertError(ConfigurationError):
    """An alert has a field that no alert can have, for example an empty ``alert_id``."""


class ConditionError(ConfigurationError):
    """A rule's condition has an unknown name or a value that it cannot take."""


@attrs.frozen(slots=True)
class Problem:
    """One thing that is wrong in a configuration file, or legal and probably wrong; *line* and *column* begin at 1.

    ``path`` is that of the setting, for example ``channels.ops.backend``; empty where the whole file is meant. As text
    it is one line that a terminal may be given, whatever is in the file.
    """

    file: str
    line: int
    column: int
    path: str
    problem: str

    def __str__(self) -> str:
        path = f" {self.path}:" if self.path else ""
        line = f"{self.file}:{self.line}:{self.column}:{path} {self.problem}"
        return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in line)


class ConfigurationFileError(ConfigurationError):
    """A configuration file cannot be used; ``problems`` is all that is wrong in it and in the files that it includes.

    Its text has one line each: ``FILE:LINE:COLUMN: path: problem``. No secret is in it.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))

    def within(self, where: str) -> ConfigurationError:
        """Return the same error: its problems have their paths already."""
        return self


class PatternError(ConfigurationError):
    """A pattern is outside the dialect that RE2 and Python's ``re`` agree on."""


class TemplateError(ConfigurationError):
    """A template names a field that does not exist, or is not what its language takes."""


class UnknownReferenceError(ConfigurationError):
    """A channel, an escalation policy or a template is named and does not exist."""


class PluginError(TocsinError):
    """A plugin failed to import, collided with another one, or registered something malformed.

    :param failures: one line per failure, each naming the distribution.
    """

    def __init__(self, problem: str, failures: Iterable[str] = ()) -> None:
        self.failures = tuple(failures)
        super().__init__("\n".join((problem, *(f"  - {failure}" for failure in self.failures))))


class StoreError(TocsinError):
    """The store could not commit: nothing of the batch happened, and its callers may try again."""


class UnstorableError(StoreError):
    """What was to be kept is too large, or is not plain data: trying again changes nothing, submitting less may."""


class ServiceClosed(TocsinError):
    """The service was left (``async with`` ended) and takes no more input."""

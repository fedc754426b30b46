"""The report of a diff: differences grouped by what caused them, the worst first; for people and as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from tocsin.errors import ConfigurationError, nearest
from tocsin.lab.diff.comparison import Difference, Effect
from tocsin.lab.diff.reach import FIRST, Told
from tocsin.lab.instants import duration_text
from tocsin.model.severity import AlertSeverity

__all__ = ["DiffReport", "FailOn", "Group", "group_differences", "lines_of_diff", "parse_fail_on"]

_EXAMPLES: Final = 3
_RANK: Final = {effect: place for place, effect in enumerate(Effect)}


@attrs.frozen(slots=True)
class Group:
    """Differences of one effect, channel, severity and cause: how many tellings of how many alerts, and which.

    ``clusters`` is what their clusters have in common; ``seconds`` the longest by which one comes later or earlier.
    """

    effect: Effect
    severity: AlertSeverity
    channel_id: str
    to: str | None
    what: str
    cause: str
    tellings: int
    alerts: int
    clusters: str
    seconds: float
    examples: tuple[str, ...]

    def __str__(self) -> str:
        many = self.alerts != 1
        who = f"{self.alerts} {self.severity.value} alert{'s' if many else ''} of {self.clusters}"
        by = duration_text(round(abs(self.seconds)))
        told = "" if self.what == FIRST else f" of {self.what}"
        match self.effect:
            case Effect.LOST:
                reached = "nobody" if self.to is None else f"no person, only {self.to}"
                return f"{who} would have reached {reached} (told: {self.channel_id})"
            case Effect.VANISHED:
                return f"{self.channel_id} would not have been told{told}: {who}"
            case Effect.LATER:
                return f"{self.channel_id} would have been told{told} up to {by} later: {who}"
            case Effect.MOVED:
                return f"{self.to} would have been told instead of {self.channel_id}: {who}"
            case Effect.APPEARED:
                return f"{self.channel_id} would have been told{told}: {who}"
            case Effect.EARLIER:
                return f"{self.channel_id} would have been told{told} up to {by} earlier: {who}"

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data, ready for JSON."""
        plain = attrs.asdict(self)
        return {**plain, "effect": self.effect.value, "severity": self.severity.value, "text": str(self)}


@attrs.frozen(slots=True)
class DiffReport:
    """What differs between two configurations over a history: their changes, and the groups, the worst first."""

    changes: tuple[str, ...]
    groups: tuple[Group, ...]
    episodes: int
    remarks: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data, ready for JSON."""
        return {
            "changes": list(self.changes),
            "alerts": self.episodes,
            "differences": [group.as_dict() for group in self.groups],
            "remarks": list(self.remarks),
        }


def group_differences(
    found: Sequence[Difference], causes: Sequence[str], travellers: Sequence[Told]
) -> tuple[Group, ...]:
    """Return the groups, the worst first: by effect, then by severity, then by how many."""
    gathered: dict[tuple[Any, ...], list[Difference]] = {}
    for difference, cause in zip(found, causes, strict=True):
        what = "again" if difference.what.startswith("again ") else difference.what
        key = (difference.effect, difference.severity, difference.channel_id, difference.to, what, cause)
        gathered.setdefault(key, []).append(difference)
    groups = [_group(key, several, travellers) for key, several in gathered.items()]
    return tuple(
        sorted(groups, key=lambda one: (_RANK[one.effect], -one.severity.rank, -one.alerts, one.channel_id, one.what))
    )


def _group(key: tuple[Any, ...], several: list[Difference], travellers: Sequence[Told]) -> Group:
    effect, severity, channel_id, to, what, cause = key
    keys = sorted({one.key for one in several})
    clusters = {next(told[name].cluster for told in travellers if name in told) for name in keys}
    return Group(
        effect=effect,
        severity=severity,
        channel_id=channel_id,
        to=to,
        what=what,
        cause=cause,
        tellings=len(several),
        alerts=len(keys),
        clusters=_in_common(clusters),
        seconds=max((one.seconds for one in several), key=abs),
        examples=tuple(dict.fromkeys(alert_id for alert_id, _ in keys[:_EXAMPLES])),
    )


def _in_common(clusters: Iterable[str]) -> str:
    names = sorted(clusters)
    if len(names) == 1:
        return names[0] or "no cluster"
    beginning = _beginning(names[0], names[-1])
    return f"{beginning}*" if beginning else f"{len(names)} clusters"


def _beginning(first: str, last: str) -> str:
    """Return what two names begin with, and so all that sort between them."""
    for place, (one, other) in enumerate(zip(first, last, strict=False)):
        if one != other:
            return first[:place]
    return first


def lines_of_diff(report: DiffReport) -> Iterator[str]:
    """Yield the lines of a report, without their line ends."""
    if not report.changes:
        yield "The configurations decide alike: nothing would have changed."
        return
    yield f"{_count(len(report.changes), 'change')}, over {_count(report.episodes, 'alert')}:"
    yield from (f"  {change}" for change in report.changes)
    yield from (f"Note: {remark}" for remark in report.remarks)
    yield ""
    if not report.groups:
        yield "Nobody would have been told anything else, nor at another time."
    for group in report.groups:
        yield f"{group.effect.value.upper()}: {group}"
        yield f"    cause: {group.cause}"
        yield f"    for example: {', '.join(group.examples)}"


def _count(number: int, word: str) -> str:
    return f"{number} {word if number == 1 else f'{word}s'}"


# -- what fails a check --------------------------------------------------------------------------------------------


@attrs.frozen(slots=True)
class FailOn:
    """An effect that must not be, on alerts of a severity or above."""

    effect: Effect
    severity: AlertSeverity

    def met_by(self, group: Group) -> bool:
        """Whether the group is such a difference."""
        return group.effect is self.effect and group.severity >= self.severity


def parse_fail_on(text: str) -> tuple[FailOn, ...]:
    """Return what ``lost-critical,vanished-error,later`` means: effects, each with the lowest severity that counts.

    :raises ConfigurationError: for a word that is no effect, or none with a severity behind it.
    """
    return tuple(_fail_on(word.strip()) for word in text.split(",") if word.strip())


def _fail_on(word: str) -> FailOn:
    effects: Mapping[str, Effect] = {effect.value: effect for effect in Effect}
    severities = {severity.value: severity for severity in AlertSeverity}
    name, _, least = word.partition("-")
    if name not in effects:
        raise ConfigurationError(
            f"no effect is called {name!r}{nearest(name, effects)}; write for example lost-critical"
        )
    if least and least not in severities:
        raise ConfigurationError(f"no severity is called {least!r}{nearest(least, severities)}")
    return FailOn(effects[name], severities[least] if least else AlertSeverity.INFO)

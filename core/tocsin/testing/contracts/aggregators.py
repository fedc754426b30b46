"""The contract of aggregators. A plugin's tests inherit it::

class TestByNode(AggregatorContract):
    aggregator = "by_node"
    several_settings = ({}, {"wait_seconds": 0})
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final

from tocsin.config.settings import structure_settings
from tocsin.errors import ConfigurationError
from tocsin.model.alert import PerformanceAlert
from tocsin.model.severity import AlertSeverity
from tocsin.roles.aggregator import Aggregator, Cause, Labelling, Release, Telling, Waiting
from tocsin.testing.contracts.kept_state import kept
from tocsin.testing.contracts.owing import owes
from tocsin.testing.contracts.registered import PluginTests
from tocsin.testing.samples import HOSTILE, hostile_alert, make_alert

__all__ = ["AggregatorContract"]

_SOURCE: Final = "tocsin.Aggregator"
_OPENED: Final = 1000.0
_AGES: Final = (0.0, 0.001, 1.0, 29.999, 30.0, 60.0, 299.0, 300.0, 3600.0, 1e6)
_YEAR: Final = 366 * 86_400.0


class AggregatorContract(PluginTests):
    """What any aggregator owes to the engine. Set :attr:`aggregator`, and :attr:`several_settings` if it has some."""

    aggregator: ClassVar[str] = ""
    """The name under which the aggregator is registered."""
    several_settings: ClassVar[Sequence[Mapping[str, Any]]] = ({},)
    """Settings, as a configuration file has them, under each of which the contract is to hold."""

    def made(self) -> Iterator[Aggregator]:
        """Yield an aggregator for each of the settings."""
        spec = self.registered("aggregator", self.registry.aggregators, self.aggregator)
        for settings in self.several_settings:
            try:
                config = structure_settings(settings, spec.config_class)
            except ConfigurationError as error:
                raise AssertionError(f"{dict(settings)} are no settings of {self.aggregator!r}: {error}") from None
            yield spec.factory(config)

    def test_a_key_is_a_string_or_none(self) -> None:
        """Whatever stands in the alert; and the same from another instance, as after a restart."""
        for aggregator, again in zip(self.made(), self.made(), strict=True):
            for what, alert in _alerts():
                try:
                    key = aggregator.key(alert)
                except Exception as error:  # whatever it is, its author is told
                    raise _raised("key", f"for an alert with {what}", error) from error
                owes(
                    key is None or isinstance(key, str),
                    f"the key of an alert with {what} is {key!r:.60}",
                    "return a string (json.dumps of what is compared, say), or None for an incident of its own",
                    f"{_SOURCE}.key",
                )
                other = again.key(copy.deepcopy(alert))
                owes(
                    key == other,
                    f"the key of one alert with {what} is {key!r:.60}, and then {other!r:.60}",
                    "depend on the alert alone: no id(), no hash(), no clock",
                    f"{_SOURCE}: pure",
                )

    def test_a_state_is_kept(self) -> None:
        """It goes into a store and comes back, and means the same."""
        for aggregator in self.made():
            for what, alert in _alerts():
                try:
                    state = aggregator.open(alert, _OPENED)
                except Exception as error:  # whatever it is, its author is told
                    raise _raised("open", f"for an alert with {what}", error) from error
                back = kept(aggregator, state, f"{_SOURCE}: state_class")
                for telling in _tellings():
                    owes(
                        aggregator.release(state, telling) == aggregator.release(back, telling),
                        f"after a restart it decides something else about {telling!s:.200}",
                        "keep in the state all that it decides by, and nothing in the instance",
                        f"{_SOURCE}: state_class",
                    )

    def test_it_says_whether_an_incident_takes_more(self) -> None:
        """With a bool, at any time, for as long as it fires."""
        for aggregator in self.made():
            state = aggregator.open(make_alert(), _OPENED)
            for age in _AGES:
                found = aggregator.accepts(state, _OPENED, _OPENED + age)
                owes(
                    isinstance(found, bool),
                    f"accepts says {found!r:.60}, {age:g} s after the incident was opened",
                    "return True or False",
                    f"{_SOURCE}.accepts",
                )

    def test_whatever_is_owed_is_told_in_the_end(self) -> None:
        """At once or at an instant, within a year: never at NaN, infinity, or no instant at all."""
        for aggregator in self.made():
            state = aggregator.open(make_alert(), _OPENED)
            for telling in _tellings():
                try:
                    release = aggregator.release(state, telling)
                except Exception as error:  # whatever it is, its author is told
                    raise _raised("release", f"for {telling!s:.200}", error) from error
                owes(
                    isinstance(release, Release),
                    f"release gave {release!r:.60}",
                    "return AT_ONCE, or Release(instant, Reason.GROUPED)",
                    f"{_SOURCE}.release",
                )
                at: Any = telling.now if release.at is None else release.at
                owes(
                    isinstance(at, (int, float)) and at - telling.now <= _YEAR and not math.isnan(at),
                    f"it would be told at {at!r}, and it is {telling.now:g}: {telling!s:.200}",
                    "give a finite instant of engine time, near enough to matter: nothing may be swallowed",
                    f"{_SOURCE}.release",
                )

    def test_nothing_waits_longer_than_it_says(self) -> None:
        """Where it has ``longest_wait``, which proofs count on."""
        for aggregator in self.made():
            if not isinstance(aggregator, Waiting):
                continue
            state = aggregator.open(make_alert(), _OPENED)
            for telling in _tellings():
                if telling.cause is Cause.RESOLVED:
                    continue
                longest = aggregator.longest_wait(telling.alert.severity)
                at = aggregator.release(state, telling).at
                waits = 0.0 if at is None else max(0.0, at - telling.now)
                owes(
                    longest is None or waits <= longest + 1e-6,
                    f"it puts off an alert by {waits:g} s, and longest_wait says {longest:g} s: {telling!s:.200}"
                    if longest is not None
                    else "",
                    "let longest_wait be the most seconds for which release ever puts off such an alert, or None",
                    "tocsin.Waiting.longest_wait",
                )

    def test_a_reminder_comes_later(self) -> None:
        """Than what it reminds of; or never."""
        for aggregator in self.made():
            state = aggregator.open(make_alert(), _OPENED)
            for age in _AGES:
                told = _OPENED + age
                at: Any = aggregator.repeat_at(state, _OPENED, told)
                owes(
                    at is None or (isinstance(at, (int, float)) and told < at < math.inf),
                    f"who was told at {told:g} is to be reminded at {at!r}",
                    "return an instant after told_at, or None for never: anything else would tell without end",
                    f"{_SOURCE}.repeat_at",
                )

    def test_it_is_pure(self) -> None:
        """The same for the same arguments, which are not changed."""
        for aggregator in self.made():
            state = aggregator.open(make_alert(), _OPENED)
            before = copy.deepcopy(state)
            first = [aggregator.release(state, telling) for telling in _tellings()]
            second = [aggregator.release(state, telling) for telling in reversed(list(_tellings()))]
            owes(
                first == second[::-1],
                "release gives other answers to the same questions in another order",
                "keep nothing between calls: what it has to know stands in the telling and in the state",
                f"{_SOURCE}: pure",
            )
            owes(state == before, f"release changed its state to {state!r:.80}", "never change it", f"{_SOURCE}: pure")

    def test_its_labels_are_those_of_the_incident(self) -> None:
        """Where it has ``labels``: strings, and the same for alerts of one key."""
        for aggregator in self.made():
            if not isinstance(aggregator, Labelling):
                continue
            seen: dict[str, Mapping[str, str]] = {}
            for what, alert in _alerts():
                labels, key = aggregator.labels(alert), aggregator.key(alert)
                owes(
                    all(isinstance(text, str) for pair in labels.items() for text in pair),
                    f"the labels of an alert with {what} are {labels!r:.80}",
                    "return a mapping of strings to strings",
                    "tocsin.Labelling.labels",
                )
                owes(
                    key is None or seen.setdefault(key, labels) == labels,
                    f"alerts of one key have the labels {seen.get(key or '')!r:.80} and {labels!r:.80}",
                    "name what they have in common, and only that",
                    "tocsin.Labelling.labels",
                )


def _alerts() -> Iterator[tuple[str, PerformanceAlert]]:
    """Yield alerts of every sort, each with what is special about it."""
    yield "nothing special", make_alert()
    yield "another id", make_alert(alert_id="manual-002", message="another")
    yield "another severity", make_alert(alert_id="manual-003", severity=AlertSeverity.INFO)
    yield "no labels", make_alert(alert_id="manual-004", labels={}, node_id=None, cluster_id="", metric_name="")
    for what, text in HOSTILE.items():
        yield what, hostile_alert(text, "mark")


def _tellings() -> Iterator[Telling]:
    """Yield what an aggregator may be asked, one after another in time."""
    for age in _AGES:
        now = _OPENED + age
        for severity in AlertSeverity:
            alert = make_alert(severity=severity)
            for cause in (Cause.NEW, Cause.WORSE):
                yield Telling(now, cause, alert, _OPENED, None, None, 1)
                yield Telling(now, cause, alert, _OPENED, AlertSeverity.ERROR, _OPENED, 3, (_OPENED,))
                yield Telling(now, cause, alert, _OPENED, severity, now, 300, (now,) * 20)
            for firing in (0, 2):
                yield Telling(now, Cause.RESOLVED, alert, _OPENED, severity, _OPENED, firing, (now,))


def _raised(method: str, what: str, error: Exception) -> AssertionError:
    return AssertionError(
        f"{method} raised {type(error).__name__}: {error!s:.120}, {what}\n"
        "  to mend it: expect any string in any field of an alert, unknown nodes and absent labels\n"
        f"  the contract: {_SOURCE}.{method} (an exception is a gap, and the alert is told at once, alone)"
    )

"""The indexes of silences and of inhibition against plain models, through steps that are kept or taken back."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.engine.suppression.inhibition import Group, InhibitionIndex
from tocsin.engine.suppression.matching import MatcherSets
from tocsin.engine.suppression.silences import SilenceIndex
from tocsin.engine.transaction import Transaction
from tocsin.errors import ConfigurationError, PatternError
from tocsin.model.alert import AlertView, PerformanceAlert
from tocsin.model.inhibition import InhibitionRule
from tocsin.model.silence import LabelMatcher, MatchOperator, Silence
from tocsin.patterns import Pattern
from tocsin.roles.matcher import FieldTest, field_test

SEVERITIES: Final = ["info", "warning", "critical"]
VALUES: Final = ["", "a", "b", "ab", "a-1", "b-1"]
PATTERNS: Final = ["a|b", "a.*", "a-.+", ".*1", ".*", "|a", "[ab]", "a-[0-9]", "x{0}"]
NAMES: Final = ["team", "job", "severity", "cluster_id", "labels.severity", "labels.team"]


# The models: plain, slow, and obviously right.


def label(alert: PerformanceAlert, name: str) -> str:
    """The label view of an alert, written out."""
    fields = {
        "severity": alert.severity.value,
        "cluster_id": alert.cluster_id,
        "node_id": alert.node_id or "",
        "metric_name": alert.metric_name,
        "alert_id": alert.alert_id,
    }
    alone = {f"labels.{own}": value for own, value in alert.labels.items()}
    return str({**alone, **fields, **alert.labels}.get(name, ""))


def meets(alert: PerformanceAlert, matchers: Iterable[LabelMatcher]) -> bool:
    """Whether the alert meets all matchers, by Python's own regular expressions."""
    for matcher in matchers:
        value = label(alert, matcher.name)
        if matcher.operator in (MatchOperator.EQUAL, MatchOperator.NOT_EQUAL):
            found = value == matcher.value
        else:
            found = re.fullmatch(matcher.value, value, re.DOTALL) is not None
        if found is (matcher.operator in (MatchOperator.NOT_EQUAL, MatchOperator.NOT_REGEX)):
            return False
    return True


def silenced_by(silences: Iterable[Silence], alert: PerformanceAlert, wall: float) -> Silence | None:
    """The silence that mutes the alert, by asking every one."""
    muting = [one for one in silences if one.starts_at <= wall < one.ends_at and meets(alert, one.matchers)]
    return min(muting, key=lambda one: one.silence_id, default=None)


class Fires:
    """Rules and what fires, and who inhibits whom by asking everybody."""

    def __init__(self, rules: list[InhibitionRule]) -> None:
        self.rules = rules
        self.firing: dict[str, PerformanceAlert] = {}

    def group(self, index: int, alert: PerformanceAlert) -> Group:
        return index, tuple(label(alert, name) for name in self.rules[index].equal)

    def inhibitors(self, index: int, target_id: str) -> list[str]:
        """Those that inhibit the target by one rule."""
        rule, target = self.rules[index], self.firing[target_id]
        if not meets(target, rule.target_matchers):
            return []
        two_sided = meets(target, rule.source_matchers)
        return [
            source_id
            for source_id, source in self.firing.items()
            if meets(source, rule.source_matchers)
            and self.group(index, source) == self.group(index, target)
            and not (two_sided and meets(source, rule.target_matchers))
        ]

    def inhibitor(self, target_id: str) -> str | None:
        return min((one for i in range(len(self.rules)) for one in self.inhibitors(i, target_id)), default=None)

    def targets(self, group: Group) -> list[str]:
        rule = self.rules[group[0]]
        return sorted(
            episode_id
            for episode_id, alert in self.firing.items()
            if meets(alert, rule.target_matchers) and self.group(group[0], alert) == group
        )

    def muted(self) -> set[tuple[Group, str]]:
        """Who is muted in which group."""
        return {
            (self.group(index, alert), episode_id)
            for episode_id, alert in self.firing.items()
            for index in range(len(self.rules))
            if self.inhibitors(index, episode_id)
        }


# Strategies.


def alert(alert_id: str = "x", severity: str = "critical", cluster_id: str = "a", **labels: str) -> PerformanceAlert:
    """Return an alert."""
    return PerformanceAlert(alert_id, cluster_id, severity, "cpu", labels=labels)


def view(*args: str, **labels: str) -> AlertView:
    """Return the view of an alert."""
    return AlertView(alert(*args, **labels))


def matcher(text: str) -> LabelMatcher:
    """Return the matcher that is written name, operator, value."""
    found = re.fullmatch(r"(\w+)(=~|!~|!=|=)(.*)", text)
    assert found is not None
    return LabelMatcher(*found.groups())


_alerts: Final = st.builds(
    lambda severity, cluster, labels: PerformanceAlert("x", cluster, severity, "cpu", labels=labels),
    st.sampled_from(SEVERITIES),
    st.sampled_from(["a", "b-1"]),
    st.dictionaries(st.sampled_from(["team", "job", "severity"]), st.sampled_from(VALUES), max_size=3),
)
_matchers: Final = st.one_of(
    st.builds(
        LabelMatcher, st.sampled_from(NAMES), st.sampled_from(["=", "!="]), st.sampled_from([*VALUES, "critical"])
    ),
    st.builds(
        LabelMatcher,
        st.sampled_from(NAMES),
        st.sampled_from(["=~", "!~"]),
        st.sampled_from([*PATTERNS, "critical|info"]),
    ),
)
_sides: Final = st.lists(_matchers, min_size=1, max_size=3).map(tuple)
_silences: Final = st.builds(
    lambda number, matchers, start, lasts: Silence(f"s{number:02}", matchers, start, start + lasts),
    st.integers(0, 30),
    _sides,
    st.integers(0, 20),
    st.integers(1, 30),
)
_rules: Final = st.builds(
    InhibitionRule, _sides, _sides, st.lists(st.sampled_from(["team", "cluster_id"]), max_size=2, unique=True)
)


# Silences.


def rebuilt(silences: dict[str, Silence], order: random.Random) -> SilenceIndex:
    """An index of the same silences, put in another order."""
    index = SilenceIndex()
    shuffled = list(silences.values())
    order.shuffle(shuffled)
    for silence in shuffled:
        index.put(Transaction(), silence)
    return index


@given(
    steps=st.lists(st.tuples(st.booleans(), st.lists(_silences | st.integers(0, 30), max_size=10)), max_size=10),
    alerts=st.lists(_alerts, min_size=1, max_size=4),
    wall=st.integers(0, 40),
    order=st.randoms(use_true_random=False),
)
@settings(max_examples=300, deadline=None)
def test_the_index_of_silences_is_a_search_through_all_of_them(
    steps: list[tuple[bool, list[Silence | int]]],
    alerts: list[PerformanceAlert],
    wall: int,
    order: random.Random,
) -> None:
    """After steps that are kept and steps that are taken back, in whatever order the silences came."""
    index, known = SilenceIndex(), dict[str, Silence]()
    for kept, changes in steps:
        tx, after = Transaction(), dict(known)
        for change in changes:
            if isinstance(change, Silence):
                index.put(tx, change)
                after[change.silence_id] = change
            else:
                index.drop(tx, f"s{change:02}")
                after.pop(f"s{change:02}", None)
            index.muting(AlertView(alerts[0]), wall)
        if kept:
            known = after
        else:
            tx.rollback()
        assert len(index) == len(known)
        for one in alerts:
            assert index.muting(AlertView(one), wall) == silenced_by(known.values(), one, wall)
    again = rebuilt(known, order)
    assert [again.muting(AlertView(one), wall) for one in alerts] == [
        index.muting(AlertView(one), wall) for one in alerts
    ]


def drawn_matcher(pick: random.Random) -> LabelMatcher:
    """A matcher of many, so that many silences differ."""
    name = pick.choice(["team", "job", "instance", "severity"])
    number = pick.randrange(40)
    operator, value = pick.choice(
        [
            ("=", f"v{number}"),
            ("=", f"v{number}"),
            ("!=", f"v{number}"),
            ("=~", f"v{number}.*"),
            ("=~", f".*{number}"),
            ("=~", f"v{number}|v{number + 1}"),
            ("=~", ".*"),
            ("!~", f"v{number}.*"),
            ("!~", "v[0-4]"),
            ("=", ""),
            ("=", "critical"),
        ]
    )
    return LabelMatcher(name, operator, value)


@pytest.mark.parametrize("seed", range(3))
def test_hundreds_of_silences_that_come_and_go_leave_the_right_ones(seed: int) -> None:
    """Long enough for the index to rebuild parts of itself, and for bunches to grow and shrink."""
    pick = random.Random(seed)
    index, known = SilenceIndex(), dict[str, Silence]()
    wanted = pick.choice([20, 200])
    for _ in range(60):
        tx, after = Transaction(), dict(known)
        for _ in range(pick.randrange(30)):
            silence_id = f"s{pick.randrange(400):03}"
            if len(after) > wanted:
                silence_id = pick.choice(sorted(after))
                index.drop(tx, silence_id)
                del after[silence_id]
            else:
                after[silence_id] = Silence(
                    silence_id, [drawn_matcher(pick) for _ in range(pick.randint(1, 3))], 0, pick.choice([10, 100])
                )
                index.put(tx, after[silence_id])
        if pick.random() < 0.3:
            tx.rollback()
        else:
            known = after
        for _ in range(8):
            labels = {name: f"v{pick.randrange(45)}" for name in ("team", "job", "instance") if pick.random() < 0.7}
            one = alert("x", pick.choice(SEVERITIES), **labels)
            assert index.muting(AlertView(one), 50) == silenced_by(known.values(), one, 50)


def test_a_bunch_that_shrank_and_is_churned_still_answers() -> None:
    """Few silences that come and go many times on one label value, after many were there."""
    index, tx, known = SilenceIndex(), Transaction(), dict[str, Silence]()

    def put(number: int) -> None:
        silence = Silence(f"s{number:03}", [matcher("team=a"), matcher(f"job!={number}")], 0, 100)
        index.put(tx, silence)
        known[silence.silence_id] = silence

    def drop(number: int) -> None:
        index.drop(tx, f"s{number:03}")
        del known[f"s{number:03}"]

    for number in range(12):
        put(number)
    for number in range(7):
        drop(number)
    for number in range(100, 300):
        put(number)
        for job in ("7", str(number)):
            one = alert(team="a", job=job)
            assert index.muting(AlertView(one), 1) == silenced_by(known.values(), one, 1)
        drop(number)
    tx.rollback()
    assert index.muting(view(team="a"), 1) is None


@pytest.mark.parametrize("texts", [["job=~|a", "job=~|b"], ["job=~.*a", "job=~a.*"], ["job=~|a", "job=~.*"]], ids=str)
def test_of_many_sets_that_ask_twice_for_one_label_both_must_hold(texts: list[str]) -> None:
    index, known = SilenceIndex(), dict[str, Silence]()
    for number in range(20):
        matchers = [*map(matcher, texts), matcher(f"team!={number}")]
        known[f"s{number:02}"] = Silence(f"s{number:02}", matchers, 0, 1)
        index.put(Transaction(), known[f"s{number:02}"])
    for job in ("", "a", "b", "ab", "ba", "aba"):
        one = alert(job=job, team="0")
        assert index.muting(AlertView(one), 0) == silenced_by(known.values(), one, 0)


def test_the_lowest_id_of_the_active_silences_is_named() -> None:
    index, tx = SilenceIndex(), Transaction()
    for silence_id, starts_at in (("c", 0), ("a", 50), ("b", 0)):
        index.put(tx, Silence(silence_id, [matcher("team=a")], starts_at, 100))
    assert [getattr(index.muting(view(team="a"), wall), "silence_id", None) for wall in (-1, 0, 49, 50, 99, 100)] == [
        None,
        "b",
        "b",
        "a",
        "a",
        None,
    ]


def test_a_silence_that_is_put_again_has_its_new_times_and_matchers() -> None:
    index, tx = SilenceIndex(), Transaction()
    index.put(tx, Silence("s", [matcher("team=a")], 0, 10))
    index.put(tx, Silence("s", [matcher("team=a")], 0, 100))
    assert index.muting(view(team="a"), 50) is not None
    index.put(tx, Silence("s", [matcher("team=b")], 0, 100))
    assert index.muting(view(team="a"), 50) is None
    assert index.muting(view(team="b"), 50) is not None


@pytest.mark.parametrize(
    ("text", "muted"),
    [
        ("team=", True),
        ("team!=", False),
        ("team=~", True),
        ("team=~.*", True),
        ("team!~.+", True),
        ("team!~.*", False),
        ("team!=a", True),
        ("severity=critical", True),
        ("cluster_id=~pr.d-1", True),
        ("alert_id=x", True),
        ("node_id=", True),
    ],
)
def test_absent_labels_are_empty_and_fields_stand_in_for_labels(text: str, muted: bool) -> None:
    index = SilenceIndex()
    index.put(Transaction(), Silence("s", [matcher(text)], 0, 1))
    assert (index.muting(view("x", "critical", "prod-1"), 0) is not None) is muted


def test_a_label_stands_before_the_field_of_its_name_even_when_empty() -> None:
    index = SilenceIndex()
    index.put(Transaction(), Silence("s", [matcher("severity=critical")], 0, 1))
    assert index.muting(AlertView(PerformanceAlert("x", "", "critical", "", labels={"severity": ""})), 0) is None
    assert index.muting(AlertView(PerformanceAlert("x", "", "info", "", labels={"severity": "critical"})), 0)


def test_a_silence_with_a_malformed_pattern_changes_nothing() -> None:
    index, tx = SilenceIndex(), Transaction()
    index.put(tx, Silence("s", [matcher("team=a")], 0, 1))
    with pytest.raises(PatternError):
        index.put(tx, Silence("s", [matcher("team=b"), matcher("team=~(")], 0, 1))
    assert index.muting(view(team="a"), 0) is not None
    assert index.muting(view(team="b"), 0) is None
    tx.rollback()
    assert len(index) == 0


@pytest.mark.parametrize(
    "texts",
    [
        ["instance=host-{}"],
        ["team=a", "instance=host-{}"],
        ["team=~a|b", "instance=host-{}", "job!=x"],
        ["label_{}=x"],
        ["team=a", "instance=~host-{}-.*"],
        ["instance=~host-{}|other-{}"],
        ["team!=b", "instance=~host-{}-.*"],
        ["team!=b", "instance=~.*-{}-1"],
    ],
    ids=str,
)
def test_an_alert_asks_few_of_a_thousand_sets_that_are_told_apart(
    texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By an equality, by the values of a pattern, by how one begins, or by what is in it; the rest is look-ups."""
    sets: MatcherSets[int] = MatcherSets()
    for number in range(1000):
        sets.add(number, tuple(field_test(matcher(text.replace("{}", str(number)))) for text in texts))
    asked: list[object] = []
    accepts, matches = FieldTest.accepts, Pattern.matches

    def noted_accepts(test: FieldTest, value: str) -> bool:
        asked.append(test)
        return accepts(test, value)

    def noted_matches(pattern: Pattern, value: str) -> bool:
        asked.append(pattern)
        return matches(pattern, value)

    monkeypatch.setattr(FieldTest, "accepts", noted_accepts)
    monkeypatch.setattr(Pattern, "matches", noted_matches)
    for number in (7, 500):
        asked.clear()
        instance = f"host-{number}-1" if "{}-" in texts[-1] else f"host-{number}"
        labels = {"team": "a", "instance": instance, f"label_{number}": "x"}
        assert number in sets.met(view(**labels))
        assert len(asked) <= 10


# Inhibition.


class Pair:
    """The index and the model, told the same."""

    def __init__(self, rules: list[InhibitionRule]) -> None:
        self.index = InhibitionIndex(rules)
        self.model = Fires(rules)

    def begin(self, tx: Transaction, episode_id: str, one: PerformanceAlert) -> None:
        new = episode_id not in self.model.firing
        before = self.model.muted()
        groups = self.index.begin(tx, episode_id, AlertView(one))
        self.model.firing[episode_id] = one
        self.check_groups(groups, before, episode_id, exactly=new)

    def end(self, tx: Transaction, episode_id: str) -> None:
        before = self.model.muted()
        groups = self.index.end(tx, episode_id)
        self.model.firing.pop(episode_id, None)
        self.check_groups(groups, before, episode_id, exactly=True)

    def check_groups(
        self, groups: list[Group], before: set[tuple[Group, str]], episode_id: str, *, exactly: bool
    ) -> None:
        """Those groups are named in which somebody else was muted or unmuted, and no others."""
        changed = {group for group, other in before ^ self.model.muted() if other != episode_id}
        assert groups == sorted(set(groups))
        assert changed <= set(groups)
        if exactly:
            assert changed == set(groups)

    def same(self) -> None:
        """Both give the same answers."""
        for episode_id, one in self.model.firing.items():
            assert self.index.inhibitor(episode_id) == self.model.inhibitor(episode_id)
            for number in range(len(self.model.rules)):
                group = self.model.group(number, one)
                assert self.index.targets(group) == self.model.targets(group)


_episode_ids: Final = st.integers(0, 7).map(lambda number: f"1:a{number}")


@given(
    rules=st.lists(_rules, min_size=1, max_size=4),
    steps=st.lists(
        st.tuples(st.booleans(), st.lists(st.tuples(_episode_ids, _alerts | st.none()), max_size=6)), max_size=8
    ),
    order=st.randoms(use_true_random=False),
)
@settings(max_examples=300, deadline=None)
def test_inhibition_is_what_asking_everybody_gives(
    rules: list[InhibitionRule],
    steps: list[tuple[bool, list[tuple[str, PerformanceAlert | None]]]],
    order: random.Random,
) -> None:
    """After steps that are kept and steps that are taken back, in whatever order the episodes came."""
    pair = Pair(rules)
    for kept, changes in steps:
        tx, before = Transaction(), dict(pair.model.firing)
        for episode_id, one in changes:
            if one is None:
                pair.end(tx, episode_id)
            else:
                pair.begin(tx, episode_id, one)
        if not kept:
            tx.rollback()
            pair.model.firing = before
        pair.same()
    again = Pair(rules)
    firing = list(pair.model.firing.items())
    order.shuffle(firing)
    for episode_id, one in firing:
        again.begin(Transaction(), episode_id, one)
    again.same()


def rule(source: str, target: str, *equal: str) -> InhibitionRule:
    """Return a rule of one matcher on each side."""
    return InhibitionRule([matcher(source)], [matcher(target)], equal)


def fire(index: InhibitionIndex, episode_id: str, *args: str, **labels: str) -> list[Group]:
    """An episode begins, and stays."""
    return index.begin(Transaction(), episode_id, view(episode_id, *args, **labels))


def test_all_live_sources_count_and_only_the_first_and_the_last_concern_others() -> None:
    index, tx = InhibitionIndex([rule("severity=critical", "severity=warning", "cluster_id")]), Transaction()
    group = (0, ("prod",))
    assert fire(index, "t1", "warning", "prod") == []
    assert fire(index, "t2", "warning", "dev") == []
    assert fire(index, "s2", "critical", "prod") == [group]
    assert fire(index, "s1", "critical", "prod") == []
    assert fire(index, "t3", "warning", "prod") == []
    assert index.targets(group) == ["t1", "t3"]
    assert [index.inhibitor(one) for one in ("t1", "t2", "t3", "s1")] == ["s1", None, "s1", None]
    assert index.end(tx, "s1") == []
    assert index.inhibitor("t1") == "s2"
    assert index.end(tx, "s2") == [group]
    assert index.inhibitor("t1") is None
    tx.rollback()
    assert index.inhibitor("t3") == "s1"


def test_a_source_without_targets_concerns_nobody() -> None:
    index = InhibitionIndex([rule("severity=critical", "severity=warning", "cluster_id")])
    assert fire(index, "s", "critical", "prod") == []
    assert index.end(Transaction(), "s") == []


def test_a_two_sided_match_inhibits_neither_itself_nor_its_like() -> None:
    """Every alert of the team is a target; critical ones are sources too."""
    index = InhibitionIndex([rule("severity=critical", "team=a")])
    group: Group = (0, ())
    fire(index, "both1", "critical", team="a")
    fire(index, "both2", "critical", team="a")
    assert [index.inhibitor("both1"), index.inhibitor("both2")] == [None, None]
    assert fire(index, "one", "info", team="a") == []
    assert index.inhibitor("one") == "both1"
    assert fire(index, "source", "critical", team="b") == [group]
    assert [index.inhibitor(one) for one in ("both1", "both2", "one")] == ["source", "source", "both1"]
    assert index.end(Transaction(), "both1") == []
    assert index.end(Transaction(), "source") == [group]
    assert [index.inhibitor("both2"), index.inhibitor("one")] == [None, "both2"]
    assert index.end(Transaction(), "both2") == [group]


def test_an_absent_label_equals_an_empty_one() -> None:
    index = InhibitionIndex([rule("severity=critical", "severity=warning", "team", "job")])
    fire(index, "s", "critical", job="")
    fire(index, "t", "warning", team="")
    fire(index, "other", "warning", team="a")
    assert index.inhibitor("t") == "s"
    assert index.inhibitor("other") is None


def test_an_episode_whose_labels_change_moves() -> None:
    index = InhibitionIndex([rule("severity=critical", "severity=~info|warning", "cluster_id")])
    fire(index, "t", "warning", "prod")
    assert fire(index, "s", "critical", "prod") == [(0, ("prod",))]
    assert fire(index, "s", "critical", "prod", team="a") == []
    assert fire(index, "s", "critical", "dev") == [(0, ("prod",))]
    assert index.inhibitor("t") is None
    assert fire(index, "t", "info", "dev") == []
    assert index.inhibitor("t") == "s"
    fire(index, "t", "critical", "dev")
    assert index.inhibitor("t") is None


def test_a_change_that_one_rule_does_not_see_concerns_nobody_there() -> None:
    """A source moves for the second rule, and stays where it is for the first."""
    rules = [rule("severity=critical", "severity=warning"), rule("team=~.+", "job=x", "team")]
    index = InhibitionIndex(rules)
    fire(index, "t", "warning")
    fire(index, "s", "critical", team="a")
    fire(index, "u", "info", team="b", job="x")
    assert fire(index, "s", "critical", team="b") == [(1, ("b",))]


def test_what_no_rule_concerns_or_nobody_knows_is_not_inhibited() -> None:
    index = InhibitionIndex([rule("severity=critical", "severity=warning")])
    assert fire(index, "x", "info") == []
    assert index.inhibitor("x") is None
    assert index.inhibitor("unknown") is None
    assert index.end(Transaction(), "unknown") == []
    assert index.targets((0, ())) == []


def test_ten_thousand_sources_of_one_group_resolve_in_order() -> None:
    """Each is named in its turn, and only the last concerns the target."""
    index = InhibitionIndex([rule("severity=critical", "severity=warning")])
    names = [f"s{number:05}" for number in range(10_000)]
    for name in random.Random(1).sample(names, len(names)):
        fire(index, name, "critical")
    fire(index, "t", "warning")
    for position, name in enumerate(names[:-1]):
        assert index.inhibitor("t") == name
        assert index.end(Transaction(), name) == [], position
    assert index.end(Transaction(), names[-1]) == [(0, ())]


@pytest.mark.parametrize(
    ("fields", "says", "where"),
    [
        ({"source_matchers": ()}, "at least one LabelMatcher on each side", "source_matchers"),
        ({"target_matchers": []}, "at least one LabelMatcher on each side", "target_matchers"),
        ({"target_matchers": 'team="a"'}, "expected a list of LabelMatchers", "target_matchers"),
        ({"source_matchers": ["team=a"]}, "expected a LabelMatcher, not 'team=a'", "source_matchers[0]"),
        ({"equal": "team"}, "expected a list of names, not 'team'", "equal"),
        ({"equal": ["team", ""]}, "expected a list of non-empty names", "equal"),
        ({"name": None}, "InhibitionRule.name must be a string", "name"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_with_its_place(fields: dict[str, Any], says: str, where: str) -> None:
    sides = {"source_matchers": [matcher("team=a")], "target_matchers": [matcher("team=b")]}
    with pytest.raises(ConfigurationError) as caught:
        InhibitionRule(**{**sides, **fields})
    assert says in caught.value.problem
    assert caught.value.where == where


def test_a_malformed_pattern_is_refused_with_its_place() -> None:
    with pytest.raises(PatternError) as caught:
        InhibitionIndex([rule("team=a", "team=b"), rule("team=a", "team=~(")])
    assert caught.value.where == "[1].target_matchers[0]"

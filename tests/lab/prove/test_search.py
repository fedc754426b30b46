"""The parts of a proof: strings in some languages and not in others, clauses, and both together."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin import AlertSeverity
from tocsin.patterns import compile_pattern
from tocsin.proof.budget import Budget, Exhausted
from tocsin.proof.circuit import FALSE, TRUE, Circuit
from tocsin.proof.languages import Language, find
from tocsin.proof.sat import Solver
from tocsin.proof.strings import Held, Strings, Told, Words

PIECES = ("a", "b", "ab", ".", "[^a]", ".*", "a*", "(ab)*", "b+", "(a|bb)", "a?", "\\b", "a{2}")
SHORT = ["".join(letters) for length in range(5) for letters in product("abc", repeat=length)]


def _language(*sources: str, values: tuple[str, ...] = ()) -> Language:
    return Language(frozenset(values), tuple(map(compile_pattern, sources)))


_PATTERNS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=3).map("".join)
_LANGUAGES = st.builds(
    lambda sources, values: _language(*sources, values=tuple(values)),
    st.lists(_PATTERNS, max_size=2),
    st.lists(st.sampled_from(SHORT[:20]), max_size=2),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_LANGUAGES, max_size=3), st.lists(_LANGUAGES, max_size=3))
def test_a_string_is_found_exactly_if_there_is_one(wanted: list[Language], unwanted: list[Language]) -> None:
    found = find(wanted, unwanted, Budget(1_000_000), ())

    def fits(text: str) -> bool:
        return all(text in one for one in wanted) and not any(text in one for one in unwanted)

    if found is None:
        assert [text for text in SHORT if fits(text)] == []
    else:
        assert fits(found)


@pytest.mark.parametrize(
    ("wanted", "unwanted"),
    [
        (["a.*"], [".*"]),
        (["prod-eu-.*"], ["prod-.*"]),
        ([".*a.*"], ["[^b]*b.*", "[^b]*"]),
        (["a{3,5}"], ["(aa)*", "(aaa)*", "a{5}"]),
        (["[a-m].*"], ["[a-f].*", "[g-z].*"]),
        ([".+"], ["[^x].*", "x", "x.+"]),
    ],
)
def test_there_is_none_for_a_reason_that_no_sample_shows(wanted: list[str], unwanted: list[str]) -> None:
    assert find([_language(*wanted)], [_language(one) for one in unwanted], Budget(100_000), ()) is None


def test_a_thousand_patterns_are_not_multiplied_out() -> None:
    budget = Budget(5_000_000)
    found = find([_language("t.*")], [_language(f"team-{number}-.*") for number in range(1000)], budget, ())
    assert found is not None
    assert budget.spent < 10_000


def test_the_one_string_that_hundreds_of_patterns_leave_is_found() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    unwanted = {f"{first}{second}": _language(f"{first}{second}.*") for first in letters for second in letters}
    wanted = _language("[a-z]{2}[0-9]|zebra|[a-z]{2}")
    assert find([wanted], list(unwanted.values()), Budget(1_000_000), ()) is None
    del unwanted["qx"]
    found = find([wanted], list(unwanted.values()), Budget(1_000_000), ())
    assert found is not None
    assert found.startswith("qx")


def test_what_would_take_too_long_is_not_known() -> None:
    wanted = [_language(f".*{letter}.{{{place}}}") for place, letter in enumerate("abcdefghijklmnop", 3)]
    with pytest.raises(Exhausted, match="100000 steps"):
        find(wanted, [_language(".{19,}")], Budget(100_000), ())


def _holds(clauses: list[list[int]], values: tuple[bool, ...]) -> bool:
    return all(any(values[abs(one) - 1] is (one > 0) for one in clause) for clause in clauses)


_LITERALS = st.integers(1, 6).flatmap(lambda number: st.sampled_from([number, -number]))


@settings(max_examples=400, deadline=None)
@given(st.lists(st.lists(_LITERALS, min_size=1, max_size=3), max_size=26), st.lists(_LITERALS, min_size=1, max_size=4))
def test_clauses_can_be_met_exactly_if_some_values_meet_them(clauses: list[list[int]], assumed: list[int]) -> None:
    solver = Solver(Budget(1_000_000))
    solver.reserve(6)
    for number in range(1, 7):
        solver.guess(number)
    for clause in clauses:
        solver.add(clause)
    every = list(product([False, True], repeat=6))
    for literal in assumed:  # one question after the other: what was learned must not spoil the next
        solved = solver.solve(literal, lambda: None)
        assert solved is any(_holds([*clauses, [literal]], values) for values in every)
        if solved:
            assert _holds([*clauses, [literal]], tuple(solver.value(number) > 0 for number in range(1, 7)))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(_LITERALS, min_size=1, max_size=3), max_size=15), st.sets(st.integers(0, 63), max_size=60))
def test_what_somebody_else_forbids_is_never_answered(clauses: list[list[int]], forbidden: set[int]) -> None:
    """The one who is asked forbids whole assignments: all of them are tried until one passes."""
    solver = Solver(Budget(1_000_000))
    solver.reserve(7)
    for number in range(1, 7):
        solver.guess(number)
    for clause in clauses:
        solver.add(clause)

    def now() -> tuple[bool, ...]:
        return tuple(solver.value(number) > 0 for number in range(1, 7))

    def breaks() -> list[int] | None:
        values = now()
        if sum(1 << place for place, value in enumerate(values) if value) not in forbidden:
            return None
        return [-number if value else number for number, value in enumerate(values, 1)]

    allowed = [
        values
        for values in product([False, True], repeat=6)
        if _holds(clauses, values) and sum(1 << place for place, value in enumerate(values) if value) not in forbidden
    ]
    assert solver.solve(7, breaks) is bool(allowed)
    if allowed:
        assert now() in allowed


def test_gates_that_are_equal_are_one_gate_and_constants_vanish() -> None:
    circuit = Circuit()
    a, b = circuit.atom("a"), circuit.atom("b")
    assert circuit.all_of([a, b, a]) == circuit.all_of([b, a])
    assert circuit.all_of([a, TRUE]) == a
    assert circuit.all_of([a, -a, b]) == circuit.all_of([b, FALSE]) == FALSE
    assert circuit.any_of([a, -a]) == TRUE
    assert circuit.any_of([]) == FALSE


def _told(name: str, *values: str, own: bool = False) -> Told:
    return Told(own, name, Language(frozenset(values)))


def _words(*held: Held) -> Words | frozenset[Held]:
    return Strings([AlertSeverity.CRITICAL], Budget(100_000)).words(held[0][0].subject, held)


def test_a_label_may_hide_a_field_and_need_not() -> None:
    own, view = _told("cluster_id", "a", own=True), _told("cluster_id", "b")
    assert _words((own, True), (view, False)) == Words("a", None)
    assert _words((own, True), (view, True)) == Words("a", "b")


def test_a_label_alone_is_empty_where_it_is_absent() -> None:
    own, alone = _told("cluster_id", "a", own=True), _told("labels.cluster_id", "a")
    view = _told("cluster_id", "a")
    assert _words((own, False), (alone, True), (view, False)) == frozenset([(alone, True), (view, False)])
    assert _words((own, True), (alone, True)) == Words("a", "a")


def test_only_some_strings_are_severities_and_ids() -> None:
    severity = _told("severity", "fatal", own=True)
    assert _words((severity, True)) == frozenset([(severity, True)])
    empty = _told("alert_id", "", own=True)
    assert _words((empty, True)) == frozenset([(empty, True)])
    nobody = _told("team", "a", own=True)
    assert _words((nobody, True)) == frozenset([(nobody, True)])


def test_what_cannot_be_together_is_named_without_the_rest() -> None:
    team = [_told("team", text) for text in ("a", "b", "c", "d")]
    pattern = Told(False, "team", Language(frozenset(), (compile_pattern("a|b|.*x"),)))
    told = _words((team[3], False), (team[0], False), (pattern, True), (team[1], True), (team[2], True))
    assert isinstance(told, frozenset)
    assert len(told) == 2

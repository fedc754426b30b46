"""The one pattern dialect: what it accepts, what it refuses, and that every way of matching gives the same answer."""

from __future__ import annotations

import copy
import importlib
import pickle
import re
import threading
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tocsin.errors import ConfigurationError, PatternError
from tocsin.model.silence import LabelMatcher
from tocsin.patterns import Automaton, CharSet, MatchPath, compile_pattern, linear, parse_label_matchers
from tocsin.patterns.determinism import MAX_ROUTES, backtracking_is_harmless
from tocsin.patterns.emit import python_source, re2_source
from tocsin.patterns.parse import parse
from tocsin.patterns.syntax import (
    Alternation,
    Assertion,
    AssertionKind,
    Chars,
    Concat,
    Literal,
    Node,
    Repeat,
    size,
    trimmed,
)

ATOMS = ["a", "b", "k", "-", "x", ".", "[ab]", "[^a]", "[a-k]", r"\d", r"\w", r"\W", r"\s", r"\.", r"\x61", "\n", "é"]
ASSERTIONS = ["^", "$", r"\b", r"\A"]
QUANTIFIERS = ["*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}", "*?", "+?", "{0}"]


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(inner, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda options: "(?:" + "|".join(options) + ")"),
        st.lists(inner, min_size=2, max_size=3).map(lambda options: "(" + "|".join(options) + ")"),
        st.tuples(inner, st.sampled_from(QUANTIFIERS)).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
        st.tuples(st.sampled_from("abk-x."), st.sampled_from(QUANTIFIERS)).map("".join),
    )


plain = st.recursive(st.sampled_from([*ATOMS, "ab", ".*", ".+", "prod-"]), _grow, max_leaves=8)
asserting = st.recursive(st.sampled_from(["a", "-", ".", "[ab]", ".*", "", *ASSERTIONS]), _grow, max_leaves=8)
gapped = st.lists(st.sampled_from([".*", ".+", ".", "a", "ab", "b", "(a|b)", "ba"]), min_size=2, max_size=7).map(
    "".join
)
folding = st.recursive(
    st.sampled_from(["a", "K", "[^k]", "[h-t]", r"\w", r"\W", ".", "1", "(?i:s)"]), _grow, max_leaves=6
)
sources = st.one_of(
    plain,
    gapped,
    asserting,
    st.lists(asserting, min_size=2, max_size=3).map("|".join),
    folding.map(lambda source: "(?i)" + source),
)
texts = st.one_of(
    st.text(st.sampled_from("ab-"), max_size=7),
    st.text(st.sampled_from("ab-kKx.1\n \v_é\N{KELVIN SIGN}ſ"), max_size=9),
    st.lists(st.sampled_from(["prod-", "a", "ab", "\x00", "\ud800", "\n", "b"]), max_size=5).map("".join),
    st.text(max_size=5),
)


def ends(node: Node, text: str, start: int) -> set[int]:
    """Where a match of *node* from *start* on may end: the definition, without any cleverness."""
    match node:
        case Literal(literal):
            return {start + len(literal)} if text.startswith(literal, start) else set()
        case Chars(chars):
            return {start + 1} if start < len(text) and ord(text[start]) in chars else set()
        case Alternation(options):
            return set().union(*(ends(option, text, start) for option in options))
        case Concat(items):
            found = {start}
            for item in items:
                found = set().union(*(ends(item, text, here) for here in found))
            return found
        case Repeat(body, least, most):
            return _repeated(body, least, most, text, start)
        case Assertion(kind):
            return {start} if _holds(kind, text, start) else set()


def _repeated(body: Node, least: int, most: int | None, text: str, start: int) -> set[int]:
    found = {start}
    for _ in range(least):
        found = set().union(*(ends(body, text, here) for here in found))
    reached = set(found)
    for _ in range(len(text) + 1 if most is None else most - least):
        found = set().union(*(ends(body, text, here) for here in found))
        reached |= found
    return reached


def _holds(kind: AssertionKind, text: str, here: int) -> bool:
    if kind is AssertionKind.TEXT_BEGIN:
        return here == 0
    if kind is AssertionKind.TEXT_END:
        return here == len(text)
    beside = [
        0 <= index < len(text) and re.match(r"\w", text[index], re.ASCII) is not None for index in (here - 1, here)
    ]
    return beside[0] is not beside[1]


def expected(source: str, text: str) -> bool:
    """Whether *source* matches *text*, by definition."""
    return len(text) in ends(parse(source), text, 0)


class Backtracker:
    """Matches as a backtracking engine does, without its cleverness, and counts the characters that it tries."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tried = 0

    def ends(self, node: Node, start: int) -> Iterator[int]:
        match node:
            case Literal(literal):
                yield from self.ends(Concat(tuple(Chars(CharSet.single(character)) for character in literal)), start)
            case Chars(chars):
                self.tried += 1
                if start < len(self.text) and ord(self.text[start]) in chars:
                    yield start + 1
            case Concat(items):
                if not items:
                    yield start
                for here in self.ends(items[0], start) if items else ():
                    yield from self.ends(Concat(items[1:]), here)
            case Alternation(options):
                for option in options:
                    yield from self.ends(option, start)
            case Repeat(body, least, most):
                yield from self._repeats(body, least, most, start)
            case Assertion():
                raise AssertionError("the automaton takes these")

    def _repeats(self, body: Node, least: int, most: int | None, start: int) -> Iterator[int]:
        if most is None or most > 0:
            for here in self.ends(body, start):
                yield from self._repeats(body, max(least - 1, 0), None if most is None else most - 1, here)
        if least == 0:
            yield start


def encodable(text: str) -> bool:
    return all(not 0xD800 <= ord(character) < 0xE000 for character in text)


class TestAgreement:
    """All ways of matching mean the same."""

    @given(sources, texts)
    @example("(?:a|(?:a|b)*)+", "aab")
    @example("^$", "")
    @example("a$", "a\n")
    @example(r"(?:a|\b)*", "a-")
    @example(r"\bk\b", "k\n")
    def test_the_chosen_path_agrees_with_the_definition(self, source: str, text: str) -> None:
        assert compile_pattern(source).matches(text) is expected(source, text)

    @given(sources, texts, st.sampled_from([0, 5, 100_000]))
    def test_the_automaton_agrees_with_the_definition_however_small_its_cache(
        self, source: str, text: str, cells: int
    ) -> None:
        automaton = Automaton(parse(source), cache_cells=cells)
        assert automaton.accepts(text) is expected(source, text)
        assert automaton.accepts(text) is expected(source, text), "from the cache"

    @given(sources, texts)
    def test_python_reads_the_canonical_source_alike_wherever_it_is_used(self, source: str, text: str) -> None:
        node = trimmed(parse(source))
        program = re.compile(python_source(node), re.ASCII)
        if backtracking_is_harmless(node):
            assert (program.fullmatch(text) is not None) is expected(source, text)

    @given(plain, texts.filter(lambda text: len(text) < 7))
    def test_python_reads_the_source_itself_alike(self, source: str, text: str) -> None:
        if r"\s" not in source and backtracking_is_harmless(parse(source)):
            program = re.compile(source, re.ASCII | re.DOTALL)
            assert (program.fullmatch(text) is not None) is expected(source, text)

    @given(sources, texts.filter(encodable))
    def test_re2_reads_the_canonical_source_and_the_source_itself_alike(self, source: str, text: str) -> None:
        re2 = pytest.importorskip("re2", reason="google-re2 is not installed")
        for given_source in ("(?s)" + source, re2_source(parse(source))):
            assert (re2.fullmatch(given_source, text) is not None) is expected(source, text)

    @given(sources, texts)
    def test_without_re2_nothing_changes(self, source: str, text: str) -> None:
        node = parse(source)
        accelerated, bare = linear.Linear(node), linear.Linear(node)
        object.__setattr__(bare, "accelerator", None)
        assert accelerated.matches(text) is bare.matches(text) is expected(source, text)

    @given(sources, texts)
    def test_trimming_the_edges_changes_nothing(self, source: str, text: str) -> None:
        assert (len(text) in ends(trimmed(parse(source)), text, 0)) is expected(source, text)

    @pytest.mark.parametrize(
        "source", [r"\w", r"\W", r"[\w]", r"[^\w]", r"[^\W]", "k", "[^k]", "[a-z]", r"\d", r"\S", "ſ"]
    )
    def test_folding_and_shorthands_reach_exactly_as_far_as_re2s(self, source: str) -> None:
        re2 = pytest.importorskip("re2", reason="google-re2 is not installed")
        for flags in ("", "(?i)"):
            program, pattern = re2.compile(flags + source), compile_pattern(flags + source)
            for codepoint in [*range(0x300), *range(0x2100, 0x2200), 0xFB05, 0x1E9E, 0x10FFFF]:
                assert pattern.matches(chr(codepoint)) is (program.fullmatch(chr(codepoint)) is not None), hex(
                    codepoint
                )


class TestFacts:
    """What indexes may rely on."""

    @given(sources, texts)
    def test_every_match_has_the_prefix_the_required_literal_and_is_one_of_the_literals(
        self, source: str, text: str
    ) -> None:
        pattern = compile_pattern(source)
        matched = pattern.matches(text)
        if pattern.literals is not None:
            assert matched is (text in pattern.literals)
        if matched:
            assert text.startswith(pattern.prefix)
            assert pattern.required in text
        assert matched or not pattern.matches_everything

    @given(sources)
    def test_each_literal_is_matched(self, source: str) -> None:
        for literal in compile_pattern(source).literals or ():
            assert expected(source, literal)

    @pytest.mark.parametrize(
        ("source", "prefix", "required"),
        [
            ("prod-.*", "prod-", "prod-"),
            (".*-db-.*", "", "-db-"),
            ("(prod|preprod)-.*", "pr", "prod-"),
            ("a{3}b+", "aaab", "aaab"),
            ("(ab)+c", "ab", "abc"),
            ("x(a|b)longer", "x", "longer"),
            ("(a.*-east|b.*-east)", "", "-east"),
            ("(.*mid.*|x.*mid.*)", "", "mid"),
            ("(?i)ab1", "", "1"),
            ("[a]b?", "a", "a"),
            ("(a.b){2}", "a", "ba"),
            ("^prod$", "prod", "prod"),
        ],
    )
    def test_prefix_and_required(self, source: str, prefix: str, required: str) -> None:
        pattern = compile_pattern(source)
        assert (pattern.prefix, pattern.required) == (prefix, required)

    @pytest.mark.parametrize(
        ("source", "literals"),
        [
            ("prod-1", {"prod-1"}),
            ("^(a|b)c?$", {"a", "ac", "b", "bc"}),
            ("[a-c]{2}", {x + y for x in "abc" for y in "abc"}),
            ("", {""}),
            ("a{0}", {""}),
            ("(?i)k", {"k", "K", "\N{KELVIN SIGN}"}),
            ("|".join(f"host-{number}" for number in range(900)), {f"host-{number}" for number in range(900)}),
        ],
    )
    def test_a_few_strings_are_listed(self, source: str, literals: set[str]) -> None:
        pattern = compile_pattern(source)
        assert pattern.literals == frozenset(literals)
        assert pattern.path is MatchPath.LITERALS

    @pytest.mark.parametrize("source", ["a*", "[a-z]{2}", "(a|b){9}", "a{0,999}", r"a\b", "(?i)production", ".", ".*"])
    def test_many_strings_are_not_listed(self, source: str) -> None:
        assert compile_pattern(source).literals is None

    @pytest.mark.parametrize(
        "source", [".*", "^.*$", "(.*)", ".*.*", "x|.*", "|.+", r"(.|\n)*", r"[\d\D]*", "((a|[^a])*)?"]
    )
    def test_what_matches_everything_says_so(self, source: str) -> None:
        assert compile_pattern(source).matches_everything

    @pytest.mark.parametrize("source", [".+", "", "a*", ".*a", "[^a]*", r"\w*", "(..)*", r"(\b|.)*\b"])
    def test_what_does_not_match_everything_says_so(self, source: str) -> None:
        assert not compile_pattern(source).matches_everything

    def test_universality_is_given_up_after_so_many_states(self) -> None:
        assert not Automaton(parse("(?:.{0,200}){0,2}")).universal(limit=20)

    def test_an_automaton_that_refuses_the_empty_text_is_not_universal(self) -> None:
        assert not Automaton(parse(".+")).universal(limit=20)


class TestPath:
    """Which way a pattern is matched."""

    @pytest.mark.parametrize("source", ["(a+)+b", "(a|a)*b", "(.*a){20}", "(?:a?){9}a{9}", "a*a*b"])
    def test_what_backtracking_could_blow_up_on_takes_the_automaton(self, source: str) -> None:
        pattern = compile_pattern(source)
        assert pattern.path is MatchPath.AUTOMATON
        assert not pattern.matches("a" * 10_000 + "!")

    @pytest.mark.parametrize("source", ["(a+)+b", "(a|a)*b", "(.*a){20}"])
    def test_the_automaton_takes_one_step_for_each_character(
        self, source: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        steps = 0
        step = Automaton.step

        def counted(self: Automaton, state: object, symbol: int) -> object:
            nonlocal steps
            steps += 1
            return step(self, state, symbol)  # type: ignore[arg-type]  # the real one is called with what it was given

        monkeypatch.setattr(Automaton, "step", counted)
        automaton = Automaton(parse(source))
        assert not automaton.accepts("a" * 10_000 + "!")
        assert 0 < steps <= 10_001

    @pytest.mark.parametrize(
        ("source", "path"),
        [
            ("prod", MatchPath.LITERALS),
            ("prod-.*", MatchPath.GLOBS),
            (".*-db-.*", MatchPath.GLOBS),
            (".*-(db|cache)", MatchPath.GLOBS),
            (".*", MatchPath.EVERYTHING),
            ("[a-z]+-[0-9]+", MatchPath.BACKTRACKING),
            ("(?:[a-z]+[.])*[a-z]+@x", MatchPath.AUTOMATON),
            ("(?:[a-z]+[.])*X", MatchPath.BACKTRACKING),
            ("(prod|preprod|pre)-[0-9]+", MatchPath.BACKTRACKING),
            ("(a|ab)(c|bcd)*d*", MatchPath.BACKTRACKING),
            (r"\bprod\b.*", MatchPath.AUTOMATON),
            ("[a-z]*.*z", MatchPath.AUTOMATON),
        ],
    )
    def test_the_cheapest_harmless_way_is_taken(self, source: str, path: MatchPath) -> None:
        assert compile_pattern(source).path is path

    @given(plain, st.tuples(*[st.text(st.sampled_from("abk-"), max_size=4)] * 3, st.integers(1, 12)))
    @settings(max_examples=300)
    def test_where_backtracking_is_called_harmless_it_is(self, source: str, text: tuple[str, str, str, int]) -> None:
        node = trimmed(parse(source))
        before, repeated, after, times = text
        backtracker = Backtracker(before + repeated * times + after)
        if backtracking_is_harmless(node):
            most = MAX_ROUTES * (size(node) + 1) * (len(backtracker.text) + 1)
            for _ in backtracker.ends(node, 0):
                assert backtracker.tried <= most
            assert backtracker.tried <= most

    def test_threads_may_share_a_pattern(self) -> None:
        automaton = Automaton(parse("(?:.*a){5}"), cache_cells=20)
        wrong: list[str] = []

        def check() -> None:
            for number in range(300):
                text = "xa" * (number % 9)
                if automaton.accepts(text) is not (number % 9 >= 5):
                    wrong.append(text)

        threads = [threading.Thread(target=check) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong

    def test_what_re2_cannot_encode_or_hold_goes_to_the_automaton(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pattern = compile_pattern("(.*a){20}")
        assert pattern.matches("\ud800" + "a" * 20)
        assert not pattern.matches("\udfff" + "a" * 19)
        monkeypatch.setattr(linear, "re2_source", lambda node: "(?=never)")
        assert linear.re2_program(parse("a")) is None

    def test_without_google_re2_the_automaton_does_it_all(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def absent(name: str) -> object:
            raise ImportError(name)

        monkeypatch.setattr(importlib, "import_module", absent)
        linear._re2.cache_clear()
        try:
            assert linear.re2_program(parse("a")) is None
            assert compile_pattern("(a|a)*b").matches("aab")
        finally:
            monkeypatch.undo()
            linear._re2.cache_clear()


class TestMeaning:
    """The dialect itself."""

    @pytest.mark.parametrize(
        ("source", "text", "matches"),
        [
            ("prod", "prod-1", False),
            ("prod", "xprod", False),
            ("a.b", "a\nb", True),
            ("a$", "a\n", False),
            ("a|b", "ab", False),
            ("", "", True),
            ("", "x", False),
            (r"\s", "\v", False),
            (r"\v", "\v", True),
            (r"\d", "٣", False),
            (r"\w", "é", False),
            (r"\W", "é", True),
            ("(?i)straße", "STRAßE", None),
            ("(?i)k", "\N{KELVIN SIGN}", True),
            ("(?i)\N{KELVIN SIGN}[ſ]", "kS", True),
            ("(?i)a中?-→", "A-→", None),
            ("(?i)a→", "A→", True),
            ("(?i)[^k]", "\N{KELVIN SIGN}", False),
            ("(?i:a)b", "Ab", True),
            ("(?i:a)b", "AB", False),
            ("(?s)(?i)a", "A", True),
            ("(?is:a.)", "A\n", True),
            ("(?P<name>a)b", "ab", True),
            ("a{,3}", "a", None),
            (r"\{\}\]\[", "{}][", True),
            (r"[\]\[\-^]+", "][-^", True),
            ("[-a]+[a-]+", "-a-a", True),
            (r"\x41\xe9", "Aé", True),
            ("\x00.\ud800", "\x00\udfff\ud800", True),
            (r"\_\/\ ", "_/ ", True),
            ("a{2}?b*?", "aab", True),
            ("a^b", "ab", False),
            (r"\Aa", "a", True),
            (r"a\b-", "a-", True),
            (r"a\b-", "ab", False),
            (r".*\ba.*", "ba", False),
            (r".*\ba\b.*", "b-a", True),
            (r"-\b", "-", False),
            (".*a.*b.*", "xaxbx", True),
            (".*a.*b.*", "xbxax", False),
            (".*ab.+ab", "abab", False),
            (".*ab.+ab", "ab-ab", True),
            ("a.*a", "a", False),
            ("a.+.*a", "aa", False),
            ("(|a)^b", "b", True),
            ("(|a)^b", "ab", False),
            ("b$(|a)", "b", True),
            ("b$(|a)", "ba", False),
            (r"é\b", "é", False),
        ],
    )
    def test_meaning(self, source: str, text: str, matches: bool | None) -> None:
        if matches is None:
            with pytest.raises(PatternError):
                compile_pattern(source)
        else:
            assert compile_pattern(source).matches(text) is matches
            assert compile_pattern(source).automaton.accepts(text) is matches

    @pytest.mark.parametrize(
        ("source", "message"),
        [
            ("a(?=b)", "character 2: look-ahead"),
            ("(?!b)", "character 1: negative look-ahead"),
            ("(?<=b)", "look-behind"),
            ("(?<!b)", "negative look-behind"),
            ("(?<n>b)", "(?P<name>…)"),
            ("(?P<1>b)", "(?P<name>…)"),
            ("(?P<n>a)(?P<n>b)", "'n' is used twice"),
            ("(?P<n>a)(?P=n)", "character 9: a back-reference"),
            (r"(a)\1", "character 4: \\1 is a back-reference"),
            (r"\k", "back-reference"),
            ("(?>a)", "atomic group"),
            ("(?(1)a)", "conditional group"),
            ("a(?R)", "recursion"),
            ("(?R)", "recursion"),
            ("(?#x)", "comments"),
            ("(?)", "unknown kind of group"),
            ("a*+", "possessive"),
            ("a**", "two quantifiers in a row"),
            ("a+?*", "two quantifiers in a row"),
            ("a{2}{3}", "two quantifiers in a row"),
            ("*a", "nothing to repeat"),
            ("(+)", "nothing to repeat"),
            ("^*", "cannot be repeated"),
            (r"\b+", "cannot be repeated"),
            ("a{1001}", "at most 1000"),
            ("a{99999999999999999999}", "at most 1000"),
            ("a{3,2}", "least, 3, is more than its most, 2"),
            ("(a{100}){11}", "more than 1000"),
            ("(?:(?:abcdefghij){1000}){1}(?:abcdefghij){1000}", "places"),
            ("a{,3}", "write {0,n}"),
            ("a{x}", r"write \{"),
            ("{2}", r"write \{"),
            ("a}", r"write \}"),
            ("a]", r"write \]"),
            ("[]a]", "empty class"),
            ("[]", "empty class"),
            ("[^]", "empty class"),
            (r"[^\d\D]", "no character is in this class"),
            ("[a", "not closed"),
            ("[a-", "not closed"),
            ("[", "not closed"),
            ("[z-a]", "runs backwards"),
            (r"[a-\d]", "a range goes from one character"),
            (r"[\d-a]", "a range goes from one character"),
            ("[a-b-c]", "ambiguous"),
            ("[[a]", "nested set"),
            ("[a&&b]", "'&&'"),
            ("[a--b]", "'--'"),
            ("[a||b]", "'||'"),
            ("[a~~b]", "'~~'"),
            ("[[:alpha:]]", "write A-Za-z instead of [:alpha:]"),
            ("[[:^digit:]]", "write the class [^0-9]"),
            (r"[\b]", "no meaning inside a class"),
            (r"[\A]", "no meaning inside a class"),
            (r"\pL", "Unicode classes"),
            (r"\P{Greek}", "Unicode classes"),
            (r"\B", "differently"),
            (r"a\z", "write $"),
            (r"a\Z", "write $"),
            (r"\07", "octal"),
            (r"\12", "octal escape"),
            (r"\x4", "two hexadecimal digits"),
            (r"\x{41}", "two hexadecimal digits"),
            (r"\u0041", "the character itself"),
            (r"\Qa\E", "escape each character"),
            (r"\C", "single byte"),
            (r"\y", "unknown"),
            (r"\é", "needs no backslash"),
            ("a\\", "ends the pattern"),
            ("(a", "not closed"),
            ("a)", "closes nothing"),
            ("a(?i)b", "very start"),
            ("(?m)a", "of the flags (?m) only"),
            ("(?x:a)", "of the flags (?x) only"),
            ("(?i-s:a)", "of the flags"),
            ("(?ii)a", "of the flags"),
            ("(?i)é", "agreed case"),
            ("(?i)[à-ü]", "agreed case"),
            ("(?i)[é]", "agreed case"),
            ("(" * 51 + ")" * 51, "more than 50 groups"),
            ("a" * 10_001, "at most 10000 characters"),
        ],
    )
    def test_what_is_refused_says_where_and_what_would_be_right(self, source: str, message: str) -> None:
        with pytest.raises(PatternError) as caught:
            compile_pattern(source)
        assert message in str(caught.value)

    def test_a_long_pattern_is_shown_in_part(self) -> None:
        with pytest.raises(PatternError, match=r"^pattern …'x{24}\(\?=x{21}'…, character 101: look-ahead"):
            compile_pattern("x" * 100 + "(?=" + "x" * 100)

    def test_what_is_no_string_is_refused(self) -> None:
        with pytest.raises(PatternError, match="a pattern is a string, not int"):
            compile_pattern(5)  # type: ignore[arg-type]

    @given(st.text(st.sampled_from("ab()[]{}|*+?^$\\.-,1:i<P=&é\n"), max_size=12))
    @settings(max_examples=500)
    def test_any_source_is_accepted_or_refused_with_a_pattern_error(self, source: str) -> None:
        problem = ""
        try:
            compile_pattern(source)
        except PatternError as error:
            problem = str(error)
        if problem:
            assert ", character " in problem
        else:
            re.compile(source)

    @given(st.text(st.sampled_from("ab()[]{}|*+?^$\\.-,1:i<P=&é\n"), max_size=12))
    def test_re2_accepts_what_is_accepted(self, source: str) -> None:
        re2 = pytest.importorskip("re2", reason="google-re2 is not installed")
        try:
            compile_pattern(source)
        except PatternError:
            return
        re2.compile("(?s)" + source)

    def test_the_deepest_and_the_longest_patterns_work(self) -> None:
        assert compile_pattern("(" * 50 + "a+b?" + ")*" * 50).matches("aab")
        assert compile_pattern("a" * 10_000).matches("a" * 10_000)
        assert compile_pattern("|".join(["a*b"] * 2_500)).matches("aab")


class TestPattern:
    """A compiled pattern as a value."""

    def test_patterns_are_equal_by_source_and_hashable(self) -> None:
        one, same, other = compile_pattern("a.*"), compile_pattern("a.*"), compile_pattern("a.+")
        assert one == same != other
        assert len({one, same, other}) == 2
        assert repr(one) == "Pattern(source='a.*')"

    def test_a_pattern_can_be_copied_and_pickled(self) -> None:
        pattern = compile_pattern("(a|b)+c")
        assert pickle.loads(pickle.dumps(pattern)) == copy.deepcopy(pattern) == pattern
        assert copy.copy(pattern).matches("abc")

    def test_a_pattern_is_frozen(self) -> None:
        with pytest.raises(AttributeError):
            compile_pattern("a").source = "b"  # type: ignore[misc]


class TestAutomaton:
    """What proofs use."""

    def test_states_are_walked_by_symbols(self) -> None:
        automaton = compile_pattern("ab*").automaton
        after = automaton.step(automaton.start, automaton.alphabet.symbol(ord("a")))
        assert not automaton.start.accepting
        assert after.accepting
        assert after == automaton.step(after, automaton.alphabet.symbol(ord("b")))
        assert automaton.step(after, automaton.alphabet.symbol(ord("z"))).dead

    @given(sources)
    def test_the_alphabet_covers_every_code_point_once(self, source: str) -> None:
        alphabet = Automaton(parse(source)).alphabet
        assert alphabet.starts[0] == 0
        assert sorted(set(alphabet.symbols)) == list(alphabet) == list(range(len(alphabet)))
        assert [alphabet.symbol(codepoint) for codepoint in alphabet.representatives] == list(alphabet)

    @given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), max_size=6))
    def test_character_sets_are_sets(self, pairs: list[tuple[int, int]]) -> None:
        ranges = [(min(pair), max(pair)) for pair in pairs]
        chars = CharSet.of(ranges)
        members = {codepoint for first, last in ranges for codepoint in range(first, last + 1)}
        assert {ord(character) for character in chars.characters()} == members
        assert len(chars) == len(members)
        assert chars.complement().complement() == chars
        assert not chars.overlaps(chars.complement())
        assert len(chars.union(chars.complement())) == 0x110000


class TestLabelMatchers:
    """Prometheus' matcher syntax."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ('severity="critical"', [("severity", "=", "critical")]),
            ('job=~"api|web"', [("job", "=~", "api|web")]),
            ('{foo!="bar", x!~"y.*"}', [("foo", "!=", "bar"), ("x", "!~", "y.*")]),
            ("a=b,c = d e ,", [("a", "=", "b"), ("c", "=", "d e")]),
            ("{a=b}", [("a", "=", "b")]),
            (" { a = b , } ", [("a", "=", "b")]),
            ("a=", [("a", "=", "")]),
            ('a=""', [("a", "=", "")]),
            (r'a="x\"y\\z\nw\.d"', [("a", "=", 'x"y\\z\nw\\.d')]),
            (r"a=~foo\.bar", [("a", "=~", r"foo\.bar")]),
            ('"ö.x"=y,":b"!=z', [("ö.x", "=", "y"), (":b", "!=", "z")]),
            ('a="},{"', [("a", "=", "},{")]),
            ("a=b=c", [("a", "=", "b=c")]),
            ('ns:rule=~"a{2}"', [("ns:rule", "=~", "a{2}")]),
        ],
    )
    def test_what_is_read(self, text: str, expected: list[tuple[str, str, str]]) -> None:
        found = [(matcher.name, matcher.operator.value, matcher.value) for matcher in parse_label_matchers(text)]
        assert found == expected

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "no matcher is given"),
            ("{}", "no matcher is given"),
            ("a", "one of = != =~ !~ is expected"),
            ("a.b=c", "character 2: after 'a' one of"),
            ("ö=c", "a label's name is expected"),
            ('""=c', "not empty"),
            ('"a=c', "not closed"),
            ('a="c', "not closed"),
            ('a="c" d', "comma"),
            ('a="c""d"', "comma"),
            ("{a=b", "write } at the end"),
            ("a=b}", "double quotes"),
            ('a="b"}', "never opened"),
            ("{a=b},c=d", "double quotes"),
            ('{a="b"},c=d', "closing brace"),
            ("a=~b{2}", "double quotes"),
            ('a=b"c', "double quotes"),
            ("a='b'", "ambiguous"),
            ("a==b", "ambiguous"),
            ("a=~~b", "ambiguous"),
            ("a=b,,c=d", "a label's name is expected"),
            (",a=b", "a label's name is expected"),
        ],
    )
    def test_what_is_refused_says_what_would_be_right(self, text: str, message: str) -> None:
        with pytest.raises(ConfigurationError) as caught:
            parse_label_matchers(text)
        assert message in str(caught.value)

    def test_what_is_no_string_is_refused(self) -> None:
        with pytest.raises(ConfigurationError, match="not dict"):
            parse_label_matchers({})  # type: ignore[arg-type]

    @given(
        st.lists(
            st.builds(
                LabelMatcher,
                st.from_regex(r"[A-Za-z_:][A-Za-z0-9_:]*", fullmatch=True),
                st.sampled_from(["=", "!=", "=~", "!~"]),
                st.text(max_size=8) | st.text(st.sampled_from('\\"n,{}= '), max_size=8),
            ),
            min_size=1,
            max_size=4,
        ),
        st.booleans(),
    )
    def test_what_a_matcher_prints_is_read_back(self, matchers: list[LabelMatcher], braces: bool) -> None:
        text = ", ".join(map(str, matchers))
        assert parse_label_matchers("{" + text + "}" if braces else text) == tuple(matchers)

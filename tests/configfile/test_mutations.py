"""Whatever a file says, reading it ends in a configuration or in errors that have a place, and in nothing else."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.configfile.test_whole import ENVIRONMENT, _toml
from tests.configfile.whole import WHOLE

from tocsin import ConfigurationFileError, LoadedConfiguration, Registry, load_configuration

PLAIN = yaml.safe_load(WHOLE)

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-2, 100_000),
    st.just(10**300),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        ["team", "nobody", "rule-1", "critical", "${TOKEN}", "${NONE}", "${", "file:none", "a=b", "(", "="]
    ),
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


def _read(text: str | bytes, name: str, registry: Registry) -> LoadedConfiguration | None:
    """Read a file of that text; whatever is wrong is told with a place, and the secret with nothing."""
    content = text if isinstance(text, bytes) else text.encode()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(content)
        try:
            loaded = load_configuration(path, registry, environ=ENVIRONMENT)
        except ConfigurationFileError as raised:
            problems = raised.problems
        else:
            assert "t0ken" not in repr(loaded)
            return loaded
    lines = len(re.findall(rb"\r\n?|\n", content)) + 1
    assert problems
    for problem in problems:
        assert Path(problem.file).name == name
        assert 1 <= problem.line <= lines
        assert problem.column >= 1
        assert problem.problem
        assert len(str(problem).splitlines()) == 1
        assert "t0ken" not in str(problem)
    return None


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """The whole configuration with some of its values replaced, left out, renamed or doubled."""
    plain = json.loads(json.dumps(PLAIN))
    for _ in range(draw(st.integers(1, 3))):
        _mutate(draw, plain)
    return plain


def _mutate(draw: st.DrawFn, node: Any) -> None:
    """Go down to some mapping or list, and change something in it."""
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return
        key = draw(st.sampled_from(keys))
        if isinstance(node[key], (dict, list)) and draw(st.integers(0, 4)):
            node = node[key]
            continue
        change = draw(st.sampled_from(["replace", "remove", "rename", "swap"]))
        if change == "replace":
            node[key] = draw(VALUES)
        elif change == "remove":
            del node[key]
        elif change == "rename" and isinstance(node, dict):
            node[draw(st.text(max_size=6))] = node.pop(key)
        else:
            other = draw(st.sampled_from(keys))
            node[key], node[other] = node[other], node[key]
        return


@given(mutated())
@settings(max_examples=200)
def test_a_value_that_is_wrong_is_told(registry: Registry, plain: Any) -> None:
    _read(json.dumps(plain), "tocsin.json", registry)


@given(mutated())
@settings(max_examples=100)
def test_every_format_finds_as_much(registry: Registry, plain: Any) -> None:
    """What JSON refuses YAML and TOML refuse, for both can hold all that it can, but null and NaN in TOML."""
    text = json.dumps(plain)
    wanted = _read(text, "tocsin.json", registry) is None
    if "NaN" not in text and "Infinity" not in text:
        safe = yaml.safe_dump(plain, allow_unicode=False, width=1000)
        assert (_read(safe, "tocsin.yaml", registry) is None) == wanted
        if "null" not in text and isinstance(plain, dict) and plain:
            toml = "\n".join(f"{json.dumps(key)} = {_toml(value)}" for key, value in plain.items())
            _read(toml, "tocsin.toml", registry)


@st.composite
def scribbled(draw: st.DrawFn) -> tuple[str, str]:
    """A text of some format in which characters were replaced, put in and taken out."""
    name = draw(st.sampled_from(["tocsin.yaml", "tocsin.json", "tocsin.toml"]))
    text = WHOLE
    if name.endswith("json"):
        text = json.dumps(PLAIN, indent=1)
    elif name.endswith("toml"):
        text = "\n".join(f"{key} = {_toml(value)}" for key, value in PLAIN.items())
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        piece = draw(st.one_of(st.text(max_size=3), st.sampled_from(list("{}[]:,#&*!|>'\"%@`-?\n\t\r =$<\\"))))
        text = text[:at] + piece + text[at + draw(st.integers(0, 5)) :]
    return name, text


@given(scribbled())
@settings(max_examples=400)
def test_a_text_that_is_scribbled_over_is_told(registry: Registry, made: tuple[str, str]) -> None:
    name, text = made
    _read(text, name, registry)


@given(st.sampled_from(["a.yaml", "a.json", "a.toml", "a.txt"]), st.binary(max_size=60) | st.text(max_size=60))
@settings(max_examples=300)
def test_anything_at_all_is_told(registry: Registry, name: str, text: str | bytes) -> None:
    _read(text, name, registry)

"""What is made of an answer, whatever it holds: numbers that were measured, and what is wrong with the rest."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_peer import vector

from tocsin import ClusterMetrics
from tocsin_prometheus.answer import Answer, read_answer
from tocsin_prometheus.settings import NUMBERS

quick = settings(deadline=None, max_examples=150)


def read(document: Any, field: str = "cpu_usage_percent") -> Answer:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read_answer(content, field, "cluster")


def test_a_vector_is_a_number_per_cluster() -> None:
    assert read(vector({"a": 1, "b": "2.5e1"}, at=7.5)) == Answer({"a": 1.0, "b": 25.0}, {}, 7.5)


def test_nan_is_not_measured_and_never_zero() -> None:
    assert read(vector({"a": "NaN", "b": 0})).values == {"b": 0.0}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cpu_usage_percent", "-1"),
        ("cpu_usage_percent", "+Inf"),
        ("p95_latency_ms", "+Inf"),
        ("p95_latency_ms", "-Inf"),
        ("memory_usage_percent", "100.1"),
        ("error_rate_percent", "-0.1"),
    ],
)
def test_what_cannot_have_been_measured_is_a_problem(field: str, value: str) -> None:
    answer = read(vector({"a": value, "b": 5}), field)
    assert answer.values == {"b": 5.0}
    assert "cannot have been measured" in answer.problems["value a"]


@pytest.mark.parametrize(
    ("field", "value", "taken"),
    [
        ("memory_usage_percent", "100.00000001", 100.0),
        ("error_rate_percent", "-1e-9", 0.0),
        ("cpu_usage_percent", "-1e-9", 0.0),
        ("cpu_usage_percent", "250", 250.0),
    ],
)
def test_rounding_is_forgiven(field: str, value: str, taken: float) -> None:
    assert read(vector({"a": value}), field) == Answer({"a": taken}, {}, 1.0)


def test_a_cluster_that_is_there_twice_has_no_number() -> None:
    """Nor when it is there three times."""
    for times in (2, 3):
        document = vector({"b": 1})
        document["data"]["result"] += [
            {"metric": {"cluster": "a", "i": str(n)}, "value": [1, "5"]} for n in range(times)
        ]
        answer = read(document)
        assert answer.values == {"b": 1.0}
        assert answer.problems == {"twice a": "several series for a: aggregate them by (cluster)"}


def test_a_series_without_the_label_is_a_problem() -> None:
    document = vector({"a": 1})
    document["data"]["result"].append({"metric": {"Cluster": "b"}, "value": [1, "5"]})
    answer = read(document)
    assert answer.values == {"a": 1.0}
    assert answer.problems == {"label": "a series does not say its cluster in the label 'cluster'"}


def test_a_warning_is_a_problem_beside_the_numbers() -> None:
    answer = read(vector({"a": 1}, warnings=["partial \x1b[2J response"], infos=["is not a counter"]))
    assert answer.values == {"a": 1.0}
    assert answer.problems == {"warning": "answered with a warning: partial [2J response"}


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"status":"success","data":{"resultType":"vector","result":[{"metric":{"cluster":"a"',
        None,
        [],
        7,
        {},
        {"status": "error", "errorType": "bad_data", "error": "x"},
        {"status": "success"},
        {"status": "success", "data": []},
        {"status": "success", "data": {"resultType": "vector"}},
        {"status": "success", "data": {"resultType": "vector", "result": {}}},
        {"status": "success", "data": {"resultType": "scalar", "result": [1, "1"]}},
        {"status": "success", "data": {"resultType": "matrix", "result": []}},
        {"status": "success", "data": {"resultType": "string", "result": [1, "x"]}},
        {"status": "success", "data": {"resultType": ["\x1b"], "result": []}},
    ],
)
def test_what_is_no_vector_has_failed(document: Any) -> None:
    answer = read(document)
    assert answer.failed
    assert "\x1b" not in answer.failed
    assert not answer.values


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
clusters = json_values | st.sampled_from(["a", "b"])
numbers = json_values | st.floats().map(str) | st.sampled_from(["1", "NaN"])
samples = st.fixed_dictionaries(
    {},
    optional={
        "metric": json_values | st.fixed_dictionaries({}, optional={"cluster": clusters}),
        "value": json_values | st.tuples(json_values, numbers),
    },
)
vectors = st.fixed_dictionaries(
    {"resultType": st.just("vector"), "result": st.lists(samples | json_values, max_size=6)}
)
documents = json_values | st.fixed_dictionaries(
    {"status": st.just("success")}, optional={"warnings": json_values, "data": json_values | vectors}
)


@quick
@given(documents, st.sampled_from(NUMBERS))
def test_whatever_comes_back_its_numbers_can_be_taken(document: Any, field: str) -> None:
    answer = read(document, field)
    for cluster, number in answer.values.items():
        assert math.isfinite(number)
        ClusterMetrics(cluster, **{field: number})  # type: ignore[arg-type]  # the name of a number
    for text in [answer.failed or "", *answer.problems.values()]:
        assert len(text) < 400
        assert text.isprintable()


@quick
@given(st.binary(max_size=200))
def test_whatever_bytes_come_back(content: bytes) -> None:
    read_answer(content, "requests", "cluster")


@quick
@given(st.dictionaries(st.text(min_size=1, max_size=9), st.floats(0, 100), max_size=6))
def test_all_that_was_measured_is_taken(values: dict[str, float]) -> None:
    assert read(vector(values)).values == values

"""The settings of a source that asks Prometheus: one clear error each, and no secret in any."""

from __future__ import annotations

from typing import Any

import pytest

from tocsin import ConfigurationError, load_registry
from tocsin_prometheus import PrometheusConfig, PrometheusSource, Query

SECRET = "s3cretT0ken"
PLAIN: dict[str, Any] = {"url": "https://prometheus.example", "queries": {"cpu_usage_percent": "up"}}


def refused(**changes: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        PrometheusConfig(**{**PLAIN, **changes})
    assert SECRET not in str(caught.value)
    assert caught.value.where
    return str(caught.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"url": SECRET}, "url starts with neither https:// nor http://"),
        ({"url": f"https://h/?token={SECRET}"}, "no ? and no # in it"),
        ({"queries": {}}, "queries has at least one query @ queries"),
        ({"queries": ["up"]}, "queries maps what is measured to PromQL"),
        ({"queries": {"cpu_usage": "up"}}, "did you mean 'cpu_usage_percent'? @ queries.cpu_usage"),
        ({"queries": {"labels": "up"}}, "'labels' is nothing that is measured of a cluster"),
        ({"queries": {"requests": " "}}, "query is PromQL, of at most 16384 characters @ queries.requests.query"),
        ({"queries": {"requests": 7}}, "a query is PromQL, or a mapping"),
        ({"queries": {"requests": {}}}, "the setting 'query' is required @ queries.requests"),
        ({"queries": {"requests": {"query": "up", "label": "x"}}}, "unknown setting 'label'"),
        ({"queries": {"requests": {"query": "up", "optional": 1}}}, "optional is true or false"),
        ({"queries": {"requests": {"query": "up", "cluster_label": "a-b"}}}, "cluster_label is the name of a label"),
        ({"cluster_label": "{x}"}, "cluster_label is the name of a label"),
        ({"interval_seconds": 0.5}, "interval_seconds is a number from 1 to 3600"),
        ({"interval_seconds": float("nan")}, "interval_seconds is a number from 1 to 3600"),
        ({"timeout_seconds": 30.0}, "timeout_seconds is less than interval_seconds"),
        ({"username": "ops"}, "a username and its password go together"),
        ({"password": SECRET}, "a username and its password go together"),
        ({"username": "o:s", "password": SECRET}, "a username has no colon in it"),
        ({"bearer_token": f"{SECRET}\n"}, "bearer_token is visible ASCII"),
        ({"username": "ops", "password": SECRET, "bearer_token": SECRET}, "who asks is said in one way"),
        ({"headers": {"authorization": SECRET}, "bearer_token": SECRET}, "who asks is said in one way"),
        ({"url": f"https://ops:{SECRET}@h", "bearer_token": SECRET}, "who asks is said in one way"),
        ({"labels": {"a": 1}}, "labels"),
        ({"headers": {"X-Scope-OrgID": f"{SECRET}\n"}}, "X-Scope-OrgID"),
    ],
)
def test_what_cannot_work_is_refused(changes: dict[str, Any], said: str) -> None:
    assert said in refused(**changes)


def test_no_secret_is_shown() -> None:
    one = PrometheusConfig(**PLAIN, bearer_token=SECRET)
    other = PrometheusConfig(**PLAIN, headers={"X-Scope-OrgID": SECRET}, username="ops", password=SECRET)
    third = PrometheusConfig(**{**PLAIN, "url": f"https://ops:{SECRET}@h:9090/{SECRET}"})
    assert SECRET not in repr([one, other, third])
    assert third.called == "h:9090"


def test_a_query_is_promql_or_more() -> None:
    queries = {"requests": "up", "throughput_rps": {"query": "rate", "cluster_label": "site", "optional": True}}
    config = PrometheusConfig(**{**PLAIN, "queries": queries})
    assert config.queries == {
        "requests": Query(query="up"),
        "throughput_rps": Query(query="rate", cluster_label="site", optional=True),
    }


def test_it_is_found_through_its_entry_point() -> None:
    spec = load_registry().sources["prometheus"].spec
    assert (spec.factory, spec.config_class) == (PrometheusSource, PrometheusConfig)

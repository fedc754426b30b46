"""Requests that are generated from the OpenAPI document: no 5xx, and no answer that the document does not describe."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from server_processes import daemon

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
CONFIGURATION = """
channels:
  ops: {backend: console}
routing_rules:
- rule_id: all
  target_channels: [ops]
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A daemon that runs, with an alert and a silence in it."""
    folder = tmp_path_factory.mktemp("generated")
    config = folder / "tocsin.yaml"
    config.write_text(CONFIGURATION)
    with daemon(config, folder / "data") as running:
        alert = {"alert_id": "a1", "cluster_id": "eu", "severity": "error", "metric_name": "cpu"}
        assert running.client.post("/api/tocsin/v1/alerts", json=alert).status_code == 202
        yield running.url


def operations(url: str) -> list[Any]:
    """Return what the daemon says that it answers, but for the events, which have no end."""
    found = httpx.get(f"{url}/api/tocsin/v1/openapi.json", trust_env=False)
    described = schemathesis.openapi.from_dict(found.json()).exclude(path="/api/tocsin/v1/events")
    results: list[Any] = list(described.get_all_operations())
    return [one.ok() for one in results]


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: str(mode.value))
def test_every_answer_is_one_that_is_described(url: str, mode: GenerationMode) -> None:
    """Whatever is asked, whether it could be meant or not."""
    described = operations(url)
    assert len(described) > 20
    for operation in described:
        with contextlib.suppress(Unsatisfiable):  # nothing that is no such request can be made of nothing
            _try(operation, mode, url)


def _try(operation: Any, mode: GenerationMode, url: str) -> None:
    @settings(
        max_examples=12,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        case.call_and_validate(base_url=url, checks=CHECKS, timeout=60)

    ask()

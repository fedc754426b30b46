"""What is kept back, listed, and measured without a daemon: what goes wrong there is never a figure."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest
from tests.bench import delivery, inside, listing, parts, suppression
from tests.bench.daemons import Broken, Daemon, Posted, ordered
from tests.bench.figures import Run
from tests.bench.inside import Done
from tests.bench.load import Order

from tocsin.testing.samples import make_notification


class FakeDaemon(Daemon):
    """Answers with what it is given, and needs no process."""

    def __init__(self, answer: object, memory: int = 100) -> None:
        self.name = "tocsin"
        self.orders: list[Order] = []
        self._answer = json.dumps(answer).encode()
        self._memory = memory

    def take(self, order: Order) -> Posted:
        self.orders.append(order)
        return Posted(1.0, 0.5, 0.1, len(self.orders) / 10)

    def get(self, path: str) -> bytes:
        return self._answer

    def memory(self) -> int:
        self._memory += 1
        return self._memory


def _alerts(number: int, state: str, **by: list[str]) -> list[dict[str, Any]]:
    return [{"status": {"state": state, "inhibitedBy": [], "silencedBy": [], **by}}] * number


def test_alerts_that_are_kept_back_may_be_measured() -> None:
    daemon = FakeDaemon(_alerts(20, "suppressed", inhibitedBy=["source"]))
    suppression.expect_kept_back(daemon, "inhibition")
    assert [(order.name, order.zone) for order in daemon.orders] == [("kept", "z")]


@pytest.mark.parametrize(
    "answer",
    [
        _alerts(20, "active"),
        _alerts(19, "suppressed", inhibitedBy=["source"]) + _alerts(1, "active"),
        _alerts(20, "suppressed", silencedBy=["silence"]),
    ],
)
def test_inhibition_that_does_not_inhibit_is_no_figure(answer: list[dict[str, Any]]) -> None:
    """Nor is what another kind of suppression keeps back."""
    with pytest.raises(Broken, match=r"tocsin keeps back (0|19) of 20 alerts that inhibition"):
        suppression.expect_kept_back(FakeDaemon(answer), "inhibition")


def test_each_inhibition_rule_looks_at_every_source_by_labels_of_its_own() -> None:
    text = suppression.configuration(3, 80)
    assert [f"equal: [zone, absent{rule}]" in text for rule in range(4)] == [True, True, True, False]
    assert text.count("source_matchers: ['job=\"source\"']") == 3


def test_ill_receivers_have_routes_and_paths_of_their_own() -> None:
    text = delivery.configuration(80)
    assert all(
        f'job="ill-{path}"' in text and f"http://127.0.0.1:80/{path}'" in text for path in ("hung", "500", "slow")
    )


def test_a_list_is_measured_with_the_most_memory_and_the_slowest_answer() -> None:
    daemon = FakeDaemon([{}] * 7)
    runs = {figure.name: run.value for figure, run in listing.listed(daemon, 7).items()}
    assert runs["memory: listing 7 alerts, slowest answer to a post"] == len(daemon.orders) / 10
    assert runs["memory: listing 7 alerts, most memory by that before"] >= 1
    assert {order.round_number for order in daemon.orders} == set(range(1, len(daemon.orders) + 1))


def test_a_list_without_an_alert_is_no_figure() -> None:
    with pytest.raises(Broken, match="tocsin lists 6 alerts of 7"):
        listing.listed(FakeDaemon([{}] * 6), 7)


@pytest.mark.parametrize(
    ("what", "size", "names"),
    [
        ("deadlines", 50, {"set", "cancel", "set again", "meet", "idle"}),
        ("embedded", 100, {"alerts"}),
        ("replay", 100, {"events"}),
    ],
)
def test_a_part_says_what_its_table_shows(what: str, size: int, names: set[str]) -> None:
    values = inside.JOBS[what](size).values
    assert set(values) == names
    assert all(value > 0 for value in values.values())


def test_deadlines_that_were_not_met_are_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside, "_meet", lambda *_: None)
    with pytest.raises(RuntimeError, match="50 deadlines were not met"):
        inside.deadlines(50)


def test_sends_are_counted_at_a_receiver_in_another_process() -> None:
    sent = parts.done("sending", 32)
    assert {"webhook", "httpx"} <= set(sent.values)
    assert sent.load >= 0


def test_what_is_not_delivered_is_no_figure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
    with pytest.raises(ExceptionGroup) as raised:
        anyio.run(inside._by_webhook, url, make_notification(), 1)
    assert "the webhook backend failed" in str(raised.value.exceptions[0])


def _ordered(report: Mapping[str, float]) -> Any:
    return lambda *_: {"values": report, "load": 0.2}


def test_sending_is_compared_with_what_is_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(parts, "ordered", _ordered({"webhook": 30.0, "httpx": 20.0}))
    runs = {figure.name: run for figure, run in parts.sending("tocsin", tmp_path, quick=True).items()}
    assert runs["sending: the webhook backend by httpx's client"] == Run(1.5, 1.0, 0.2)
    assert not any("Apprise" in name for name in runs)


def test_parts_are_only_tocsins(tmp_path: Path) -> None:
    measures = (parts.deadlines, parts.embedded, parts.replay, parts.sending)
    assert [measure("alertmanager", tmp_path, True) for measure in measures] == [{}] * 4


def test_a_part_that_fails_is_named() -> None:
    with pytest.raises(Broken, match=r"(?s)no such part failed: .*KeyError"):
        parts.done("no such part", 1)


def test_what_a_process_says_when_it_fails_is_told() -> None:
    with pytest.raises(Broken, match="No module named"):
        ordered("tests.bench.nothing", {})


def test_a_part_is_done_in_a_process_of_its_own() -> None:
    assert parts.done("deadlines", 10) != Done({})

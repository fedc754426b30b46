"""The benchmark counts, compares and complains as it should; how fast anything is, is no test."""

from __future__ import annotations

import json
import socket
import sys
import threading
from pathlib import Path

import pytest
from tests.bench import __main__ as command
from tests.bench import daemons, load
from tests.bench.daemons import Broken, Daemon
from tests.bench.figures import Figure, Result, Run, document, limit, median, table
from tests.bench.load import Order, Refused
from tests.bench.scenarios import Scenario, configuration

MORE = Figure("ingest", "alerts/s", 1.5)
LESS = Figure("memory", "bytes/alert", 1.0, more_is_better=False)
IDLE = 0.1


def _runs(*values: float, daemon: float = IDLE, load: float = IDLE) -> list[Run]:
    return [Run(value, daemon, load) for value in values]


def test_the_ratio_is_that_of_the_medians() -> None:
    """One disturbed turn does not count."""
    result = Result(MORE, _runs(30, 1, 20), _runs(10, 9, 1000))
    assert (median(result.tocsin), result.ratio) == (20, 2.0)


def test_without_alertmanager_there_is_no_ratio() -> None:
    assert Result(MORE, _runs(30)).ratio is None
    assert "-" in table([Result(MORE, _runs(30))]).splitlines()[1].split()


@pytest.mark.parametrize(("figure", "ratio", "reached"), [(MORE, 1.5, True), (MORE, 1.4, False), (LESS, 1.1, False)])
def test_a_target_is_a_least_or_a_most(figure: Figure, ratio: float, reached: bool) -> None:
    assert figure.reached(ratio) is reached


@pytest.mark.parametrize(
    ("daemon", "load", "said"),
    [
        (0.95, 0.95, "the load generator"),
        (1.5, 0.4, "all cores"),
        (0.95, 0.2, "one core"),
        (0.5, 0.2, "waiting"),
    ],
)
def test_what_limits_is_told_from_who_was_busy(daemon: float, load: float, said: str) -> None:
    assert limit(_runs(1, daemon=daemon, load=load), cores=2) == said


def test_the_table_says_what_was_missed_and_how_busy_the_load_generator_was() -> None:
    lines = table([Result(MORE, _runs(12, load=0.25), _runs(10)), Result(LESS, _runs(8), _runs(10))]).splitlines()
    assert all(part in lines[1] for part in ("1.20", ">= 1.5 missed", "25%"))
    assert "<= 1" in lines[2]
    assert "missed" not in lines[2]


def test_an_absolute_target_is_about_the_value_itself() -> None:
    """It is judged without Alertmanager, and in its own unit."""
    figure = Figure("restart", "s", 5.0, more_is_better=False, absolute=True)
    assert (Result(figure, _runs(4.5)).reached, Result(figure, _runs(5.5)).reached) == (True, False)
    assert Result(LESS, _runs(5.5)).reached is None
    line = table([Result(figure, _runs(5.5))]).splitlines()[1]
    assert "5.50" in line
    assert "<= 5 s missed" in line


SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"[{}]" if self.path == "/api/v2/alerts" else b"")
    def log_message(self, *_):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print("Listening on 127.0.0.1:%d" % server.server_port, flush=True)
server.serve_forever()
"""


def test_a_restart_that_lost_alerts_is_no_figure(tmp_path: Path) -> None:
    daemon = Daemon("tocsin", [sys.executable, "-c", SERVER], tmp_path / "log")
    try:
        first = daemon.process.pid
        assert daemon.restart(1).seconds > 0
        assert daemon.process.pid != first
        with pytest.raises(Broken, match="tocsin holds 1 alerts after its restart, and took in 2"):
            daemon.restart(2)
    finally:
        daemon.stop()


def test_the_document_holds_every_run() -> None:
    written = json.loads(json.dumps(document([Result(MORE, _runs(1, 2, 3), _runs(4))])))["results"][0]
    assert [run["value"] for run in written["tocsin"]] == [1, 2, 3]
    assert (written["median"]["tocsin"], written["ratio"]) == (2, 0.5)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["speed"],
            "there is no scenario 'speed': there are ingest, routing, suppression, latency, hardship, memory, restart, "
            "deadlines, embedded, sending, replay",
        ),
        (["--turns", "0"], "'0' is no number of turns"),
        (["--output", "/no/such/folder/file"], "its folder does not exist"),
    ],
)
def test_wrong_arguments_end_with_2(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_daemons_are_measured_in_turns(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What disturbs the machine for a while disturbs both; everything is written down."""
    seen: list[str] = []

    def measure(name: str, folder: Path, quick: bool) -> dict[Figure, Run]:
        seen.append(name)
        return {MORE: Run(len(seen), IDLE, IDLE)}

    monkeypatch.setattr(command, "SCENARIOS", (Scenario("ingest", measure),))
    monkeypatch.setattr(daemons, "found", lambda: True)
    assert command.main(["--turns", "2", "--output", str(tmp_path / "out.json")]) == 0
    assert seen == ["tocsin", "alertmanager"] * 2
    written = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["results"][0]
    assert [run["value"] for run in written["alertmanager"]] == [2, 4]


def test_without_alertmanager_only_tocsin_is_measured_and_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "SCENARIOS", (Scenario("ingest", lambda *_: {MORE: Run(1, IDLE, IDLE)}),))
    monkeypatch.setattr(daemons, "found", lambda: False)
    assert command.main(["--quick"]) == 0
    assert "prometheus-alertmanager is not installed: only tocsin is measured" in capsys.readouterr().out


def test_few_alerts_miss_no_target(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """How fast it is with few alerts says nothing."""
    slow = {"tocsin": 1.0, "alertmanager": 10.0}
    scenario = Scenario("ingest", lambda name, *_: {MORE: Run(slow[name], IDLE, IDLE)})
    monkeypatch.setattr(command, "SCENARIOS", (scenario,))
    monkeypatch.setattr(daemons, "found", lambda: True)
    assert command.main([]) == 0
    assert "missed" in capsys.readouterr().out
    assert command.main(["--quick"]) == 0
    assert "missed" not in capsys.readouterr().out


def test_a_daemon_that_dies_ends_it_with_its_last_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1, and no traceback."""

    def measure(name: str, folder: Path, quick: bool) -> dict[Figure, Run]:
        Daemon(name, [sys.executable, "-c", "import sys; sys.exit('out of luck')"], tmp_path / "log")
        return {}

    monkeypatch.setattr(command, "SCENARIOS", (Scenario("ingest", measure),))
    assert command.main([]) == 1
    said = capsys.readouterr().err
    assert "bench: tocsin ended with code 1" in said
    assert "out of luck" in said


def test_a_configuration_that_cannot_be_converted_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("route: 7\n", encoding="utf-8")
    with pytest.raises(Broken, match="tocsin convert failed"):
        daemons.command("tocsin", tmp_path / "a.yml", tmp_path)


def test_each_request_holds_a_batch_and_the_last_one_what_is_left() -> None:
    bodies = [json.loads(one.partition(b"\r\n\r\n")[2]) for one in load.requests(Order(0, 5, 2, 1))]
    assert [len(body) for body in bodies] == [2, 2, 1]
    assert len({alert["labels"]["node"] for body in bodies for alert in body}) == 5


def test_a_refresh_posts_the_same_alerts_with_another_end() -> None:
    def bodies(number: int) -> list[dict[str, object]]:
        found: list[dict[str, object]] = json.loads(
            load.requests(Order(0, 3, 3, 1, round_number=number))[0].partition(b"\r\n\r\n")[2]
        )
        return found

    first, second = bodies(0), bodies(1)
    assert [alert["labels"] for alert in first] == [alert["labels"] for alert in second]
    assert first[0]["endsAt"] != second[0]["endsAt"]


def test_an_answer_is_complete_with_its_body() -> None:
    assert not load.answered(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{")
    assert load.answered(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    with pytest.raises(Refused, match="503 Busy"):
        load.answered(b"HTTP/1.1 503 Busy\r\n\r\n")


@pytest.mark.parametrize(
    ("answer", "said"), [(b"HTTP/1.1 400 Bad\r\n\r\n", "400 Bad"), (b"", "the daemon ended a connection")]
)
def test_what_is_not_taken_in_is_never_counted(answer: bytes, said: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            taken, _ = server.accept()
            with taken:
                taken.recv(65536)
                taken.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(Refused, match=said):
            load.post(server.getsockname()[1], load.requests(Order(0, 1, 1, 1)), 1)
        thread.join()


def test_there_are_as_many_rules_as_asked_for() -> None:
    text = configuration(3, ".*-rack{}-.*")
    assert [f'node=~".*-rack{rule}-.*"' in text for rule in range(4)] == [True, True, True, False]

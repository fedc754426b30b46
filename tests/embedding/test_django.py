"""docs/examples/django: tocsin in Django, under WSGI and ASGI, and what becomes of it when a process forks or ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.embedding.conftest import EXAMPLES, FAILURE, PATIENCE, Start

from tocsin.testing.http_receiver import Hang, HttpReceiver

PROJECT = EXAMPLES / "django"
MANAGE = (str(PROJECT / "manage.py"), "runserver", "--noreload", "127.0.0.1:0")
ASGI = ("-m", "uvicorn", "--app-dir", str(PROJECT), "--port", "0", "--no-use-colors", "shop.asgi:application")

PRELUDE = f"""
import json, os, sys
sys.path.insert(0, {str(PROJECT)!r})
os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
import django
django.setup()
from django.test import Client
from shop import alerting
from tocsin import PerformanceAlert
client = Client()
def fail():
    return client.post("/payments/17/failed", json.dumps({FAILURE!r}), content_type="application/json").status_code
"""


def _script(text: str, configuration: Path, database: Path) -> str:
    environment = {"SHOP_CONFIGURATION": str(configuration), "SHOP_DATABASE": str(database), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PRELUDE + text],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_views_report_list_and_take(receiver: HttpReceiver, configuration: Path, database: Path) -> None:
    shown = _script(
        """
print(fail(), client.get("/alerts").json())
by = json.dumps({"by": "ada"})
for one in ("payments-acme", "payments-other"):
    print(client.post(f"/alerts/{one}/acknowledge", by, content_type="application/json").status_code)
""",
        configuration,
        database,
    )
    alerts = {"alerts": [{"alert_id": "payments-acme", "severity": "error"}]}
    assert shown.splitlines() == [f"202 {alerts}", "200", "404"]
    assert len(receiver.requests) == 1, "what was under way when the process ended was given its time"


def test_a_process_that_reports_nothing_holds_nothing(configuration: Path, database: Path) -> None:
    _script("from django.core.management import call_command\ncall_command('check')\n", configuration, database)
    assert not database.exists()


def test_many_threads_share_one_service(configuration: Path, database: Path) -> None:
    shown = _script(
        """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(16) as pool:
    print(len(set(pool.map(lambda _: id(alerting.service()), range(64)))))
    alerts = [PerformanceAlert(f"a{n}", "c", "info", "m") for n in range(64)]
    list(pool.map(alerting.report, alerts))
print(len(alerting.service().get_active_alerts()))
""",
        configuration,
        database,
    )
    assert shown.split() == ["1", "64"]


def test_a_forked_child_does_not_use_the_parents(configuration: Path, database: Path) -> None:
    shown = _script(
        """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 on: threads and fork; this is what the test is about
fail()
child = os.fork()
if child == 0:
    try:
        alerting.service()
    except Exception as error:
        print(type(error).__name__, "in use" in str(error), flush=True)
    os._exit(0)
os.waitpid(child, 0)
print(fail())
""",
        configuration,
        database,
    )
    assert shown.split() == ["StoreError", "True", "202"]


def test_under_wsgi_it_serves(start: Start, receiver: HttpReceiver) -> None:
    server = start(*MANAGE)
    assert server.post("/payments/17/failed", FAILURE).status_code == 202
    receiver.wait_for_request()
    server.end(signal.SIGINT)
    assert "Traceback" not in "".join(server.output)


@pytest.mark.parametrize("path", ["/payments/17/failed", "/async/payments/17/failed"])
def test_under_asgi_it_is_left_with_the_server(start: Start, receiver: HttpReceiver, path: str) -> None:
    server = start(*ASGI)
    assert server.post(path, FAILURE).status_code == 202
    receiver.wait_for_request()
    server.end()
    shown = "".join(server.output)
    assert "Application shutdown complete" in shown
    assert "Traceback" not in shown


def test_under_asgi_a_mistake_in_the_configuration_shows_at_the_start(start: Start, configuration: Path) -> None:
    configuration.write_text("catch_all_channel: nobody\n", encoding="utf-8")
    server = start(*ASGI)
    assert server.wait() != 0
    assert "no channel is called 'nobody'" in "".join(server.output)


def test_what_was_under_way_when_the_process_was_killed_is_sent_again(start: Start, receiver: HttpReceiver) -> None:
    receiver.will(Hang())
    first = start(*ASGI)
    first.post("/payments/17/failed", FAILURE)
    receiver.wait_for_request()
    first.end(signal.SIGKILL)
    start(*ASGI).get("/alerts")
    receiver.wait_for_request()
    assert len({request.headers["idempotency-key"] for request in receiver.requests}) == 1

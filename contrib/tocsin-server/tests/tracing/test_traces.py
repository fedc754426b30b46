"""Traces of a service and its API, from a request over the commit to the attempts; the exporter is the SDK's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
from api_world import World, alert, world
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from tocsin import AlertFired, AlertResolved, AttemptFinished, Outcome, PerformanceAlert, StoreError
from tocsin_server.tracing.causes import Causes
from tocsin_server.tracing.traces import Traces

pytestmark = pytest.mark.anyio

TRACE: Final = "0af7651916cd43dd8448eb211c80319c"
PARENT: Final = "b7ad6b7169203331"
HEADERS: Final = {"traceparent": f"00-{TRACE}-{PARENT}-01"}


@pytest.fixture
def anyio_backend() -> str:
    """The event loop of the daemon."""
    return "asyncio"


class Seen:
    """The spans that have ended."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.traces = Traces(SimpleSpanProcessor(self._exporter))

    def named(self, name: str) -> list[ReadableSpan]:
        """Return those of a name, in the order in which they ended."""
        return [span for span in self._exporter.get_finished_spans() if span.name == name]

    def one(self, name: str) -> ReadableSpan:
        """Return the only one of a name."""
        (span,) = self.named(name)
        return span


@pytest.fixture
def seen() -> Seen:
    """What is traced."""
    return Seen()


@pytest.fixture
async def here(anyio_backend: str, tmp_path: Path, seen: Seen) -> AsyncIterator[World]:
    """A service whose API is traced."""
    async with world(tmp_path, traces=seen.traces) as made:
        yield made


def links(span: ReadableSpan) -> list[str]:
    """Return the traces that a span leads back to."""
    return [f"{link.context.trace_id:032x}" for link in span.links]


def attributes(span: ReadableSpan) -> dict[str, Any]:
    """Return the attributes of a span."""
    return dict(span.attributes or {})


def trace_of(span: ReadableSpan) -> str:
    """Return the id of its trace."""
    assert span.context is not None
    return f"{span.context.trace_id:032x}"


async def test_a_request_continues_the_trace_that_it_comes_with(here: World, seen: Seen) -> None:
    """Its span has the names of the conventions for HTTP servers, and the commit is within it."""
    await here.ask("POST", "/alerts", [alert("a"), alert("b")], status=202, headers=HEADERS)
    request, commit = seen.one("POST /api/tocsin/v1/alerts"), seen.one("commit")
    assert (trace_of(request), request.kind) == (TRACE, SpanKind.SERVER)
    assert request.parent is not None
    assert f"{request.parent.span_id:016x}" == PARENT
    found = attributes(request)
    assert found["http.request.method"] == "POST"
    assert found["http.route"] == found["url.path"] == "/api/tocsin/v1/alerts"
    assert (found["http.response.status_code"], found["url.scheme"]) == (202, "http")
    assert found["user_agent.original"].startswith("python-httpx")
    assert commit.parent == request.context
    assert attributes(commit) == {
        "tocsin.facts": ("AlertFired",),
        "tocsin.alert_ids": ("a", "b"),
        "tocsin.alert_count": 2,
    }


async def test_without_a_trace_a_request_begins_one(here: World, seen: Seen) -> None:
    for headers in ({}, {"traceparent": "nonsense"}, {"traceparent": f"00-{'0' * 32}-{PARENT}-01"}):
        await here.ask("GET", "/alerts", headers=headers)
    spans = seen.named("GET /api/tocsin/v1/alerts")
    assert len({trace_of(span) for span in spans}) == 3
    assert [span.parent for span in spans] == [None] * 3


async def test_names_are_of_routes_and_queries_are_in_no_span(here: World, seen: Seen) -> None:
    """What no route answers has no more of a name than its method, and that only where it is one."""
    await here.report(alert("a/b"))
    await here.ask("GET", "/alerts/a%2Fb")
    await here.ask("GET", "/nothing", status=404, params={"q": "secret"})
    await here.ask("BREW", "/alerts", status=405, params={"q": "secret"})
    assert attributes(seen.one("GET /api/tocsin/v1/alerts/{alert_id}"))["url.path"] == "/api/tocsin/v1/alerts/a/b"
    assert attributes(seen.one("GET"))["http.response.status_code"] == 404
    assert attributes(seen.one("HTTP /api/tocsin/v1/alerts"))["http.request.method_original"] == "BREW"
    assert seen.one("GET").status.status_code is StatusCode.UNSET
    assert "secret" not in str([attributes(span) for span in (seen.one("GET"), seen.one("HTTP /api/tocsin/v1/alerts"))])


async def test_what_goes_wrong_here_is_an_error(here: World, seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a commit that failed, too; a mistake of the client is none."""

    def broken(*arguments: Any) -> Any:
        raise StoreError("the disk is full")

    monkeypatch.setattr(here.alerting._writer.store, "commit", broken)
    await here.ask("POST", "/alerts", [{}], status=400)
    await here.ask("POST", "/alerts", alert(), status=503)
    refused, failed = seen.named("POST /api/tocsin/v1/alerts")
    assert refused.status.status_code is StatusCode.UNSET
    assert failed.status.status_code is seen.one("commit").status.status_code is StatusCode.ERROR
    assert attributes(failed)["error.type"] == "503"


async def test_an_attempt_leads_back_to_the_request_whose_alert_it_tells(here: World, seen: Seen) -> None:
    """With who was told what, in the instants that the service knows."""
    began = here.clock.wall()
    await here.ask("POST", "/alerts", alert("a"), status=202, headers=HEADERS)
    await here.quiet()
    span = seen.one("send ops")
    assert (span.kind, span.parent, links(span)) == (SpanKind.CLIENT, None, [TRACE])
    assert trace_of(span) != TRACE
    assert [link.context.span_id for link in span.links] == [seen.one("commit").context.span_id]
    found = attributes(span)
    assert found["messaging.destination.name"] == found["tocsin.channel_id"] == "ops"
    assert found["tocsin.alert_id"] == "a"
    assert (found["tocsin.alert_ids"], found["tocsin.alert_count"]) == (("a",), 1)
    assert (found["tocsin.outcome"], found["tocsin.attempt"], found["tocsin.kind"]) == ("delivered", 1, "firing")
    assert (
        found["tocsin.notification_id"]
        == found["messaging.message.id"]
        == here.recording.tried("ops")[0].notification_id
    )
    assert span.status.status_code is StatusCode.UNSET
    assert span.start_time is not None
    assert span.end_time is not None
    assert began * 1e9 - 1e6 <= span.start_time <= span.end_time <= here.clock.wall() * 1e9 + 1e6


async def test_an_attempt_that_failed_is_an_error_with_its_code(here: World, seen: Seen) -> None:
    """Each attempt has a span, and all of them lead back to the same request."""
    here.recording.script("ops", Outcome.unavailable("no room", code=503), Outcome.delivered(code=200))
    await here.ask("POST", "/alerts", alert("a"), status=202, headers=HEADERS)
    await here.quiet()
    await here.clock.advance(60.0)
    await here.quiet()
    failed, delivered = seen.named("send ops")[:2]
    assert (attributes(failed)["tocsin.outcome"], attributes(failed)["tocsin.code"]) == ("unavailable", 503)
    assert (failed.status.status_code, failed.status.description) == (StatusCode.ERROR, "no room")
    assert attributes(failed)["error.type"] == "unavailable"
    assert (attributes(delivered)["tocsin.code"], attributes(delivered)["tocsin.attempt"]) == (200, 2)
    assert links(failed) == links(delivered) == [TRACE]


async def test_an_attempt_belongs_to_no_request_that_is_committed_at_the_same_time(here: World, seen: Seen) -> None:
    """Its end may be told in the middle of one."""
    await here.report(alert("a"))
    (delivery,) = [one for one in here.alerting.delivery_history if one.channel_id == "ops"]

    async def submit(*facts: Any) -> None:
        seen.traces(AttemptFinished(0.0, delivery))

    await seen.traces.door(submit)(AlertResolved("a"))
    assert [span.parent for span in seen.named("send ops")] == [None, None]


async def test_a_notification_leads_back_to_every_request_that_it_tells_of_once(here: World, seen: Seen) -> None:
    """Several alerts of one request are one link; a report with nothing new is none."""
    traces = [f"{number:032x}" for number in (1, 2, 3, 4)]

    def headers(trace: str) -> dict[str, str]:
        return {"traceparent": f"00-{trace}-{PARENT}-01"}

    names = ("a", "b"), ("c",), ("a", "b", "c"), ("d",)
    for trace, ids in zip(traces, names, strict=True):
        body = [alert(one, severity="warning", cluster_id=one) for one in ids]
        await here.ask("POST", "/alerts", body, status=202, headers=headers(trace))
    await here.quiet()
    await here.clock.advance(301.0)
    await here.quiet()
    first, summary = [span for span in seen.named("send ops") if attributes(span)["tocsin.alert_count"] > 1]
    assert set(attributes(first)["tocsin.alert_ids"]) == {"a", "b"}
    assert links(first) == [traces[0]]
    assert set(attributes(summary)["tocsin.alert_ids"]) >= {"c", "d"}
    assert set(links(summary)) - {traces[0]} == {traces[1], traces[3]}
    assert len(set(links(summary))) == len(links(summary))


async def test_a_resolution_leads_back_to_who_reported_it(here: World, seen: Seen) -> None:
    """And what nobody reported, such as a time that is over, to nobody: not to the report before it."""
    event = {"routing_key": "x", "event_action": "resolve", "dedup_key": "a"}
    await here.report(alert("a"), alert("b", metric_name="memory"))
    await here.ask("POST", "/v2/enqueue", event, status=202, headers=HEADERS)
    await here.alerting.submit(AlertResolved("b"))
    await here.quiet()
    await here.clock.advance(301.0)
    await here.quiet()
    resolved = [span for span in seen.named("send ops") if attributes(span)["tocsin.kind"] == "resolved"]
    by_alert = {attributes(span)["tocsin.alert_id"]: links(span) for span in resolved}
    assert by_alert == {"a": [TRACE], "b": []}


async def test_what_people_do_is_a_commit_as_well(here: World, seen: Seen) -> None:
    """Without alerts that are reported."""
    await here.report(alert("a"))
    await here.ask("POST", "/alerts/a/acknowledge", {"by": "ada"}, headers=HEADERS)
    commit = seen.named("commit")[-1]
    assert (trace_of(commit), attributes(commit)["tocsin.facts"]) == (TRACE, ("Acknowledged",))
    assert attributes(commit)["tocsin.alert_count"] == 0


async def test_of_very_many_alerts_a_span_names_the_first(seen: Seen) -> None:
    async def submit(*facts: Any) -> int:
        return len(facts)

    fired = [AlertFired(PerformanceAlert(f"a{number}", "eu", "error", "cpu")) for number in range(150)]
    assert await seen.traces.door(submit)(*fired) == 150
    found = attributes(seen.one("commit"))
    assert (found["tocsin.alert_count"], len(found["tocsin.alert_ids"])) == (150, 100)


async def test_two_that_report_the_same_alert_at_once_do_not_lose_each_other() -> None:
    """The later one is known; and of many alerts those are forgotten that longest had nothing new."""
    seen = Seen()
    tracer = seen.traces._tracer
    first, second = (tracer.start_span(name).get_span_context() for name in ("first", "second"))
    causes = Causes(most=2)
    with causes.committing(["a", "b", "c"], first):
        with causes.committing(["a"], second):
            causes.taken("a")
            assert causes.of(["a", "a", "b"]) == [second]
        causes.taken("b")
        causes.taken("c")
        assert causes.of(["a", "b", "c"]) == [first]
    causes.taken("b")
    assert causes.of(["b"]) == []

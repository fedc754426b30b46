"""The traces of one daemon: what is committed, who reported it, and the attempts to tell of it."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any, Final

import anyio.to_thread
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanKind, Status, StatusCode
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from tocsin import AttemptFinished, ConfigurationError, Event, Fact, FactAccepted, NotificationDelivery
from tocsin_server.alertmanager.status import version
from tocsin_server.intake import Submit
from tocsin_server.tracing.causes import Causes, alert_of
from tocsin_server.tracing.requests import TracedRequests

__all__ = ["Traces"]

_MOST_IDS: Final = 100
"""Alerts that a span names; the number of all of them is beside them."""

_NANOSECONDS: Final = 1_000_000_000


class Traces:
    """Makes spans of what happens, and hands them to *processor*; an observer of the service.

    Nothing is global: other parts of the process may have traces of their own.
    """

    def __init__(self, processor: SpanProcessor) -> None:
        resource = Resource.create({SERVICE_NAME: "tocsin", "service.version": version()})
        self._provider = TracerProvider(
            resource=resource.merge(OTELResourceDetector().detect()), shutdown_on_exit=False
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("tocsin_server", version())
        self._causes = Causes()

    @classmethod
    def exported(cls) -> Traces:
        """Return traces that go to a collector over OTLP/HTTP, as the environment's ``OTEL_…`` variables say.

        :raises ConfigurationError: when nothing can be made of these.
        """
        try:
            return cls(BatchSpanProcessor(OTLPSpanExporter()))
        except Exception as error:  # noqa: BLE001  whatever the SDK raises; its text may hold the collector's token
            problem = f"OpenTelemetry makes nothing of the variables OTEL_… as they are set ({type(error).__name__})"
            raise ConfigurationError(problem, "server.traces") from None

    def serving(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> ASGIApp:
        """Return *app* with a span for each request."""
        return TracedRequests(app, self._tracer, routes)

    def door(self, submit: Submit) -> Submit:
        """Return *submit* with a span for each commit: how long the engine and the store took, and others before it."""

        async def traced(*facts: Fact) -> Any:
            ids = [alert_id for fact in facts if (alert_id := alert_of(fact)) is not None]
            kinds = tuple(sorted({type(fact).__name__ for fact in facts}))
            attributes = {"tocsin.facts": kinds, **_alerts(ids)}
            with (
                self._tracer.start_as_current_span("commit", attributes=attributes) as span,
                self._causes.committing(ids, span.get_span_context()),
            ):
                return await submit(*facts)

        return traced

    def __call__(self, event: Event) -> None:
        """Take in one event."""
        if isinstance(event, FactAccepted):
            alert_id = alert_of(event.fact)
            if alert_id is not None:
                self._causes.taken(alert_id)
        elif isinstance(event, AttemptFinished):
            self._attempt(event.delivery)

    def _attempt(self, delivery: NotificationDelivery) -> None:
        """Make the span of an attempt that has ended; a trace of its own, for it may tell of many requests."""
        ended = int(delivery.timestamp * _NANOSECONDS)
        began = ended - int(delivery.delivery_time_ms / 1000 * _NANOSECONDS)
        causes = self._causes.of(delivery.alert_ids)
        span = self._tracer.start_span(
            f"send {delivery.channel_id}",
            context=Context(),
            kind=SpanKind.CLIENT,
            attributes=_described(delivery),
            links=[Link(context) for context in causes if context.is_valid],
            start_time=began,
        )
        if not delivery.success:
            span.set_attribute("error.type", delivery.outcome)
            span.set_status(Status(StatusCode.ERROR, delivery.response_message))
        span.end(ended)

    async def close(self, seconds: float) -> None:
        """Hand on what there is; who does not take it in time does not hold the daemon up."""
        last = threading.Thread(target=self._provider.shutdown, daemon=True)
        last.start()
        await anyio.to_thread.run_sync(last.join, seconds)


def _alerts(ids: list[str] | tuple[str, ...]) -> dict[str, Any]:
    return {"tocsin.alert_ids": tuple(ids[:_MOST_IDS]), "tocsin.alert_count": len(ids)}


def _described(delivery: NotificationDelivery) -> dict[str, Any]:
    described = {
        "messaging.system": "tocsin",
        "messaging.operation.name": "send",
        "messaging.operation.type": "send",
        "messaging.destination.name": delivery.channel_id,
        "messaging.message.id": delivery.notification_id,
        "tocsin.alert_id": delivery.alert_id,
        **_alerts(delivery.alert_ids),
        "tocsin.attempt": delivery.retry_count + 1,
        "tocsin.channel_id": delivery.channel_id,
        "tocsin.incident_id": delivery.incident_id,
        "tocsin.kind": delivery.kind,
        "tocsin.notification_id": delivery.notification_id,
        "tocsin.outcome": delivery.outcome,
    }
    return described if delivery.response_code is None else {**described, "tocsin.code": delivery.response_code}

"""A FastAPI application with tocsin inside, in one process: `uvicorn --workers 1 fastapi_shop:app`."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel

from tocsin import (
    Acknowledged,
    AlertResolved,
    FederationAlertingService,
    PerformanceAlert,
    SqliteStore,
    load_configuration,
    load_registry,
)

HERE = Path(__file__).parent


class Failure(BaseModel):
    """A payment that did not go through."""

    provider: str
    reason: str


class Answer(BaseModel):
    """Who has taken an alert."""

    by: str


def service(request: Request) -> FederationAlertingService:
    """Return the one service of this process, for handlers that depend on it."""
    alerting: FederationAlertingService = request.app.state.alerting
    return alerting


Alerting = Annotated[FederationAlertingService, Depends(service)]


def create_app(configuration: Path = HERE / "shop.yaml", database: Path = Path("shop.db")) -> FastAPI:
    """Return the application; nothing is opened before the server starts it: importing it holds nothing."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        loaded = load_configuration(configuration, load_registry())  # first what can be wrong, then what is locked
        async with FederationAlertingService(store=SqliteStore(database)) as alerting:
            alerting.reconfigure(loaded.configuration)
            app.state.alerting = alerting
            yield

    app = FastAPI(lifespan=lifespan)
    app.post("/payments/{payment_id}/failed", status_code=202)(payment_failed)
    app.post("/providers/{provider}/recovered")(provider_recovered)
    app.get("/alerts")(firing_alerts)
    app.post("/alerts/{alert_id}/acknowledge")(acknowledge)
    return app


async def payment_failed(payment_id: str, failure: Failure, alerting: Alerting) -> dict[str, str]:
    """Report it. Once this has answered, the alert is committed, and survives a crash."""
    alert = PerformanceAlert(
        alert_id=f"payments-{failure.provider}",
        cluster_id=failure.provider,
        severity="error",
        metric_name="payment_failures",
        message=f"payment {payment_id} failed: {failure.reason}",
    )
    await alerting.process_alert(alert, wait=False)  # the customer does not wait for anybody to be told
    return {"alert_id": alert.alert_id}


async def provider_recovered(provider: str, alerting: Alerting) -> dict[str, bool]:
    """End its alert; whoever was told of it hears that it is over."""
    (changed,) = await alerting.submit(AlertResolved(f"payments-{provider}"))
    return {"changed": changed}


async def firing_alerts(alerting: Alerting) -> list[dict[str, Any]]:
    """List what fires."""
    return [{"alert_id": each.alert_id, "severity": each.severity.value} for each in alerting.get_active_alerts()]


async def acknowledge(alert_id: str, answer: Answer, alerting: Alerting) -> dict[str, str]:
    """Somebody has taken it: nobody else is called."""
    (known,) = await alerting.submit(Acknowledged(alert_id, by=answer.by))
    if not known:
        raise HTTPException(404, f"nothing fires that is called {alert_id!r}")
    return {"taken_by": answer.by}


app = create_app()

"""A Starlette application with tocsin inside, in one process: `uvicorn --workers 1 starlette_shop:app`."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypedDict

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tocsin import FederationAlertingService, PerformanceAlert, SqliteStore, load_configuration, load_registry

HERE = Path(__file__).parent


class State(TypedDict):
    """What each request finds in `request.state`."""

    alerting: FederationAlertingService


def create_app(configuration: Path = HERE / "shop.yaml", database: Path = Path("shop.db")) -> Starlette:
    """Return the application; nothing is opened before the server starts it."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[State]:
        loaded = load_configuration(configuration, load_registry())
        async with FederationAlertingService(store=SqliteStore(database)) as alerting:
            alerting.reconfigure(loaded.configuration)
            yield {"alerting": alerting}

    return Starlette(
        lifespan=lifespan, routes=[Route("/payments/{payment_id}/failed", payment_failed, methods=["POST"])]
    )


async def payment_failed(request: Request) -> JSONResponse:
    """Report it; once this has answered, the alert is committed."""
    failure = await request.json()
    alert = PerformanceAlert(
        alert_id=f"payments-{failure['provider']}",
        cluster_id=failure["provider"],
        severity="error",
        metric_name="payment_failures",
        message=f"payment {request.path_params['payment_id']} failed: {failure['reason']}",
    )
    alerting: FederationAlertingService = request.state.alerting
    await alerting.process_alert(alert, wait=False)
    return JSONResponse({"alert_id": alert.alert_id}, status_code=202)


app = create_app()

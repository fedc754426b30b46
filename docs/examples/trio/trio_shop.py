"""A trio application with tocsin inside: `python trio_shop.py`; Ctrl-C or SIGTERM ends it in order."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import trio

from tocsin import FederationAlertingService, PerformanceAlert, SqliteStore, load_configuration, load_registry

CONFIGURATION = Path(__file__).parents[1] / "fastapi" / "shop.yaml"


async def watch_queue(alerting: FederationAlertingService, waiting: Callable[[], int], limit: int = 1000) -> None:
    """Report a queue that is too long, and that it is not any more, as long as the application runs."""
    while True:
        length = waiting()
        if length > limit:
            message = f"{length} orders wait"
            alert = PerformanceAlert("orders-queue", "shop", "error", "queue_length", length, limit, message)
            await alerting.process_alert(alert, wait=False)  # the same alert again tells nobody anew
        else:
            alerting.resolve_alert("orders-queue")
        await trio.sleep(10)


async def run(
    waiting: Callable[[], int],
    configuration: Path = CONFIGURATION,
    database: Path = Path("shop.db"),
    *,
    task_status: trio.TaskStatus[FederationAlertingService] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Run the application until it is told to end.

    The service is entered first and left last: what the tasks report while they end is still taken.
    """
    loaded = load_configuration(configuration, load_registry())
    async with FederationAlertingService(store=SqliteStore(database)) as alerting:
        alerting.reconfigure(loaded.configuration)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(watch_queue, alerting, waiting)
            task_status.started(alerting)
            await until_told()
            nursery.cancel_scope.cancel()


async def until_told() -> None:
    """Wait for Ctrl-C or SIGTERM; leaving the service after that gives attempts under way their time."""
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            return


if __name__ == "__main__":
    trio.run(run, lambda: 1200)  # a shop whose queue is always too long

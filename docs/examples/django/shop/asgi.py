"""For ASGI servers, in one process: `uvicorn --workers 1 shop.asgi:application`.

Django takes no part in a server's lifespan. Taking it here starts the service with the server, so that a mistake in its
configuration shows then, and leaves it before the server ends.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from asgiref.sync import sync_to_async
from django.core.asgi import get_asgi_application

Receive: TypeAlias = Callable[[], Awaitable[dict[str, Any]]]
Send: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[None]]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
django_application = get_asgi_application()

from shop import alerting  # noqa: E402  it reads the settings


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Take the lifespan; hand everything else to Django."""
    if scope["type"] != "lifespan":
        await django_application(scope, receive, send)
        return
    await receive()  # lifespan.startup
    try:
        await sync_to_async(alerting.service, thread_sensitive=False)()
    except Exception as error:  # noqa: BLE001  whatever it is, it keeps the server from starting, and is told there
        await send({"type": "lifespan.startup.failed", "message": str(error)})
        return
    await send({"type": "lifespan.startup.complete"})
    await receive()  # lifespan.shutdown
    await sync_to_async(alerting.stop, thread_sensitive=False)()
    await send({"type": "lifespan.shutdown.complete"})

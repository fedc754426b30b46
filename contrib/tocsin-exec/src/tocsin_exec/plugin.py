"""The entry point: it registers the backend ``exec``."""

from __future__ import annotations

from tocsin import BackendRegistrar, hookimpl
from tocsin.http import HARD_TIMEOUT
from tocsin_exec.backend import ExecBackend
from tocsin_exec.settings import ExecConfig

__all__ = ["tocsin_register_backends"]

CONCURRENCY = 4


@hookimpl
def tocsin_register_backends(registrar: BackendRegistrar) -> None:
    """Register ``exec``."""
    registrar.register(
        "exec",
        ExecBackend,
        config_class=ExecConfig,
        renderer="json",
        timeout_seconds=HARD_TIMEOUT,
        concurrency=CONCURRENCY,
    )

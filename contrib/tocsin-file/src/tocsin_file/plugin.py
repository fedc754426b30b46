"""The entry point: it registers the backend ``file``."""

from __future__ import annotations

from tocsin import BackendRegistrar, hookimpl
from tocsin_file.backend import CONCURRENCY, HARD_TIMEOUT, FileBackend
from tocsin_file.settings import FileConfig

__all__ = ["tocsin_register_backends"]


@hookimpl
def tocsin_register_backends(registrar: BackendRegistrar) -> None:
    """Register ``file``."""
    registrar.register(
        "file",
        FileBackend,
        config_class=FileConfig,
        renderer="json",
        timeout_seconds=HARD_TIMEOUT,
        concurrency=CONCURRENCY,
    )

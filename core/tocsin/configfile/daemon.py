"""Reads what concerns the daemon: the sections ``server``, ``sources``, ``retention`` and ``watchdog``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import attrs

from tocsin.configfile.construction import Form, build
from tocsin.configfile.context import Context
from tocsin.configfile.document import Scalar, Table
from tocsin.configfile.findings import Spot
from tocsin.configfile.server import AuthToken, ServerSettings, TlsSettings
from tocsin.configfile.shapes import REFUSED, conform
from tocsin.model import _check
from tocsin.model.watchdog import Watchdog

__all__ = ["RETENTION", "SERVER", "SOURCE", "TLS", "TOKEN", "WATCHDOG", "Retention", "server", "source", "watchdog"]


@attrs.frozen(slots=True, kw_only=True)
class Retention:
    """How long is kept what is over: incidents and silences, undelivered notifications, and the journal."""

    resolved_seconds: float = attrs.field(default=86_400.0, validator=_check.positive)
    deliveries_seconds: float = attrs.field(default=7 * 86_400.0, validator=_check.positive)
    journal_seconds: float = attrs.field(default=30 * 86_400.0, validator=_check.positive)


@attrs.frozen(slots=True, kw_only=True)
class Source:
    """What finds alerts and submits them: the name of a registered source, and its settings."""

    source: str
    config: dict[str, Any] = attrs.field(factory=dict)


RETENTION: Final = Form(kind=Retention)
SERVER: Final = Form(kind=ServerSettings)
SOURCE: Final = Form(kind=Source)
TLS: Final = Form(kind=TlsSettings)
TOKEN: Final = Form(kind=AuthToken)
WATCHDOG: Final = Form(kind=Watchdog)


def watchdog(spot: Spot, context: Context) -> Any:
    """Read the watchdog."""

    def channel(child: Spot) -> Any:
        return context.optional_name(child, "channels")

    return build(spot, attrs.evolve(WATCHDOG, readers={"channel_id": channel, "heartbeat_channel": channel}))


def source(spot: Spot, context: Context) -> Any:
    """Read one source, and return the source's kind and its checked settings."""
    known = context.registry.sources
    checked: list[Any] = []

    def config(child: Spot | None) -> Any:
        named = spot.get("source")
        kind = None if named is None else named.plain()
        if not isinstance(kind, str) or kind not in known:
            return REFUSED
        if child is None or child.plain() is None:
            child = attrs.evolve(spot, node=Table(spot.key, {}), path=f"{spot.path}.config")
        _, settings = context.settings(child, known[kind].spec.config_class)
        checked.append(settings)
        return {} if settings is not REFUSED else REFUSED

    readers = {"source": lambda child: context.one_of(child, "source", known), "config": config}
    found = build(spot, attrs.evolve(SOURCE, readers=readers))
    if found is not REFUSED and not checked:
        config(None)
    return REFUSED if found is REFUSED or REFUSED in checked or not checked else (found.source, checked[0])


def server(spot: Spot, context: Context) -> Any:
    """Read the daemon's settings; paths are relative to the file that says them."""
    readers: dict[str, Callable[[Spot], Any]] = {
        "data": _path,
        "tls": lambda child: None if child.plain() is None else _tls(child, context),
        "auth_tokens": lambda child: _tokens(child, context),
    }
    context.secrets.missing.spare(spot.node)
    return build(spot, attrs.evolve(SERVER, readers=readers))


def _path(spot: Spot) -> Any:
    value = conform(spot, str | None)
    return value if not value or value is REFUSED else _beside(spot, value)


def _beside(spot: Spot, name: str) -> str:
    return str(Path(spot.node.place.file).parent / name)


def _tls(spot: Spot, context: Context) -> Any:
    def file(child: Spot) -> Any:
        return _pem(child, context)

    return build(spot, attrs.evolve(TLS, readers={"certificate": file, "key": file, "client_ca": file}))


def _pem(spot: Spot, context: Context) -> Any:
    """Read the path of a file, which is there; ``file:`` before it changes nothing."""
    if spot.plain() is None:
        return None
    named = spot.get("file")
    if named is not None and len(list(spot.entries())) == 1:
        spot = named
    value = conform(spot, str)
    if value is REFUSED:
        return REFUSED
    path = Path(_beside(spot, value.removeprefix("file:")))
    context.secrets.read[path] = None
    if not _is_file(path) and not context.secrets.missing.spares_secrets:
        hidden = isinstance(spot.node, Scalar) and spot.node.origins
        spot.refuse("there is no such file" if hidden else f"there is no file {str(path)!r}")
        return REFUSED
    return str(path)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # no file can have such a name
        return False


def _tokens(spot: Spot, context: Context) -> Any:
    if conform(spot, list[object]) is REFUSED:
        return REFUSED
    found = [_token(item, context) for item in spot.items()]
    names: dict[str, Spot] = {}
    for item in spot.items():
        name = item.get("name")
        key = None if name is None else name.plain()
        if name is not None and isinstance(key, str) and names.setdefault(key, name).path != name.path:
            name.refuse("another token has this name already")
    return REFUSED if REFUSED in found else tuple(found)


def _token(spot: Spot, context: Context) -> Any:
    def digest(child: Spot) -> Any:
        node = context.secrets.put_in(child.node, child.path)
        context.secrets.missing.spare(node)
        return conform(attrs.evolve(child, node=node, hidden=True), str)

    return build(spot, attrs.evolve(TOKEN, readers={"hash": digest}))

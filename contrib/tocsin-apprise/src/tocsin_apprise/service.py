"""A service of Apprise as we want it: it sends at once, once, to one place, and keeps nothing on this machine."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Collection, Mapping
from typing import Any, Final

from apprise import Apprise, AppriseAsset, NotifyBase, PersistentStoreMode
from apprise.manager_plugins import NotificationManager

from tocsin import ConfigurationError, nearest
from tocsin_apprise.hearing import hearing, service_logger
from tocsin_apprise.verdict import ToldToWait

__all__ = ["REFUSED", "name_of", "opened", "require"]

_ON_THIS_MACHINE: Final = frozenset(
    {"blink1", "dbus", "gio", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows"}
)
_ANYWHERE: Final = frozenset({"form", "forms", "json", "jsons", "xml", "xmls"})
REFUSED: Final = {
    **dict.fromkeys(_ON_THIS_MACHINE, "which acts on this machine"),
    **dict.fromkeys(_ANYWHERE, "which posts to any address, for which there is the backend webhook"),
}
"""Schemes that have to be allowed, and why."""

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9]{0,29})://")
_HIDDEN: Final = "(not shown: it is secret)"


def _asset() -> AppriseAsset:
    return AppriseAsset(
        app_id="tocsin",
        app_desc="tocsin",
        secure_logging=True,
        storage_mode=PersistentStoreMode.MEMORY,
        http_redirects=False,
        pgp_autogen=False,
        pem_autogen=False,
        default_service_retry=0,
        default_service_wait=0.0,
    )


def require(url: str, allowed: Collection[str]) -> str:
    """Return the name of the service that *url* leads to.

    :raises ConfigurationError: when it leads to none that may be used, or to several places; it never has the URL.
    """
    found = _SCHEME.match(url)
    if found is None:
        raise ConfigurationError(f"url looks like ntfy://host/topic {_HIDDEN}", "url")
    scheme = found[1].lower()
    known = _known()
    with hearing():
        kind = known.get(scheme)
        if kind is not None:
            _refuse(scheme, kind, allowed)
        service = _made(url)
        if service is None:
            raise ConfigurationError(_problem(scheme, kind), "url")
        for own in sorted(_schemes_of(service)):  # not the URL's, where it is one that a service gives out
            _refuse(own, service, allowed)
        places = len(service) // (service.retry + 1)  # Apprise counts retries in
    if places > 1:
        raise ConfigurationError(
            f"url names {places} destinations, of which one could fail and another not: make a channel of each", "url"
        )
    return name_of(service)


def _refuse(scheme: str, kind: Any, allowed: Collection[str]) -> None:
    if scheme in REFUSED and not _schemes_of(kind) & set(allowed):
        problem = f"url is of {scheme}://, {REFUSED[scheme]}; allow_schemes: [{scheme}] allows it"
        raise ConfigurationError(problem, "url")


def _made(url: str) -> NotifyBase | None:
    try:
        return Apprise.instantiate(url, asset=_asset(), suppress_exceptions=False)
    except Exception:  # noqa: BLE001  whatever it is: its text repeats what is wrong in the URL
        return None


def _problem(scheme: str, kind: Any) -> str:
    """Say what is wrong with a URL of which Apprise makes nothing; *kind* is the service of its scheme, if any."""
    if kind is None:
        return f"url begins with {scheme}://, which Apprise does not know{nearest(scheme, _known())}"
    name = name_of(kind)
    if not kind.enabled:
        needed = kind.requirements.get("packages_required") or []
        packages = ", ".join([needed] if isinstance(needed, str) else needed)
        return f"{scheme}:// ({name}) cannot be used here{f': it needs {packages}' if packages else ''}"
    return f"url is none that Apprise takes for {name} {_HIDDEN}; see {kind.setup_url}"


@functools.cache
def _known() -> Mapping[str, Any]:
    """Return Apprise's services by scheme; not all of them load without a warning."""
    made: Any = NotificationManager
    manager = made()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        manager.load_modules()
    return {scheme: kind for kind in manager.plugins() for scheme in _schemes_of(kind)}


def _schemes_of(kind: Any) -> set[str]:
    found: set[str] = set()
    for schemes in (kind.protocol, kind.secure_protocol):
        found |= {schemes} if isinstance(schemes, str) else set(schemes or ())
    return found


def name_of(service: Any) -> str:
    """Return the name under which people know it."""
    return str(service.service_name)


def opened(url: str, timeout_seconds: float) -> NotifyBase:
    """Return the service that *url*, which was checked, leads to; what it logs is heard.

    It neither sleeps nor tries again nor follows redirects, whatever the URL says; waiting for an answer no longer
    than *timeout_seconds*, it ends by itself.
    """
    _known()
    service = Apprise.instantiate(url, asset=_asset(), suppress_exceptions=False)
    assert service is not None, "it was made when it was checked"
    made: Any = service
    made.logger = service_logger
    made.throttle = _throttle
    made.request_rate_per_sec = 0
    made.retry, made.wait, made.optional = 0, 0.0, False
    made.redirects = False
    for name in ("socket_connect_timeout", "socket_read_timeout"):
        own = getattr(made, name)
        chosen = own != getattr(NotifyBase, name)
        setattr(made, name, min(own, timeout_seconds) if chosen else timeout_seconds)
    return service


def _throttle(last_io: object = None, wait: float | None = None) -> None:
    """Stand for Apprise's throttle, which sleeps: how much is sent when is decided by whoever called us."""
    if wait:
        raise ToldToWait(wait)

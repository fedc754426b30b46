"""The receivers and their channels; every kind that has no backend is remarked."""

from __future__ import annotations

import re
from typing import Any, Final

import attrs

from tocsin import nearest
from tocsin_server.convert.channels import Channels
from tocsin_server.convert.document import Section, Value
from tocsin_server.convert.kinds import KINDS
from tocsin_server.convert.remarks import NotAlertmanagerError, Remarks

__all__ = ["Receivers", "receivers"]

_OWN_FIELDS = ("name", "labels")
_LIST: Final = "_configs"
_WEBHOOK: Final = "webhook"
_KIND: Final = re.compile(r"([a-z0-9_]+)_configs")
_WITHOUT_BACKEND: Final = frozenset(
    ["hipchat", "incidentio", "jira", "mattermost", "pushover", "rocketchat", "sns", "victorops", "webex", "wechat"]
)
_KNOWN: Final = frozenset({*_WITHOUT_BACKEND, *(key.removesuffix(_LIST) for key in KINDS)})


@attrs.define(slots=True)
class Receivers:
    """By name the ids of a receiver's channels, and by id the channels."""

    channels_of: dict[str, list[str]] = attrs.field(factory=dict)
    channels: dict[str, dict[str, Any]] = attrs.field(factory=dict)


def receivers(root: Section, common: Section, remarks: Remarks) -> Receivers:
    """Return all receivers of *root*, in their order, whether a route names them or not.

    :raises NotAlertmanagerError: for what is no receiver, and for a name that stands twice.
    """
    found = Receivers()
    packages: dict[str, int] = {}
    for value in root.values("receivers"):
        section = value.section()
        name = section.text("name")
        if not name:
            raise NotAlertmanagerError(f"{value.name} needs a name", value.line)
        if name in found.channels_of:
            raise NotAlertmanagerError(f"two receivers are called {name!r:.80}", value.line)
        found.channels_of[name] = []
        _add_channels(found, name, section, Channels(common, remarks), packages)
    for backend, line in packages.items():
        remarks.add(line, f"the backend {backend} is a package of its own: pip install tocsin-{backend}")
    return found


def _add_channels(found: Receivers, name: str, section: Section, maker: Channels, packages: dict[str, int]) -> None:
    entries = 0
    for key, value in section.items():
        if key in _OWN_FIELDS:
            if key == "labels" and not value.absent:
                maker.remarks.add(value.line, "labels of a receiver have no counterpart, and are left out")
            continue
        _check_key(key, value)
        for item in value.items():
            entries += 1
            _add_channel(found, name, key, item, maker, packages)
    if entries and not found.channels_of[name]:
        maker.remarks.add(
            section.line, f"the receiver {name!r:.80} has no channel left: what is routed to it is told to nobody"
        )


def _check_key(key: str, value: Value) -> None:
    """Refuse what is no list of channels, and a slip of the pen; a kind that is unknown here may be a newer one."""
    found = _KIND.fullmatch(key)
    slip = nearest(found[1], _KNOWN) if found and found[1] not in _KNOWN else ""
    if found is None or slip.startswith("; did you mean"):
        raise NotAlertmanagerError(f"a receiver has no field {key!r:.80}{slip}", value.line)


def _add_channel(found: Receivers, name: str, key: str, item: Value, maker: Channels, packages: dict[str, int]) -> None:
    kind = KINDS.get(key)
    if kind is None:
        what = key.removesuffix(_LIST)
        maker.remarks.add(item.line, f"{item.name}: there is no backend for {what:.60}; the channel is left out")
        return
    channel = maker.made(kind, item)
    if channel is None:
        return
    if not kind.bundled:
        packages.setdefault(kind.backend, item.line)
    if kind.backend == _WEBHOOK:
        channel["config"]["receiver"] = name  # as those who read the payload know it
    ids = found.channels_of[name]
    number = 1 + sum(found.channels[other]["backend"] == kind.backend for other in ids)
    channel_id = f"{name}/{kind.backend}" if number == 1 else f"{name}/{kind.backend}-{number}"
    found.channels[channel_id] = channel
    ids.append(channel_id)

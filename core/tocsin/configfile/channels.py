"""The sections ``channels``, ``receivers`` and ``templates``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

from tocsin.configfile.construction import Form, build
from tocsin.configfile.context import Context
from tocsin.configfile.document import Table, plain
from tocsin.configfile.findings import Spot
from tocsin.configfile.shapes import REFUSED
from tocsin.engine.compile import check_template
from tocsin.model.channel import NotificationChannel
from tocsin.model.template import PLACEHOLDERS, NotificationTemplate

__all__ = ["CHANNEL", "TEMPLATE", "channel", "receiver", "template"]

CHANNEL: Final = Form(kind=NotificationChannel, given={"channel_id": ""}, stand_ins={"backend": "console"})
TEMPLATE: Final = Form(
    kind=NotificationTemplate,
    given={"template_id": ""},
    otherwise={"name": ""},
    stand_ins={"backend": "console", "subject_template": "", "body_template": ""},
)


def channel(spot: Spot, channel_id: str, context: Context) -> Any:
    """Read one channel; its settings are checked by its backend's own class."""
    form = attrs.evolve(
        CHANNEL,
        given={"channel_id": channel_id},
        readers={
            "backend": lambda child: context.one_of(child, "backend", context.registry.backends),
            "config": lambda child: _config(spot, child, channel_id, context),
            "fallback": lambda child: context.optional_name(child, "channels"),
            "template_name": lambda child: context.optional_name(child, "templates"),
        },
    )
    if isinstance(spot.node, Table) and spot.get("config") is None:
        empty = attrs.evolve(spot, node=Table(spot.key, {}), path=f"{spot.path}.config")
        _config(spot, empty, channel_id, context)
    return build(spot, form)


def _config(channel: Spot, spot: Spot, channel_id: str, context: Context) -> Any:
    """Read a channel's settings; without a backend that is known nothing can be said of them."""
    backend = channel.get("backend")
    name = None if backend is None else backend.plain()
    found = context.registry.backends.get(name) if isinstance(name, str) else None
    if spot.plain() is None:
        spot = attrs.evolve(spot, node=Table(spot.node.place, {}))
    if found is None:
        return REFUSED
    filled, _ = context.settings(spot, found.spec.config_class)
    if filled.lost and context.secrets.missing.spares_secrets:
        context.unsettled.add(channel_id)
    return plain(filled.node) if isinstance(filled.node, Table) else REFUSED


def receiver(spot: Spot, context: Context) -> Any:
    """Read one receiver: the channels of a group, or none, to discard on purpose."""
    return context.several(spot, "channels")


def template(spot: Spot, template_id: str, context: Context) -> Any:
    """Read one template; it is called by its id where it has no other name. Its language checks it."""
    languages = (PLACEHOLDERS, *context.registry.template_languages)

    def made(kind: type, values: Mapping[str, Any]) -> Any:
        value = kind(**values)
        if isinstance(value, NotificationTemplate):
            check_template(value, context.registry)
        return value

    return build(
        spot,
        attrs.evolve(
            TEMPLATE,
            given={"template_id": template_id},
            otherwise={"name": template_id},
            readers={
                "backend": lambda child: context.one_of(child, "backend", context.registry.backends),
                "language": lambda child: context.one_of(child, "template language", languages),
            },
            make=made,
        ),
    )

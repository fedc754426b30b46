"""Ids that a shell completes: asked of the daemon for a moment, and silent about whatever goes wrong."""

from __future__ import annotations

from typing import Final

import click
from click.shell_completion import CompletionItem

from tocsin_server.client.connection import Connection, Parameters
from tocsin_server.client.failure import Failure
from tocsin_server.client.fields import text
from tocsin_server.client.options import where_of
from tocsin_server.client.plain import plain

__all__ = ["ALERT", "CHANNEL", "NOTIFICATION", "SILENCE", "Identifier"]

_MOMENT: Final = 1.0
_MOST: Final = 200


class Identifier(click.ParamType):  # type: ignore[type-arg]  # generic in newer releases of click only
    """An id of something that the daemon has.

    :param path: the list of the API that has it.
    :param key: the field that holds the id.
    :param hint: the field that a shell may show beside it.
    """

    name = "id"

    def __init__(self, path: str, key: str, hint: str, parameters: Parameters = ()) -> None:
        self._path = path
        self._key = key
        self._hint = hint
        self._parameters = parameters

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return the ids that begin with *incomplete*; none when the daemon does not say at once."""
        given = ctx.params.get(param.name or "") or ()
        try:
            found = self._ask(ctx)
        except (Failure, click.ClickException):
            return []
        return [
            CompletionItem(one, help=hint or None)
            for one, hint in found
            if one.startswith(incomplete) and one not in given and _can_stand_on_a_line(one)
        ]

    def _ask(self, ctx: click.Context) -> list[tuple[str, str]]:
        with Connection(where_of(ctx.params, _MOMENT)) as connection:
            items = connection.items(self._path, self._parameters, _MOST)
            return [(text(item, self._key), plain(text(item, self._hint))) for item in items]


def _can_stand_on_a_line(one: str) -> bool:
    """Shells take what is completed in lines and words."""
    return bool(one) and plain(one) == one and not any(character.isspace() for character in one)


ALERT: Final = Identifier("alerts", "alert_id", "message", [("status", "firing")])
SILENCE: Final = Identifier("silences", "silence_id", "comment")
NOTIFICATION: Final = Identifier("deliveries", "notification_id", "detail")
CHANNEL: Final = Identifier("channels", "channel_id", "backend")

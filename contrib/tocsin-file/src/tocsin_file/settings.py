"""What a channel of the backend ``file`` can be told, and what of it cannot work."""

from __future__ import annotations

import attrs

from tocsin import ConfigurationError

__all__ = ["FileConfig"]

SMALLEST_MAX_BYTES = 1_000
MOST_KEPT = 1_000


def _path(instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    if not value or not value.isprintable() or value.endswith("/"):
        problem = f"{attribute.name} names the file, such as /var/log/tocsin/alerts.jsonl, in printable characters"
        raise ConfigurationError(problem, attribute.name)


def _max_bytes(instance: object, attribute: attrs.Attribute[int | None], value: int | None) -> None:
    if value is not None and value < SMALLEST_MAX_BYTES:
        problem = f"{attribute.name} is at least {SMALLEST_MAX_BYTES}, not {value}; leave it out for no rotation"
        raise ConfigurationError(problem, attribute.name)


def _keep(instance: object, attribute: attrs.Attribute[int], value: int) -> None:
    if not 1 <= value <= MOST_KEPT:
        problem = f"{attribute.name} is a number of older files from 1 to {MOST_KEPT}, not {value}"
        raise ConfigurationError(problem, attribute.name)


@attrs.frozen(slots=True, kw_only=True)
class FileConfig:
    """Settings of a file channel.

    ``path``: the file, made if there is none (its folder is not); a relative one starts at the process' working
    folder. ``max_bytes``: before a line that would make the file larger than this, it becomes ``<path>.1``, what was
    ``<path>.1`` becomes ``<path>.2``, and so on, up to ``keep`` older files; the last is dropped. None: it grows, or
    another program rotates it. ``fsync``: whether a line is on the device, and not only with the operating system,
    before it counts as delivered.

    :raises ConfigurationError: for a setting that cannot work.
    """

    path: str = attrs.field(validator=_path)
    max_bytes: int | None = attrs.field(default=None, validator=_max_bytes)
    keep: int = attrs.field(default=5, validator=_keep)
    fsync: bool = False

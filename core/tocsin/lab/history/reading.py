"""From a file's name to a history: what kind of file it is can be seen from its beginning."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from tocsin.errors import ConfigurationError, StoreError
from tocsin.journal import Entry
from tocsin.lab.history.alert_file import spans_of_alerts
from tocsin.lab.history.history import History
from tocsin.lab.history.journal import history_of_entries
from tocsin.lab.history.labels import Labels
from tocsin.lab.history.series import spans_of_series
from tocsin.lab.history.spans import Span, moments_of_spans
from tocsin.stores.archive_reading import read_lines
from tocsin.stores.interface import STATE
from tocsin.stores.sqlite_reading import SqliteFile

__all__ = ["read_history"]

_SQLITE: Final = b"SQLite format 3\x00"
_HEADER: Final = 4096
_FORMS: Final = (
    "a history is a store's file, its export, an answer of Prometheus' /api/v1/query_range to ALERTS, or alerts as a "
    "JSON array or one per line"
)


def read_history(path: str | os.PathLike[str], labels: Labels) -> History:
    """Return the history in a file, whose kind is seen from its beginning.

    :raises StoreError: when the file cannot be read, or is a store or an export with damage in it.
    :raises ConfigurationError: when it is nothing that a history can be read from.
    """
    file = Path(path)
    try:
        with file.open("rb") as opened:
            head = opened.read(_HEADER)
    except OSError as error:
        raise StoreError(f"{file}: cannot read it: {os.strerror(error.errno or 0)}") from error
    if head.startswith(_SQLITE):
        return _of_store(file)
    first = head.split(b"\n", 1)[0]
    if b'"type"' in first and b'"header"' in first:
        return _of_archive(file)
    spans = sorted(_spans(file, labels), key=lambda span: span.began)
    moments = list(moments_of_spans(spans))
    return History(lambda: iter(moments))


def _of_store(path: Path) -> History:
    with closing(SqliteFile(path)) as file:
        checkpoint = file.load()
        configurations = dict(file.configurations())

    def entries() -> Iterator[Entry]:
        with closing(SqliteFile(path)) as file:
            for row in file.intact_rows():
                yield row.entry()

    return _recorded(path, entries, configurations, None if checkpoint is None else checkpoint.records.get(STATE))


def _of_archive(path: Path) -> History:
    configurations: dict[str, Mapping[str, Any]] = {}
    state: Any = None
    with path.open("rb") as file:
        for line in read_lines(file, str(path)):
            if line.kind == "configuration":
                configurations[line.fields["digest"]] = line.fields["data"]
            elif line.kind == "record" and (line.fields["table"], line.fields["key"]) == STATE:
                state = line.fields["data"]
            elif line.kind == "damage":
                raise StoreError(
                    f"{path}: entries are missing from it ({line.fields['problem']}): nothing can be replayed"
                )

    def entries() -> Iterator[Entry]:
        with path.open("rb") as file:
            for line in read_lines(file, str(path)):
                if line.kind == "entry":
                    yield line.entry(str(path))

    return _recorded(path, entries, configurations, state)


def _recorded(
    path: Path,
    entries: Callable[[], Iterable[Entry]],
    configurations: Mapping[str, Mapping[str, Any]],
    state: Any,
) -> History:
    seed = state.get("seed") if isinstance(state, Mapping) else None
    if not isinstance(seed, int):
        raise StoreError(f"{path}: the record that has the seed of its ids is missing: nothing can be replayed")
    return history_of_entries(entries, configurations.get, seed)


def _spans(path: Path, labels: Labels) -> Iterator[Span]:
    text = path.read_bytes()
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        yield from spans_of_alerts(_lines(path, text), labels)
        return
    if isinstance(document, Mapping) and "data" in document:
        yield from spans_of_series(document, labels)
    elif isinstance(document, list):
        yield from spans_of_alerts(((f"{path}: [{index}]", item) for index, item in enumerate(document)), labels)
    elif isinstance(document, Mapping):
        yield from spans_of_alerts([(f"{path}: line 1", document)], labels)
    else:
        raise ConfigurationError(_FORMS, str(path))


def _lines(path: Path, text: bytes) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield f"{path}: line {number}", json.loads(line)
            except (ValueError, RecursionError) as error:
                what = "no JSON" if number > 1 else f"no JSON; {_FORMS}"
                raise ConfigurationError(what, f"{path}: line {number}") from error

"""The things that a command is told to work on: ids as arguments, or on standard input."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, BinaryIO

import click

from tocsin_server.client.failure import Failure, NotAllowed, Unreachable
from tocsin_server.client.fields import flag
from tocsin_server.client.output import Output
from tocsin_server.client.plain import plain

__all__ = ["each", "read_text", "targets"]


def read_text(stream: BinaryIO | None = None) -> str:
    """Return all of standard input.

    :raises click.UsageError: when it is not UTF-8.
    """
    content = (stream or sys.stdin.buffer).read()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.UsageError(f"the input is not UTF-8: byte {error.start} is {content[error.start]:#04x}") from None


def targets(given: Iterable[str]) -> list[str]:
    """Return the ids that were given, each once; ``-`` stands for those on standard input, one a line.

    :raises click.UsageError: when there are none, or the input is not UTF-8.
    """
    found: dict[str, None] = {}
    for one in given:
        lines = [line.rstrip("\r") for line in read_text().split("\n")] if one == "-" else [one]
        found.update(dict.fromkeys(line for line in lines if line.strip()))
    if not found:
        raise click.UsageError("no id is given, as an argument or, with '-', on standard input")
    return list(found)


def each(
    ids: Sequence[str], output: Output, act: Callable[[str], Mapping[str, Any]], done: Callable[[str], str], key: str
) -> None:
    """Do *act* to each of *ids*, and say of each what happened; one that is refused leaves the others alone.

    The exit code is 1 when one was refused. An error that all others would meet too ends it.

    :param done: the sentence for an id to which something happened.
    :param key: the name of an id in JSON.
    """
    results: list[dict[str, Any]] = []
    try:
        for one in ids:
            results.append({key: one, **_attempt(one, act)})
            if not output.as_json and "error" not in results[-1]:
                output.line(done(one) if results[-1]["changed"] else f"{one}: nothing changed, it is so already")
    except Failure:
        if output.as_json and results:
            output.json(results)
        raise
    if output.as_json:
        output.json(results)
    if any("error" in result for result in results):
        click.get_current_context().exit(1)


def _attempt(one: str, act: Callable[[str], Mapping[str, Any]]) -> dict[str, Any]:
    try:
        return {"changed": flag(act(one), "changed")}
    except (NotAllowed, Unreachable):
        raise
    except Failure as failure:
        problem = failure.message if plain(repr(one)) in failure.message else f"{one}: {failure.message}"
        Failure(problem, failure.problems).show()
        return {"changed": False, "error": problem}

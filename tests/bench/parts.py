"""What is measured without a daemon: each part in a process of its own, and only tocsin's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs
from tests.bench.daemons import Broken, ordered
from tests.bench.figures import Figure, Run
from tests.bench.inside import Done, Job

_ALL_OF_A_CORE: Final = 1.0
"""Values are counted in CPU time: the process has a core, or waits for one."""


def done(what: str, size: int) -> Done:
    """Have one part measured.

    :raises Broken: when it fails.
    """
    try:
        return Done(**ordered("tests.bench.inside", attrs.asdict(Job(what, size))))
    except Broken as broken:
        raise Broken(f"{what} failed: {broken}") from None


def _run(value: float, load: float = 0.0) -> Run:
    return Run(value, _ALL_OF_A_CORE, load)


def deadlines(daemon: str, folder: Path, quick: bool) -> Mapping[Figure, Run]:
    """Measure what one deadline costs while there are a million."""
    if daemon != "tocsin":
        return {}
    size = 10_000 if quick else 1_000_000
    values = done("deadlines", size).values
    said = {"set": "setting one", "cancel": "cancelling one", "meet": "meeting one", "idle": "asking for the next one"}
    return {
        Figure(f"deadlines: {size:,}, {words}", "µs", 5.0, more_is_better=False, absolute=True): _run(values[what])
        for what, words in said.items()
    }


def embedded(daemon: str, folder: Path, quick: bool) -> Mapping[Figure, Run]:
    """Measure ``process_alerts`` in batches, in memory."""
    if daemon != "tocsin":
        return {}
    values = done("embedded", 2_000 if quick else 50_000).values
    return {
        Figure("embedded: batches of 64, in memory", "alerts/s of a core", 50_000, absolute=True): _run(
            values["alerts"]
        )
    }


def replay(daemon: str, folder: Path, quick: bool) -> Mapping[Figure, Run]:
    """Measure a replay; a million events in three minutes are so many a second."""
    if daemon != "tocsin":
        return {}
    values = done("replay", 2_000 if quick else 50_000).values
    return {Figure("replay: a month's events", "events/s of a core", 5_556, absolute=True): _run(values["events"])}


def sending(daemon: str, folder: Path, quick: bool) -> Mapping[Figure, Run]:
    """Measure notifications to a webhook, beside httpx's client, and Apprise where it is installed."""
    if daemon != "tocsin":
        return {}
    sent = done("sending", 200 if quick else 5_000)
    ours, unit = sent.values["webhook"], "sent/s of a core"
    runs = {Figure("sending: the webhook backend", unit): _run(ours, sent.load)}
    for name, words, target in (("httpx", "httpx's client", 1.2), ("apprise", "Apprise", 2.5)):
        if name in sent.values:
            runs[Figure(f"sending: {words}", unit)] = _run(sent.values[name], sent.load)
            ratio = Figure(f"sending: the webhook backend by {words}", "times", target, absolute=True)
            runs[ratio] = _run(ours / sent.values[name], sent.load)
    return runs

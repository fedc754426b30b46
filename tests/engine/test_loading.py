"""Records that another version wrote, or nobody: what they need not have, must have, and may have besides."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.engine.harness import Bench, channel, configuration, rule
from tests.engine.records import as_text

from tocsin.engine.codec import dump
from tocsin.engine.loading import load

Records = dict[tuple[str, str], Any]


def _bench() -> Bench:
    bench = Bench(configuration(channel("ops"), rules=[rule("all", "ops")]))
    bench.fire("a")
    return bench


def _records(bench: Bench) -> Records:
    read = json.loads(json.dumps([[*key, plain] for key, plain in dump(bench.engine.state).items()]))
    return {(table, name): plain for table, name, plain in read}


def test_a_record_that_lacks_what_it_must_have_is_refused() -> None:
    bench = _bench()
    for table, name in (("episodes", "incident_id"), ("incidents", "opened_at"), ("outgoing", "channel_id")):
        records = _records(bench)
        key = next(key for key in records if key[0] == table)
        records[key] = {field: value for field, value in records[key].items() if field != name}
        with pytest.raises(ValueError, match=f"a record lacks {name}"):
            load(records, bench.engine.plan)


def test_fields_of_a_newer_version_are_read_past() -> None:
    bench = _bench()
    records = {key: {**plain, "newer": 1} if key[0] == "episodes" else plain for key, plain in _records(bench).items()}
    assert as_text(load(records, bench.engine.plan)) == as_text(bench.engine.state)

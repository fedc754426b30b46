"""Mending: whatever records are lost, the engine goes on from the others; records that fit together are left alone."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.harness import installed
from tests.engine.test_replay import _Life as Life

from tocsin.engine.codec import dump
from tocsin.engine.loading import load
from tocsin.engine.machine import Engine, Instant, PlanChanged
from tocsin.engine.mending import Mended, mend
from tocsin.engine.notice import incident_view
from tocsin.journal import Restarted

Records = dict[tuple[str, str], Any]

STATE = ("state", "")


REGISTRY = installed()


def lived(seed: int, steps: int) -> Life:
    """Return a life after so many random steps."""
    life = Life(seed, REGISTRY)
    for _ in range(steps):
        life.live()
    return life


def records_of(life: Life) -> Records:
    """Return the records as a store gives them back."""
    return as_read(dump(life.engine.state))


def as_read(records: Records) -> Records:
    """Return what was written as JSON and read back, without what is gone."""
    written = json.dumps([(*key, plain) for key, plain in records.items() if plain is not None])
    return {(table, name): plain for table, name, plain in json.loads(written)}


def without(records: Records, chance: random.Random, share: float) -> Records:
    """Return the records without a random *share* of them, or without all of one table."""
    tables = sorted({table for table, _ in records})
    gone = chance.choice([*tables, None, None, None])
    return {
        key: plain
        for key, plain in records.items()
        if key == STATE or not (key[0] == gone or (gone is None and chance.random() < share))
    }


def restart(life: Life, mended: Mended) -> None:
    """Let the life go on from the records."""
    state = load(mended.records, life.plan)
    life.engine = Engine(life.plan, state=state, unsaved=mended.changed)
    life.under_way.clear()
    life.step(PlanChanged(life.plan), Restarted())


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32), share=st.sampled_from([0.01, 0.1, 0.3, 0.7]), steps=st.integers(5, 150))
def test_an_engine_goes_on_without_any_of_its_records(seed: int, share: float, steps: int) -> None:
    """It raises nothing, and what it writes from then on is all that there is."""
    life = lived(seed, steps)
    kept = without(records_of(life), random.Random(seed), share)
    before = json.dumps(list(kept.items()))
    mended = mend(kept, life.plan.config)
    assert json.dumps(list(kept.items())) == before
    assert mend(mended.records, life.plan.config) == Mended(mended.records)
    restart(life, mended)
    assert as_read(kept | life.engine.unsaved_records()) == records_of(life)
    for _ in range(60):
        life.live()
    glance = life.engine.glance(Instant(life.now, life.now + life.ahead))
    assert all(incident_view(glance, one).alert_count for one in life.engine.state.incidents.values())


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32), steps=st.integers(0, 200))
def test_records_that_fit_together_are_left_alone(seed: int, steps: int) -> None:
    """Nothing is written again."""
    life = lived(seed, steps)
    records = records_of(life)
    mended = mend(records, life.plan.config)
    assert (mended.losses, mended.changed) == ({}, ())
    assert mended.records == records

"""The lab: one process at a time, which is stopped in time or when nobody waits for it any more."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from tocsin.threads import BusyError
from tocsin_server.page.lab import Lab, Original, Question

Played = Callable[..., Lab]


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    """Return a lab whose command line is a script."""

    def make(script: str, seconds: float = 600.0) -> Lab:
        program = tmp_path / "program"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(program))
        file, store = tmp_path / "tocsin.yaml", tmp_path / "tocsin.db"
        return Lab(lambda: Original("{}", {"REGION": "eu"}, file, store, seconds))

    return make


@pytest.mark.anyio
async def test_what_takes_too_long_is_stopped(played: Played) -> None:
    tried = await played("exec sleep 1000", 0.0).tried("{}", Question())
    assert tried.failure == "it took longer than 0 s, and was stopped; 'tocsin check' has no limit"


@pytest.mark.anyio
async def test_one_is_tried_at_a_time_and_one_that_nobody_waits_for_ends(played: Played, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    made = played(f"exec 3>{pipe}; echo begun >&3; exec sleep 1000")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(made.tried, "{}", Question())
        opened = await anyio.to_thread.run_sync(pipe.open)
        assert await anyio.to_thread.run_sync(opened.readline) == "begun\n"
        with pytest.raises(BusyError):
            await made.tried("{}", Question())
        tasks.cancel_scope.cancel()
    with opened:
        assert opened.read() == ""  # nobody has the pipe open any more


@pytest.mark.anyio
async def test_a_command_that_fails_says_why_and_the_others_go_on(played: Played) -> None:
    """And sees no more of the environment than what it needs."""
    script = """
case "$4" in
  check) echo "[]" ;;
  prove) echo "tocsin: $PWD/copy.yaml: no, in $REGION, for ${HOME:-nobody}" >&2; exit 2 ;;
  diff) exit 7 ;;
esac"""
    tried = await played(script).tried("{}", Question())
    assert tried.problems == []
    assert tried.proof == "tocsin: copy.yaml: no, in eu, for nobody"
    assert tried.diff == "it ended with 7"


@pytest.mark.anyio
async def test_an_answer_that_is_no_answer_is_a_failure(played: Played) -> None:
    tried = await played("echo '['").tried("{}", Question())
    assert tried.failure == "it ended with 0"
    assert tried.proof is tried.diff is None

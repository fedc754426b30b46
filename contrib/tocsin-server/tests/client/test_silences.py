"""``tocsin silence``: silences are added, listed, ended, and tried beforehand."""

from __future__ import annotations

from typing import Any

import pytest
from client_runner import Run
from contract_daemon import ContractDaemon, Reply, alert


def _silence(silence_id: str, state: str, **fields: Any) -> dict[str, Any]:
    return {
        "silence_id": silence_id,
        "matchers": ['a="b"', 'c=~"d"'],
        "starts_at": "2026-01-31T12:10:00.000Z" if state == "pending" else "2026-01-31T11:00:00.000Z",
        "ends_at": "2026-01-31T11:30:00.000Z" if state == "expired" else "2026-01-31T14:00:00.000Z",
        "created_by": "ann",
        "comment": "switches",
        "maintenance": False,
        "state": state,
        "updated_at": "2026-01-31T11:00:00.000Z",
        "history": 0,
        **fields,
    }


def test_a_silence_is_added_and_its_id_is_printed(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("POST", "/silences", {"silence_id": "s-1"}, status=201)
    done = tocsin("silence", "add", 'a="b"', 'c=~"d"', "--for", "2h", "--comment", "switches")
    assert (done.code, done.out) == (0, "s-1\n")
    assert tocsin("silence", "add", "a=b", "--for", "2h", "--json").json == {"silence_id": "s-1"}
    assert daemon.bodies[0] == {
        "matchers": ['a="b"', 'c=~"d"'],
        "created_by": "ann",
        "comment": "switches",
        "maintenance": False,
        "seconds": 7200,
    }


def test_a_silence_has_a_start_and_an_end_in_utc(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("POST", "/silences", {"silence_id": "s-1"}, status=201)
    times = ("--start", "2026-01-31T22:00:00+01:00", "--end", "2026-02-01 04:00")
    assert tocsin("silence", "add", "a=b", *times, "--maintenance", "--id", "s-1", "--by", "bob").code == 0
    assert daemon.bodies == [
        {
            "matchers": ["a=b"],
            "created_by": "bob",
            "comment": "",
            "maintenance": True,
            "starts_at": "2026-01-31T21:00:00.000Z",
            "ends_at": "2026-02-01T04:00:00.000Z",
            "silence_id": "s-1",
        }
    ]


@pytest.mark.parametrize(
    "arguments",
    [[], ["a=b"], ["a=b", "--for", "1h", "--end", "2026-01-01"], ["a=b", "--end", "soon"], ["a=b", "--for", "soon"]],
)
def test_a_silence_without_matcher_or_end_is_2(daemon: ContractDaemon, tocsin: Run, arguments: list[str]) -> None:
    assert tocsin("silence", "add", *arguments).code == 2
    assert daemon.asked == []


def test_silences_that_last_or_will_are_listed(daemon: ContractDaemon, tocsin: Run) -> None:
    listed = [_silence("s-1", "active"), _silence("s-2", "pending", maintenance=True), _silence("s-3", "expired")]
    daemon.answers("GET", "/silences", {"items": listed, "next": None})
    assert tocsin("silence", "list").out.splitlines() == [
        "silence  state    time     by   matchers      comment",
        's-1      active   2h left  ann  a="b" c=~"d"  switches',
        's-2      pending  in 10m   ann  a="b" c=~"d"  maintenance: switches',
    ]
    assert [one["silence_id"] for one in tocsin("silence", "list", "--json").json] == ["s-1", "s-2"]
    done = tocsin("silence", "list", "--state", "expired", "--filter", "a=b")
    assert done.out.splitlines()[1].split()[:4] == ["s-3", "expired", "30m", "ago"]
    assert daemon.queries[-1] == "filter=a%3Db&state=expired&limit=1000"


def test_no_silences_are_a_remark(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("GET", "/silences", {"items": [], "next": None})
    assert tocsin("silence", "list").err == "tocsin: no silences\n"


def test_silences_are_ended(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("DELETE", "/silences/s-1", {"changed": True})
    daemon.answers("DELETE", "/silences/s-2", {"error": "no silence is called 's-2'"}, status=404)
    done = tocsin("silence", "expire", "-", stdin="s-1\ns-2\n")
    assert (done.code, done.out, done.err) == (1, "s-1: ended\n", "tocsin: no silence is called 's-2'\n")


def test_a_preview_shows_what_it_would_match_and_would_have(daemon: ContractDaemon, tocsin: Run) -> None:
    answer = {"now": [alert()], "count": 150, "past": {"hours": 168, "count": 1, "alert_ids": ["old\x07"]}}
    daemon.answers("POST", "/silences/preview", answer)
    done = tocsin("silence", "preview", "a=b", "--past", "1w")
    lines = done.out.splitlines()
    assert lines[0] == "now: 150 alerts, of which 1 are listed"
    assert "disk-full" in lines[2]
    assert lines[3:] == ["in the past 7d: 1 alert", "  old\\x07"]
    assert daemon.bodies == [{"matchers": ["a=b"], "hours": 168}]
    assert tocsin("silence", "preview", "a=b", "--json").json == answer


def test_a_preview_of_nothing_says_so(daemon: ContractDaemon, tocsin: Run) -> None:
    empty = {"now": [], "count": 0, "past": {"hours": 24, "count": 0, "alert_ids": []}}
    daemon.answers("POST", "/silences/preview", empty, Reply({}))
    assert tocsin("silence", "preview", "a=b").out == "now: 0 alerts\nin the past 1d: 0 alerts\n"
    assert tocsin("silence", "preview", "a=b").code == 1

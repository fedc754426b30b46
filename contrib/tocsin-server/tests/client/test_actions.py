"""``tocsin ack``, ``resolve`` and ``snooze``: what is done to alerts, one by one."""

from __future__ import annotations

import getpass

import pytest
from client_runner import Run
from contract_daemon import ContractDaemon, Reply

DONE = {"changed": True}


def test_ack_says_who_and_why_and_for_how_long(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("POST", "/alerts/disk-full/acknowledge", DONE)
    done = tocsin("ack", "disk-full", "--for", "1d12h", "--comment", "on it", "--by", "bob")
    assert (done.code, done.out, done.err) == (0, "disk-full: acknowledged by bob for 1d12h\n", "")
    assert daemon.bodies == [{"by": "bob", "comment": "on it", "for_seconds": 129_600}]


def test_whoever_does_it_is_the_login_unless_said_otherwise(
    daemon: ContractDaemon, tocsin: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon.answers("POST", "/alerts/a/acknowledge", DONE)
    tocsin("ack", "a")

    def nobody() -> str:
        raise OSError("no such user")

    monkeypatch.setattr(getpass, "getuser", nobody)
    tocsin("ack", "a")
    assert [body["by"] for body in daemon.bodies] == ["ann", "unknown"]


def test_resolve_and_snooze_tell_the_daemon(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("POST", "/alerts/a/resolve", DONE)
    daemon.answers("POST", "/alerts/a/snooze", DONE)
    assert tocsin("resolve", "a").out == "a: resolved\n"
    assert tocsin("snooze", "a", "--for", "90m").out == "a: snoozed for 1h30m\n"
    assert daemon.bodies == [{"by": "ann"}, {"seconds": 5400, "by": "ann"}]


def test_what_was_so_already_is_said_and_is_no_failure(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("POST", "/alerts/a/resolve", {"changed": False})
    done = tocsin("resolve", "a")
    assert (done.code, done.out) == (0, "a: nothing changed, it is so already\n")


def test_ids_come_from_arguments_and_from_standard_input_each_once(daemon: ContractDaemon, tocsin: Run) -> None:
    for name in ("a", "b", "c%20d"):
        daemon.answers("POST", f"/alerts/{name}/resolve", DONE)
    done = tocsin("resolve", "a", "-", stdin="b\r\n\nc d\na\n")
    assert done.out.splitlines() == ["a: resolved", "b: resolved", "c d: resolved"]


@pytest.mark.parametrize("stdin", ["", " \n\n", b"\xff\n"])
def test_standard_input_without_ids_is_2(daemon: ContractDaemon, tocsin: Run, stdin: str | bytes) -> None:
    assert tocsin("ack", "-", stdin=stdin).code == 2
    assert daemon.asked == []


def test_one_that_is_refused_leaves_the_others_alone_and_it_is_1(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("POST", "/alerts/a/acknowledge", {"error": "no alert or incident of that name fires"}, status=404)
    daemon.answers("POST", "/alerts/b/acknowledge", DONE)
    done = tocsin("ack", "a", "b")
    assert done.code == 1
    assert done.out == "b: acknowledged by ann\n"
    assert done.err == "tocsin: a: no alert or incident of that name fires\n"
    done = tocsin("ack", "a", "b", "--json")
    assert done.code == 1
    assert done.json == [
        {"alert_id": "a", "changed": False, "error": "a: no alert or incident of that name fires"},
        {"alert_id": "b", "changed": True},
    ]


def test_a_token_that_does_not_suffice_ends_it_at_once(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("POST", "/alerts/a/acknowledge", {"error": "no"}, status=403)
    done = tocsin("ack", "a", "b", "c")
    assert (done.code, len(daemon.asked)) == (1, 1)


def test_a_daemon_that_goes_away_meanwhile_is_3_and_what_was_done_is_said(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("POST", "/alerts/a/resolve", DONE)
    daemon.answers("POST", "/alerts/b/resolve", Reply(drop=True))
    done = tocsin("resolve", "a", "b", "c")
    assert (done.code, done.out) == (3, "a: resolved\n")
    done = tocsin("resolve", "a", "b", "c", "--json")
    assert (done.code, done.json) == (3, [{"alert_id": "a", "changed": True}])


def test_names_that_would_steer_a_terminal_are_shown_harmless(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("POST", "/alerts/%1B%5B2J/resolve", DONE)
    assert tocsin("resolve", "\x1b[2J").out == "\\x1b[2J: resolved\n"

"""``tocsin alerts`` and ``tocsin show``: what fires, and what happened to it."""

from __future__ import annotations

import pytest
from client_runner import Run
from contract_daemon import ContractDaemon, alert


def test_alerts_are_a_table(daemon: ContractDaemon, tocsin: Run) -> None:
    taken = {"by": "ann", "at": "2026-01-31T11:00:00.000Z", "until": None, "comment": ""}
    daemon.answers(
        "GET",
        "/alerts",
        {
            "items": [
                alert(),
                alert("lag", severity="warning", acknowledged=taken, snoozed_until="2026-01-31T12:30:00.000Z"),
                alert("old", status="resolved", resolved_at="2026-01-31T11:59:15.000Z", silenced_by=["s-1"]),
            ],
            "next": None,
        },
    )
    done = tocsin("alerts")
    assert done.out.splitlines() == [
        "severity  status    since  alert      cluster  handling                                 message",
        "critical  firing    2h     disk-full  eu-1                                              /var is almost full",
        "warning   firing    2h     lag        eu-1     acknowledged by ann, snoozed (30m left)  /var is almost full",
        "critical  resolved  45s    old        eu-1     silenced                                 /var is almost full",
    ]
    assert (done.code, done.err) == (0, "")


def test_no_alerts_are_no_table_but_a_remark(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("GET", "/alerts", {"items": [], "next": None})
    done = tocsin("alerts")
    assert (done.code, done.out, done.err) == (0, "", "tocsin: no alerts\n")
    done = tocsin("alerts", "--json")
    assert (done.out, done.err) == ("[]\n", "")


def test_every_filter_is_asked_for(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("GET", "/alerts", {"items": [], "next": None})
    tocsin(
        *("alerts", "--severity", "critical", "--severity", "Error", "--cluster", "eu 1&2", "--resolved"),
        *("--filter", 'a=~"b+"', "--filter", 'c!="ä"', "--unacknowledged", "--suppressed", "--receiver", "ops"),
    )
    assert daemon.queries == [
        "severity=critical&severity=error&filter=a%3D~%22b%2B%22&filter=c%21%3D%22%C3%A4%22"
        "&cluster=eu%201%262&receiver=ops&status=resolved&acknowledged=false&suppressed=true&limit=1000"
    ]


def test_all_pages_are_listed(daemon: ContractDaemon, tocsin: Run) -> None:
    pages = [
        {"items": [alert("a")], "next": "p2&x"},
        {"items": [alert("b")], "next": "p3"},
        {"items": [], "next": None},
    ]
    daemon.answers("GET", "/alerts", *pages)
    assert [one["alert_id"] for one in tocsin("alerts", "--json").json] == ["a", "b"]
    assert daemon.queries == ["limit=1000", "limit=1000&cursor=p2%26x", "limit=1000&cursor=p3"]


def test_a_daemon_that_gives_the_same_page_for_ever_is_not_followed(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("GET", "/alerts", {"items": [alert()], "next": "again"})
    assert tocsin("alerts").code == 3


def test_so_many_are_listed_and_it_says_that_there_are_more(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("GET", "/alerts", {"items": [alert("a"), alert("b")], "next": "p2"}, {"items": [alert("c")]})
    done = tocsin("alerts", "-n", "2")
    assert [line.split()[3] for line in done.out.splitlines()] == ["alert", "a", "b"]
    assert done.err == "tocsin: there are more than 2; without -n all are listed\n"
    assert daemon.queries == ["limit=3", "limit=1&cursor=p2"]


def test_json_has_every_field_as_it_came_and_is_ascii(daemon: ContractDaemon, tocsin: Run) -> None:
    strange = alert("\x1b[31m\x9bä\ud800", extra={"a": [1]})
    daemon.answers("GET", "/alerts", {"items": [strange], "next": None})
    done = tocsin("alerts", "--json")
    assert done.json == [strange]
    assert done.out.isascii()
    assert "\x1b" not in done.out


def test_fields_that_are_missing_or_of_another_kind_are_empty(daemon: ContractDaemon, tocsin: Run) -> None:
    odd = {"alert_id": "a", "severity": 3, "fired_at": "yesterday", "acknowledged": [], "silenced_by": "x"}
    daemon.answers("GET", "/alerts", {"items": [{}, odd], "next": None})
    done = tocsin("alerts")
    assert (done.code, done.err) == (0, "")
    assert done.out.split() == ["severity", "status", "since", "alert", "cluster", "handling", "message", "a"]


def _timeline() -> dict[str, object]:
    return {
        "past": [
            {"at": "2026-01-31T10:00:00.000Z", "kind": "received", "text": "It was reported."},
            {"at": "2026-01-31T10:00:01.000Z", "kind": "attempt", "text": "pager took it in 120 ms."},
        ],
        "future": [
            {"at": "2026-01-31T12:15:00.000Z", "what": "escalation", "level": "second", "text": "The boss is called."},
            {"at": None, "what": "fold", "text": "It is told with others."},
        ],
    }


def test_an_alert_is_shown_with_its_past_and_its_future(daemon: ContractDaemon, tocsin: Run) -> None:
    taken = {"by": "ann", "at": "2026-01-31T11:00:00.000Z", "until": "2026-01-31T13:00:00.000Z", "comment": "on it"}
    shown = alert(labels={"job": "db", "a": "b"}, acknowledged=taken, message="one\ntwo", episode=2)
    daemon.answers("GET", "/alerts/disk-full", {"alert": shown, "timeline": _timeline()})
    done = tocsin("show", "disk-full")
    assert done.out.splitlines() == [
        "disk-full: critical, firing for 2h (episode 2); acknowledged by ann",
        "  message       one",
        "                two",
        "  cluster       eu-1",
        "  metric        disk_used = 97 (threshold 90)",
        "  seen          2026-01-31 10:00:00 +0000",
        "  fired         2026-01-31 10:00:00 +0000",
        "  incident      i-1",
        "  acknowledged  by ann at 2026-01-31 11:00:00 +0000, until 2026-01-31 13:00:00 +0000: on it",
        "  rules         all",
        "  channels      pager",
        "  labels        a=b",
        "                job=db",
        "",
        "what happened",
        "2026-01-31 10:00:00 +0000  received  It was reported.",
        "2026-01-31 10:00:01 +0000  attempt   pager took it in 120 ms.",
        "",
        "what comes next",
        "2026-01-31 12:15:00 +0000 (in 15m)  escalation  The boss is called.",
        "some day                            fold        It is told with others.",
    ]
    assert tocsin("show", "disk-full", "--json").json == {"alert": shown, "timeline": _timeline()}


@pytest.mark.parametrize("alert_id", ["a/b", "..", ".", "a?b#c", "100%41", "ä ö", "a\nb", "-"])
def test_an_id_may_hold_any_characters(daemon: ContractDaemon, tocsin: Run, alert_id: str) -> None:
    tocsin("show", "--", alert_id)
    (asked,) = daemon.asked
    raw = asked.path.removeprefix("/api/tocsin/v1/alerts/")
    assert "/" not in raw
    assert bytes.fromhex(_hex(raw)).decode() == alert_id


def _hex(raw: str) -> str:
    """Decode percent signs without any library's opinion on dots and slashes."""
    out, rest = "", raw
    while rest:
        size = 3 if rest[0] == "%" else 1
        out += rest[1:3] if size == 3 else rest[0].encode().hex()
        rest = rest[size:]
    return out


def test_an_alert_that_is_not_there_is_1(daemon: ContractDaemon, tocsin: Run) -> None:
    daemon.answers("GET", "/alerts/x", {"error": "no alert is called 'x'; did you mean 'y'?"}, status=404)
    done = tocsin("show", "x")
    assert (done.code, done.err) == (1, "tocsin: no alert is called 'x'; did you mean 'y'?\n")


def test_an_empty_id_is_2_and_an_answer_without_an_alert_is_1(daemon: ContractDaemon, tocsin: Run) -> None:
    assert tocsin("show", "").code == 2
    daemon.answers("GET", "/alerts/x", {})
    assert tocsin("show", "x").code == 1


def test_an_id_that_is_no_text_is_2(tocsin: Run) -> None:
    for command in (("show", "a\udcff"), ("ack", "a\udcff"), ("alerts", "--cluster", "a\udcff")):
        assert tocsin(*command).code == 2

"""*Rules* in a real browser: the routing as a picture, and the path of an alert that somebody types."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, expect
from server_processes import Process, daemon

API: Final = "/api/tocsin/v1"
HTML: Final = {"Accept": "text/html"}
CONFIGURATION: Final = """
channels:
  chat: {backend: console}
  pager: {backend: console}
  archive: {backend: console, min_severity: error}
  asleep: {backend: console, enabled: false}
receivers:
  people: [chat, pager]
routing_rules:
- rule_id: everything
  target_channels: [archive]
- rule_id: teams
  conditions: {cluster_pattern: "eu-.*"}
  target_channels: [chat]
  escalation_policy_id: on-call
  routes:
  - rule_id: <b>db</b>
    name: "‮the database‬ 🔥"
    conditions: {labels: {team: db}, severity: [critical, emergency]}
    receiver: people
  - rule_id: db-rest
    conditions: {labels: {team: db}}
- {rule_id: never, enabled: false, target_channels: [asleep]}
escalation_policies:
  on-call: {escalation_levels: {first: [pager], second: [asleep]}, default_channels: [chat]}
"""


@pytest.fixture(scope="module")
def routing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A daemon with a tree of rules, one of which has a hostile name."""
    folder = tmp_path_factory.mktemp("routing")
    path = folder / "tocsin.yaml"
    path.write_text(CONFIGURATION, encoding="utf-8")
    with daemon(path, folder / "data") as running:
        yield running


def test_the_tree_of_rules_is_shown_and_opened_by_keyboard(routing: Process, page: Page) -> None:
    page.goto(routing.url)
    page.wait_for_load_state()
    page.keyboard.press("g")
    page.keyboard.press("r")
    expect(page.get_by_role("heading", level=1)).to_have_text("Rules")
    top = page.locator(".tree > li")
    expect(top).to_have_count(3)
    expect(top.nth(0)).to_contain_text("everything")
    expect(top.nth(0)).to_contain_text("then the next is asked")
    routes = page.get_by_role("list", name="Routes of teams").get_by_role("listitem")
    expect(routes).to_have_count(2)
    expect(routes.nth(0)).to_contain_text("receiver people")
    expect(routes.nth(0)).to_contain_text("severity: critical or emergency")
    expect(routes.nth(0)).to_contain_text("no other beside it is asked after it")
    expect(routes.nth(1)).to_contain_text("tells, as above, chat")
    expect(top.nth(2)).to_contain_text("switched off")
    expect(page.locator(".facts")).to_contain_text("first, after 5 min: pager")
    page.get_by_role("link", name="teams").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{routing.url}/rules?at=teams")
    expect(page.get_by_role("heading", level=2).first).to_have_text("The picture: what is below teams")
    expect(page.locator(".tree > li")).to_have_count(1)
    page.get_by_role("link", name="All rules").click()
    expect(page).to_have_url(f"{routing.url}/rules")


def test_the_path_of_an_alert_that_is_typed_is_shown_rule_by_rule(routing: Process, page: Page) -> None:
    page.goto(f"{routing.url}/rules")
    page.wait_for_load_state()
    page.keyboard.press("t")
    page.get_by_label("Severity").select_option("warning")
    page.get_by_label("Cluster").fill("eu-1")
    page.get_by_label("Labels").fill('team=db\nnote="<i>a = b</i>"')
    page.get_by_label("Message").fill("<script>alert(1)</script>")
    page.get_by_role("button", name="See its path").click()
    expect(page).to_have_url(
        f"{routing.url}/rules?severity=warning&cluster=eu-1&metric=&node=&labels=team%3Ddb%0D%0A"
        "note%3D%22%3Ci%3Ea+%3D+b%3C%2Fi%3E%22&message=%3Cscript%3Ealert%281%29%3C%2Fscript%3E&id="
    )
    path = page.get_by_role("region", name="Were it reported now")
    expect(path.locator(".told")).to_contain_text("chat is told, by 2 rules")
    why = path.locator("ul.why").all_inner_texts()
    assert "chat: told now, routed, by db-rest" in why[0]
    assert "archive: not told, below min severity, by everything" in why[1]
    assert "No rule leads to pager, asleep" in why[1]
    assert "<b>db</b>: does not apply" in why[2]
    assert "severity" in why[2]
    expect(path.locator("ol.why li").first).to_have_text(re.compile(r"first, in \d min: pager"))
    steps = path.locator(".tree .rule")
    assert steps.locator("h3 a").all_inner_texts() == ["everything", "teams", "db-rest"]
    assert steps.locator(".verdict").all_inner_texts() == ["applies", "leads to one that applies", "applies"]
    picture = page.locator("main > .tree .rule")
    verdicts = ["applies", "leads to one that applies", "does not apply", "applies", "does not apply"]
    assert picture.locator(".verdict").all_inner_texts() == verdicts
    expect(picture.nth(2)).to_contain_text("severity")
    expect(picture.nth(4)).to_contain_text("it is switched off")
    expect(page.get_by_label("Labels")).to_have_value('team=db\nnote="<i>a = b</i>"')
    page.get_by_label("Severity").select_option("critical")
    page.get_by_role("button", name="See its path").click()
    expect(path.locator(".told")).to_contain_text("archive, chat, pager are told, by 2 rules")
    assert routing.client.get(f"{API}/alerts").json()["items"] == []


def test_an_alert_leads_to_its_path(routing: Process, page: Page) -> None:
    """With everything that rules look at, and what is known of it counts."""
    alert = {"alert_id": "known", "cluster_id": "eu-2", "severity": "critical", "metric_name": "m", "message": "x"}
    labels = {"team": "db", "odd": ' "a"\n=b '}
    assert routing.client.post(f"{API}/alerts", json={**alert, "labels": labels}).status_code == 202
    try:
        page.goto(f"{routing.url}/alerts/known")
        page.get_by_role("link", name="Its path through all of them").click()
        path = page.get_by_role("region", name="Were it reported now")
        expect(path).to_contain_text("in an incident with 1 alert")
        expect(path).to_contain_text("already told")
        expect(page.get_by_label("Labels")).to_have_value('odd=" \\"a\\"\\n=b "\nteam=db')
        assert path.locator(".tree .rule.applies").count() == 2
    finally:
        assert routing.client.post(f"{API}/alerts/known/resolve", json={"by": "li"}).status_code == 200


def test_a_narrow_screen_has_all_of_it(routing: Process, page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{routing.url}/rules?cluster=eu-1&labels=team%3Ddb")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    expect(page.locator("main > .tree .rule")).to_have_count(5)


def test_ten_thousand_rules_are_folded_and_paged(tmp_path: Path, page: Page) -> None:
    """What is sent does not grow with their number, nor with that of those that apply."""
    inner = ", ".join(f"{{rule_id: r-{number}, conditions: {{node_id: n{number}}}}}" for number in range(300))
    some = [f"- {{rule_id: all-{number}, target_channels: [ch]}}" for number in range(30)]
    rules = [
        f"- {{rule_id: top-{number}, conditions: {{cluster_pattern: c{number}}}, target_channels: [ch]}}"
        for number in range(9669)
    ]
    text = "\n".join(["channels: {ch: {backend: console}}", "routing_rules:", *some, *rules])
    path = tmp_path / "tocsin.yaml"
    deep = f"{{rule_id: deep, priority: 1, conditions: {{node_id: d}}, target_channels: [ch], routes: [{inner}]}}"
    path.write_text(f"{text}\n- {deep}\n")
    with daemon(path, tmp_path / "data") as running:
        page.goto(f"{running.url}/rules?severity=critical")
        expect(page.locator(".total")).to_contain_text("10000 rules in all, 9700 of them at the top")
        expect(page.locator("main > .tree li")).to_have_count(50)
        expect(page.locator(".path .tree > li")).to_have_count(20)
        expect(page.get_by_text("And 10 more rules apply.")).to_be_visible()
        assert len(page.content()) < 200_000
        page.get_by_role("link", name="300 rules below it").click()
        expect(page.locator("main > .tree ul > li")).to_have_count(50)
        page.get_by_role("link", name="More").click()
        expect(page).to_have_url(f"{running.url}/rules?severity=critical&at=deep&page=2")
        expect(page.locator("main > .tree ul > li").first).to_contain_text("r-50")


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("severity=dire", 400, "no alert can be so"),
        ("labels=team", 400, "a label is written as team=db"),
        ("labels=team%3D%22x", 400, "a value that begins with a quote"),
        ("labels=" + "%0A".join(f"l{number}%3Dx" for number in range(65)), 400, "at most 64 labels"),
        ("label=x", 400, "did you mean &#39;labels&#39;"),
        ("message=" + "x" * 8193, 400, "message has at most 8192 characters"),
        ("at=team", 404, "no rule is called"),
        ("page=0", 400, "page is a whole number"),
        ("page=9", 200, "There are none on this page."),
        ("cluster=nowhere&severity=info", 200, "Nobody is told, by 1 rule"),
    ],
)
def test_what_cannot_be_asked_is_said(routing: Process, query: str, status: int, said: str) -> None:
    answer = routing.client.get(f"/rules?{query}", headers=HTML)
    assert answer.status_code == status
    assert said in " ".join(answer.text.split())


def test_another_configuration_is_another_picture(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.yaml"
    path.write_text("channels: {ch: {backend: console}}\ncatch_all_channel: ch\n")
    with daemon(path, tmp_path / "data") as running:
        text = running.client.get("/rules", headers=HTML).text
        assert "There is no rule." in text
        assert "Whatever no rule takes goes to" in text
        path.write_text("channels: {ch: {backend: console}}\nrouting_rules: [{rule_id: new, target_channels: [ch]}]\n")
        assert running.client.post("/-/reload").status_code == 200
        assert "<bdi>new</bdi>" in running.client.get("/rules", headers=HTML).text

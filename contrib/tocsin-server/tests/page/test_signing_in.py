"""Signing in and out, in a real browser and by hand."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect
from server_processes import Process

HTML = {"Accept": "text/html"}


def _sign_in(page: Page, token: str) -> None:
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Sign in").click()


def _post(client: httpx.Client, path: str, form: dict[str, str], **headers: str) -> httpx.Response:
    return client.post(path, data=form, headers={**HTML, **headers})


def test_whoever_has_a_token_signs_in_and_out(guarded_daemon: Process, page: Page) -> None:
    """And lands where they wanted to go."""
    page.goto(f"{guarded_daemon.url}/?severity=error")
    expect(page).to_have_title("Sign in – tocsin")
    _sign_in(page, "maria")
    expect(page).to_have_url(f"{guarded_daemon.url}/?severity=error")
    expect(page.get_by_role("banner")).to_contain_text("maria")
    (cookie,) = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["secure"], cookie["path"]) == (True, "Strict", False, "/")
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_title("Sign in – tocsin")
    page.goto(guarded_daemon.url)
    expect(page).to_have_title("Sign in – tocsin")


@pytest.mark.parametrize(
    ("token", "problem"), [("nobody's", "No token of this daemon"), ("prometheus", "does not have the scope read")]
)
def test_a_token_that_does_not_fit_is_told(
    guarded_daemon: Process, page: Page, faults: list[str], token: str, problem: str
) -> None:
    page.goto(guarded_daemon.url)
    _sign_in(page, token)
    expect(page.get_by_role("alert")).to_contain_text(problem)
    assert page.context.cookies() == []
    assert all("403" in fault for fault in faults)
    faults.clear()


def test_without_tokens_nobody_signs_in(open_daemon: Process, page: Page) -> None:
    page.goto(f"{open_daemon.url}/sign-in")
    expect(page).to_have_url(f"{open_daemon.url}/")
    expect(page.get_by_role("button", name="Sign out")).to_have_count(0)


def test_the_cookie_is_for_the_page_alone(guarded_daemon: Process) -> None:
    """The API wants its token in a header, which no page of another site can make a browser send."""
    client = guarded_daemon.client
    assert _post(client, "/sign-in", {"token": "maria"}).status_code == 303
    try:
        assert client.get("/", headers=HTML).status_code == 200
        assert client.get("/api/tocsin/v1/alerts").status_code == 401
        assert _post(client, "/sign-out", {"form_key": ""}).status_code == 403
        assert _post(client, "/sign-out", {"form_key": "guessed"}).status_code == 403
        assert client.get("/", headers=HTML).status_code == 200
    finally:
        client.cookies.clear()


def test_signing_in_leads_to_no_other_site(guarded_daemon: Process, page: Page, faults: list[str]) -> None:
    for to in ("//evil.example/", "https://evil.example/", "\\\\evil.example", "/%2Fevil.example"):
        page.goto(f"{guarded_daemon.url}/sign-in?to={to}")
        _sign_in(page, "reader")
        page.wait_for_url(lambda url: "sign-in" not in url)
        assert page.url.startswith(f"{guarded_daemon.url}/"), to
        page.context.clear_cookies()
    faults.clear()


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"headers": {"Origin": "https://evil.example"}, "data": {"token": "maria"}}, 403),
        ({"headers": {"Origin": "null"}, "data": {"token": "maria"}}, 403),
        ({"json": {"token": "maria"}}, 415),
        ({"data": {"token": "x" * 70_000}}, 413),
        ({"data": {f"a{index}": "x" for index in range(40)}}, 400),
    ],
)
def test_what_no_form_of_ours_sends_is_refused(guarded_daemon: Process, changes: dict[str, Any], status: int) -> None:
    headers = {**HTML, **changes.pop("headers", {})}
    answer = guarded_daemon.client.post("/sign-in", headers=headers, **changes)
    assert answer.status_code == status
    assert "set-cookie" not in answer.headers
    assert answer.headers["content-type"].startswith("text/html")


def test_only_a_page_is_refused_with_a_page(open_daemon: Process) -> None:
    get = open_daemon.client.get
    shown = get("/no/such?a=<script>", headers=HTML)
    assert shown.status_code == 404
    assert "There is no such page." in shown.text
    assert 'href="../static/page.css"' in shown.text
    assert get("/?severity=<b>", headers=HTML).text.count("&lt;b&gt;") == 1
    assert "error" in get("/no/such").json()
    assert "error" in get("/api/tocsin/v1/alerts/none", headers=HTML).json()


def test_pages_run_only_what_the_daemon_serves(open_daemon: Process) -> None:
    answer = open_daemon.client.get("/", headers=HTML)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    for mark in ("<style", " style=", "onclick", "http://", "https://"):
        assert mark not in answer.text
    again = open_daemon.client.get("/static/page.css")
    assert again.headers["content-type"].startswith("text/css")
    tagged = {"If-None-Match": again.headers["etag"]}
    assert open_daemon.client.get("/static/page.css", headers=tagged).status_code == 304
    assert open_daemon.client.get("/static/sessions.py").status_code == 404

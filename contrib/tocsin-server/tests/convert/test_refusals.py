"""What Alertmanager would refuse is refused, in its line; and nothing but that is ever raised."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin_server.convert import NotAlertmanagerError, as_yaml, converted

ROUTE = "route: {receiver: a}\nreceivers: [{name: a}]\n"


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 1, "the file is empty: no route is provided"),
        ("# nothing\n", 1, "the file is empty: no route is provided"),
        ("receivers: [{name: a}]\n", 1, "no route is provided"),
        ("x", 1, "the file is a mapping"),
        ("route:\n  receiver: [\n", 3, "this is no YAML: expected the node content, but found '<stream end>'"),
        ("a: b\n\tc: d\n", 2, "this is no YAML: found character '\\t' that cannot start any token"),
        ("a: b\nc: \x00\n", 2, "a control character, or another that YAML does not allow"),
        ("a: &a\n  b: *a\n", 1, "an alias stands inside what it stands for"),
        (f"{ROUTE}rout: {{}}\n", 3, "the configuration has no field 'rout'; did you mean 'route'?"),
        (f"{ROUTE}route: {{}}\n", 3, "the key 'route' stands twice in the file"),
        (f"{ROUTE}? [a]\n: b\n", 3, "a key in the file is a text, not a mapping or a list"),
        (f"{ROUTE}global: {{smtp: x}}\n", 3, "global has no field 'smtp'"),
        (f"{ROUTE}global: {{resolve_timeout: 5}}\n", 3, "global.resolve_timeout is a duration such as 30s"),
        ("route: {receiver: b}\nreceivers: [{name: abc}]\n", 1, "no receiver is called 'b'; known are: abc"),
        ("route: {}\nreceivers: [{name: a}]\n", 1, "the root route needs a receiver"),
        ("route:\n  receiver: a\n  match: {a: b}\nreceivers: [{name: a}]\n", 3, "the root route takes no match"),
        ("route: {receiver: a,\n continue: true}\nreceivers: [{name: a}]\n", 2, "the root route has no siblings"),
        ("route: {receiver: a, group_by: [a, a]}\nreceivers: [{name: a}]\n", 1, "names the label 'a' twice"),
        ("route: {receiver: a, group_by: [..., a]}\nreceivers: [{name: a}]\n", 1, "has '...', which means every label"),
        ("route: {receiver: a, group_by: ['']}\nreceivers: [{name: a}]\n", 1, "names a label without a name"),
        ("route: {receiver: a, group_by: x}\nreceivers: [{name: a}]\n", 1, "route.group_by is a list"),
        ("route: {receiver: a, group_interval: 0s}\nreceivers: [{name: a}]\n", 1, "route.group_interval is not zero"),
        ("route: {receiver: a, repeat_interval: 0s}\nreceivers: [{name: a}]\n", 1, "repeat_interval is not zero"),
        ("route: {receiver: a, group_wait: 1.5s}\nreceivers: [{name: a}]\n", 1, "is a duration such as 30s"),
        ("route: {receiver: a, group_wait: 5m1h}\nreceivers: [{name: a}]\n", 1, "is a duration such as 30s"),
        ("route: {receiver: a, routes: [{continue: 'true'}]}\nreceivers: [{name: a}]\n", 1, "is true or false"),
        ("route: {receiver: a, routes: [{continu: true}]}\nreceivers: [{name: a}]\n", 1, "did you mean 'continue'?"),
        ("route: {receiver: a, routes: [{mute_time_intervals: [x]}]}\nreceivers: [{name: a}]\n", 1, "is called 'x'"),
        ("route: {receiver: a}\nreceivers:\n- name: a\n- name: a\n", 4, "two receivers are called 'a'"),
        ("route: {receiver: a}\nreceivers:\n- name: a\n- {}\n", 4, "receivers[1] needs a name"),
        ("route: {receiver: a}\nreceivers:\n- name: a\n  web: []\n", 4, "a receiver has no field 'web'"),
        ("route: {receiver: a}\nreceivers:\n- name: a\n  weebhook_configs: []\n", 4, "; did you mean 'webhook'?"),
        ("route: {receiver: a}\nreceivers:\n- name: a\n  webhook_configs: [null]\n", 4, "is empty"),
        ("route: {receiver: a}\nreceivers:\n- name: a\n  webhook_configs: [{}]\n", 4, "needs url or url_file"),
        ("route: {receiver: a}\nreceivers:\n- name: a\n  webhook_configs: [{uri: x}]\n", 4, "has no field 'uri'"),
        ("route: {receiver: a}\nreceivers:\n- name: a\n  slack_configs: [{}]\n", 4, "needs api_url or app_token"),
        (
            "route: {receiver: a}\nreceivers:\n- name: a\n  opsgenie_configs: [{}]\n",
            4,
            "and global has no opsgenie_api_key",
        ),
        (
            "route: {receiver: a}\nreceivers:\n- name: a\n  opsgenie_configs: [{api_key: k, responders: [{}]}]\n",
            4,
            "needs an id, a username or a name",
        ),
        (
            "route: {receiver: a}\nreceivers:\n- name: a\n  opsgenie_configs: [{api_key: k, responders: [{id: y}]}]\n",
            4,
            "has a type that is none of team",
        ),
        ("route: {receiver: a}\nreceivers:\n- name: a\n  pagerduty_configs: [{}]\n", 4, "needs routing_key"),
        ("route: {receiver: a}\nreceivers:\n- name: a\n  email_configs: [{to: x}]\n", 4, "global has no smtp_from"),
        ("route: {receiver: a}\nreceivers:\n- name: a\n  email_configs: [{from: x}]\n", 4, "needs to, an address"),
        (
            "global: {smtp_from: x}\nroute: {receiver: a}\nreceivers:\n- name: a\n  email_configs: [{to: x}]\n",
            5,
            "global has no smtp_smarthost",
        ),
        (f"{ROUTE}inhibit_rules: [{{equals: [x]}}]\n", 3, "did you mean 'equal'?"),
        (f"{ROUTE}inhibit_rules:\n- equal: ['']\n", 4, "names a label without a name"),
        (f"{ROUTE}time_intervals:\n- name: a\n- name: a\n", 5, "the time interval 'a' is defined twice"),
        (f"{ROUTE}time_intervals: [{{}}]\n", 3, "time_intervals[0] needs a name"),
        (f'{ROUTE}templates: ["\\ud800"]\n', 3, "an escape stands for half a character"),
        (f"{ROUTE}templates:\n  <<: x\n", 3, "is a list"),
        (f"{ROUTE}<<: x\n", 3, "what is merged into the file is a mapping"),
    ],
)
def test_it_is_refused_in_its_line_and_amtool_refuses_it_too(
    refused_by_amtool: Callable[[str], bool], text: str, line: int, problem: str
) -> None:
    with pytest.raises(NotAlertmanagerError) as caught:
        converted(text)
    assert problem in caught.value.problem
    assert caught.value.line == line
    assert refused_by_amtool(text)


def test_a_route_that_is_empty_is_refused() -> None:
    """Alertmanager itself falls over it."""
    with pytest.raises(NotAlertmanagerError, match=r"line 1: route.routes\[0\] is empty"):
        converted("route: {receiver: a, routes: [null]}\nreceivers: [{name: a}]\n")


def test_aliases_cannot_make_it_larger_than_anybody_writes() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]" for n in range(1, 12)]
    with pytest.raises(NotAlertmanagerError, match="aliases make this larger than can be meant"):
        converted("\n".join(lines))


@pytest.mark.parametrize("text", ["[" * 5000, "{a: " * 5000, "- " * 5000, "[" * 300 + "]" * 300])
def test_what_is_nested_too_deeply_is_refused(text: str) -> None:
    with pytest.raises(NotAlertmanagerError, match="line 1"):
        converted(text)


KEYS = (
    *("global", "route", "inhibit_rules", "receivers", "templates", "mute_time_intervals", "time_intervals", "name"),
    *("receiver", "group_by", "match", "match_re", "matchers", "continue", "routes", "group_wait", "repeat_interval"),
    *("webhook_configs", "slack_configs", "email_configs", "telegram_configs", "url", "url_file", "to", "http_config"),
    *("authorization", "basic_auth", "http_headers", "times", "weekdays", "months", "years", "location", "equal"),
    *("source_match", "source_matchers", "target_match_re", "api_url", "chat_id", "bot_token", "smtp_smarthost", "a"),
    *("resolve_timeout", "timeout", "send_resolved", "start_time", "end_time", "http_config", "max_alerts"),
)
TEXTS = st.one_of(
    st.sampled_from(
        ["a", "b", "5m", "a=b", 'a=~"."', ".*", "https://x/y", "{{ .x }}", "...", "yes", "1", "${x}", "m:25"]
    ),
    st.text(max_size=8),
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
)
TREES = st.recursive(
    TEXTS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.sampled_from(KEYS), st.text(max_size=3)), inner, max_size=4),
    ),
    max_leaves=25,
)
CONFIGURATIONS = st.fixed_dictionaries(
    {
        "route": st.fixed_dictionaries({"receiver": st.just("a")}, optional={"routes": st.lists(TREES, max_size=3)}),
        "receivers": st.lists(
            st.fixed_dictionaries(
                {"name": st.sampled_from(["a", "b", "c"])},
                optional={
                    key: st.lists(st.dictionaries(st.sampled_from(KEYS), TREES, max_size=4), max_size=2)
                    for key in ("webhook_configs", "slack_configs", "email_configs", "telegram_configs", "x_configs")
                },
            ),
            min_size=1,
            max_size=3,
        ),
    },
    optional={
        key: st.lists(st.dictionaries(st.sampled_from(KEYS), TREES, max_size=4), max_size=2)
        for key in ("inhibit_rules", "time_intervals", "mute_time_intervals")
    }
    | {"global": st.dictionaries(st.sampled_from(KEYS), TREES, max_size=3)},
)


def check(text: str) -> None:
    """Converted or refused; what is converted is YAML that says the same."""
    try:
        found = converted(text)
    except NotAlertmanagerError:
        return
    assert yaml.safe_load(as_yaml(found.configuration, "x").replace("$${", "${")) == found.configuration


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=150)
@given(st.one_of(TREES, CONFIGURATIONS))
def test_whatever_is_given_it_is_converted_or_refused(plain: Any) -> None:
    check(yaml.safe_dump(plain, allow_unicode=True))


@settings(deadline=None, max_examples=150)
@given(st.one_of(st.text(), st.text(st.sampled_from("ab:-[]{}&*!|>'\"%@`?# \n\t,<~"), max_size=40)))
def test_whatever_text_is_given_it_is_converted_or_refused(text: str) -> None:
    check(text)


SOUND = """\
global: {resolve_timeout: 5m, smtp_smarthost: 'm:25', smtp_from: a@b}
route:
  receiver: a
  routes:
  - matchers: ['a=~"b.*"', '{c!="d",e=f}']
    group_by: [severity]
    mute_time_intervals: [t]
receivers:
- name: a
  webhook_configs: [{url: 'https://x/y', http_config: {basic_auth: {username: a, password: b}}}]
  email_configs: [{to: a@b}]
time_intervals:
- name: t
  time_intervals: [{times: [{start_time: 08:00, end_time: 09:00}], months: [1:3], location: UTC}]
inhibit_rules: [{source_match: {a: b}, target_matchers: [c=d], equal: [e]}]
"""


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.tuples(
            st.integers(0, len(SOUND)),
            st.integers(0, 12),
            st.sampled_from(["", "\n", ": ", "- ", "{", "]", '"', "&x ", "*x"]),
        ),
        max_size=4,
    )
)
def test_a_sound_file_with_damage_is_converted_or_refused(damage: list[tuple[int, int, str]]) -> None:
    text = SOUND
    for at, removed, inserted in damage:
        text = text[:at] + inserted + text[at + removed :]
    check(text)

"""A whole configuration of Alertmanager's as one of tocsin's, and what is to be said about it."""

from __future__ import annotations

from typing import Any, Final

import attrs

from tocsin_server.convert.document import Section, Value
from tocsin_server.convert.inhibitions import inhibition_rules
from tocsin_server.convert.intervals import time_intervals
from tocsin_server.convert.original import original
from tocsin_server.convert.reading import read_document
from tocsin_server.convert.receivers import receivers
from tocsin_server.convert.remarks import NotAlertmanagerError, Remark, Remarks
from tocsin_server.convert.routes import routing_rule

__all__ = ["Conversion", "converted"]

_ROOT: Final = (
    "global",
    "route",
    "inhibit_rules",
    "receivers",
    "templates",
    "mute_time_intervals",
    "time_intervals",
    "tracing",
    "event_recorder",
)
_WITHOUT: Final = ("tracing", "event_recorder")
_GLOBAL: Final = (
    *("resolve_timeout", "http_config", "jira_api_url"),
    *("smtp_from", "smtp_hello", "smtp_smarthost", "smtp_auth_username", "smtp_auth_password"),
    *("smtp_auth_password_file", "smtp_auth_secret", "smtp_auth_secret_file", "smtp_auth_identity"),
    *("smtp_require_tls", "smtp_tls_config", "smtp_force_implicit_tls"),
    *("slack_api_url", "slack_api_url_file", "slack_app_token", "slack_app_token_file", "slack_app_url"),
    *("pagerduty_url", "opsgenie_api_url", "opsgenie_api_key", "opsgenie_api_key_file"),
    *("wechat_api_url", "wechat_api_secret", "wechat_api_secret_file", "wechat_api_corp_id"),
    *("victorops_api_url", "victorops_api_key", "victorops_api_key_file"),
    *("telegram_api_url", "telegram_bot_token", "telegram_bot_token_file", "webex_api_url"),
    *("rocketchat_api_url", "rocketchat_token", "rocketchat_token_file", "rocketchat_token_id"),
    *("rocketchat_token_id_file", "mattermost_webhook_url", "mattermost_webhook_url_file"),
)
_UNUSED: Final = ("jira_", "wechat_", "victorops_", "webex_", "rocketchat_", "mattermost_", "slack_app_url")
"""How the global settings begin that are for receivers without a backend."""


@attrs.frozen(slots=True)
class Conversion:
    """The configuration as plain data, and the remarks in the order of their lines."""

    configuration: dict[str, Any] = attrs.field(repr=False)
    remarks: tuple[Remark, ...]

    @property
    def carried_over(self) -> bool:
        """Whether everybody is told of what they were told of before, as far as the routing goes."""
        return not any(remark.serious for remark in self.remarks)


def converted(text: str) -> Conversion:
    """Return what the configuration *text* of Alertmanager's means to tocsin.

    :raises NotAlertmanagerError: when Alertmanager would refuse it; nothing else is raised, whatever *text* is.
    """
    remarks = Remarks()
    try:
        configuration = _configuration(read_document(text, remarks), remarks)
    except RecursionError:
        raise NotAlertmanagerError("the file is nested too deeply", 1) from None
    return Conversion(configuration, tuple(remarks))


def _configuration(document: Value, remarks: Remarks) -> dict[str, Any]:
    root = document.section(known=_ROOT)
    common = root.read("global", lambda value: value.section(known=_GLOBAL), Section("global", root.line, {}))
    found = receivers(root, common, remarks)
    intervals = time_intervals(root, remarks)
    rule = routing_rule(root, found.channels_of, intervals, remarks)
    inhibitions = inhibition_rules(root, remarks)
    _remark_rest(root, common, remarks)
    return {
        "receivers": found.channels_of,
        "channels": found.channels,
        "routing_rules": [rule],
        **({"inhibition_rules": inhibitions} if inhibitions else {}),
        **({"time_intervals": intervals} if intervals else {}),
        "server": {
            **_server(common, remarks),
            "alertmanager_configuration": original(root, common, list(found.channels_of)),
        },
    }


def _server(common: Section, remarks: Remarks) -> dict[str, Any]:
    seconds = common.read("resolve_timeout", Value.duration, 300.0)
    if not seconds:
        remarks.add(common.line_of("resolve_timeout"), "resolve_timeout is not zero in tocsin: five minutes are used")
        seconds = 300.0
    return {"resolve_timeout_seconds": int(seconds) if seconds.is_integer() else seconds}


def _remark_rest(root: Section, common: Section, remarks: Remarks) -> None:
    for key, value in common.items():
        if key.startswith(_UNUSED) and not value.absent:
            remarks.add(value.line, f"{value.name} is for receivers that have no backend, and is left out")
    for key in _WITHOUT:
        if (section := root.get(key)) is not None:
            remarks.add(section.line, f"{key} has no counterpart, and is left out")
    for template in root.values("templates"):
        template.text()
        remarks.add(
            template.line, f"{template.name} are Go templates, which are not carried over: tocsin's own are used"
        )

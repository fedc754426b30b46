"""The backend ``webhook``: the request that arrives, its signature, and Alertmanager's payload."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

import anyio
import anyio.to_thread
import attrs
import cattrs
import pytest
from hypothesis import given
from tests.properties import unhurried

from tocsin.errors import ConfigurationError
from tocsin.model.incident import AggregatedAlert
from tocsin.model.label_set import fingerprint
from tocsin.model.notification import Notification
from tocsin.model.outcome import OutcomeStatus
from tocsin.model.template import NotificationTemplate
from tocsin.registry import BackendRegistrar
from tocsin.roles.backend import BackendContext
from tocsin.testing.http_receiver import Bytes, Hang, HttpReceiver, Reply, Reset
from tocsin.testing.samples import NOW, make_listed, make_notification
from tocsin.testing.strategies import any_notifications
from tocsin_plugins import json as json_renderer
from tocsin_plugins import webhook
from tocsin_plugins._alertmanager_payload import payload

on_every_loop = pytest.mark.anyio
KEY = b"0123456789abcdef01234567"
SECRET = "whsec_" + base64.b64encode(KEY).decode()
TOKEN = "T0KEN-in-the-path"


def backend(url: str, *, wall_clock: Callable[[], float] = lambda: NOW, **settings: Any) -> webhook.WebhookBackend:
    """Return a webhook backend as the core makes it, its settings structured by cattrs."""
    converter = cattrs.Converter(forbid_extra_keys=True)
    config = converter.structure({"webhook_url": url, **settings}, webhook.WebhookConfig)
    return webhook.WebhookBackend(config, BackendContext("ops"), wall_clock=wall_clock)


def rendered(notification: Notification, template: NotificationTemplate | None = None) -> Notification:
    """Return *notification* with the message that the core would give it."""
    return attrs.evolve(notification, message=json_renderer.render(notification, template))


@on_every_loop
async def test_a_notification_arrives_as_json_with_its_ids(receiver: HttpReceiver) -> None:
    notification = rendered(make_notification())
    async with backend(f"{receiver.url}/alerts", headers={"Authorization": "Bearer your-token"}) as sender:
        outcome = await sender.send(notification)
    assert (outcome.status, outcome.code) == (OutcomeStatus.DELIVERED, 200)
    (request,) = receiver.requests
    assert (request.method, request.target) == ("POST", "/alerts")
    assert request.headers["content-type"] == "application/json"
    assert request.headers["authorization"] == "Bearer your-token"
    assert request.headers["webhook-id"] == request.headers["idempotency-key"] == "ntf-1"
    assert request.headers["webhook-timestamp"] == "1700000000"
    assert "webhook-signature" not in request.headers
    assert json.loads(request.body)["alert_id"] == "manual-001"


@on_every_loop
async def test_attempts_have_one_id_and_each_its_own_time(receiver: HttpReceiver) -> None:
    receiver.will(Reply(500))
    now = NOW
    sender = backend(receiver.url, wall_clock=lambda: now)
    await sender.send(rendered(make_notification(attempt=1)))
    now += 60
    await sender.send(rendered(make_notification(attempt=2)))
    assert [request.headers["webhook-id"] for request in receiver.requests] == ["ntf-1"] * 2
    assert [request.headers["webhook-timestamp"] for request in receiver.requests] == ["1700000000", "1700000060"]


@on_every_loop
async def test_with_a_secret_the_receiver_can_verify_the_request(receiver: HttpReceiver) -> None:
    await backend(receiver.url, secret=SECRET).send(rendered(make_notification(make_listed(message="größer \ud800"))))
    (request,) = receiver.requests
    signed = b".".join(
        (request.headers["webhook-id"].encode(), request.headers["webhook-timestamp"].encode(), request.body)
    )
    version, _, signature = request.headers["webhook-signature"].partition(",")
    assert version == "v1"
    assert hmac.compare_digest(base64.b64decode(signature), hmac.new(KEY, signed, hashlib.sha256).digest())


@on_every_loop
async def test_the_method_may_be_another(receiver: HttpReceiver) -> None:
    for method in ("PUT", "patch"):
        assert (await backend(receiver.url, method=method).send(rendered(make_notification()))).success
    assert [request.method for request in receiver.requests] == ["PUT", "PATCH"]


@on_every_loop
async def test_a_templates_message_is_sent_as_it_is(receiver: HttpReceiver) -> None:
    as_json = NotificationTemplate("j", "J", "webhook", "S", '{"says": "{message}"}')
    as_text = NotificationTemplate("t", "T", "webhook", "S", "It says {message}")
    hostile = make_notification(make_listed(message='"quoted"\n\\back'))
    for template in (as_json, as_text):
        for format_name in ("tocsin", "alertmanager"):
            assert (await backend(receiver.url, format=format_name).send(rendered(hostile, template))).success
    first, second, third, fourth = receiver.requests
    assert json.loads(first.body) == json.loads(second.body) == {"says": '"quoted"\n\\back'}
    assert third.headers["content-type"] == fourth.headers["content-type"] == "text/plain; charset=utf-8"
    assert third.body == fourth.body == b'It says "quoted"\n\\back'


@on_every_loop
async def test_headers_may_change_the_content_type(receiver: HttpReceiver) -> None:
    await backend(receiver.url, headers={"content-type": "application/cloudevents+json"}).send(make_notification())
    assert receiver.requests[0].headers["content-type"] == "application/cloudevents+json"
    assert json.loads(receiver.requests[0].body)["alert_id"] == "manual-001"


@on_every_loop
async def test_what_the_receiver_does_decides_the_outcome(receiver: HttpReceiver) -> None:
    receiver.will(Reply(500), Reply(429, b"", {"Retry-After": "30"}), Reply(404), Reset(), Bytes(b"garbage\r\n\r\n"))
    async with backend(f"{receiver.url}/{TOKEN}") as sender:
        outcomes = [await sender.send(rendered(make_notification())) for _ in range(5)]
    assert [outcome.status.value for outcome in outcomes] == [
        "unavailable",
        "throttled",
        "rejected",
        "unknown",
        "unknown",
    ]
    assert outcomes[1].retry_after_seconds == 30
    assert TOKEN not in repr(outcomes)


@on_every_loop
async def test_a_receiver_that_hangs_can_be_left(receiver: HttpReceiver) -> None:
    receiver.will(Hang())
    async with backend(receiver.url) as sender:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(sender.send, rendered(make_notification()))
            await anyio.to_thread.run_sync(receiver.wait_for_request)
            tasks.cancel_scope.cancel()
        await anyio.to_thread.run_sync(receiver.wait_for_departure)
        assert (await sender.send(rendered(make_notification()))).success


@on_every_loop
async def test_the_channels_own_timeout_ends_an_attempt(receiver: HttpReceiver) -> None:
    receiver.will(Hang())
    outcome = await backend(receiver.url, timeout_seconds=0.01).send(rendered(make_notification()))
    assert "within 0.01 s" in outcome.detail


@on_every_loop
async def test_secrets_stay_out_of_everything_that_is_shown(
    receiver: HttpReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    receiver.will(Reply(403, f"no access to /{TOKEN} with Bearer s3cret-bearer".encode()))
    async with backend(
        f"{receiver.url}/{TOKEN}", headers={"Authorization": "Bearer s3cret-bearer"}, secret=SECRET
    ) as sender:
        outcome = await sender.send(rendered(make_notification()))
    for shown in (repr(outcome), caplog.text, repr(sender), repr(sender.sender)):
        assert TOKEN not in shown
        assert "s3cret" not in shown
        assert SECRET.removeprefix("whsec_") not in shown


# -- settings ----------------------------------------------------------------------------------------------------


def test_a_config_shows_no_secret() -> None:
    config = webhook.WebhookConfig(
        webhook_url=f"https://user:s3cret@example.org/{TOKEN}", headers={"X-Key": "s3cret"}, secret=SECRET
    )
    shown = repr(config)
    assert "webhook_url=https://example.org/…" in shown
    assert "headers=***" in shown
    assert "secret=***" in shown
    assert not [secret for secret in ("s3cret", TOKEN, SECRET) if secret in shown]


@pytest.mark.parametrize(
    ("settings", "where", "problem"),
    [
        ({"webhook_url": "example.org/s3cret"}, "webhook_url", "starts with neither"),
        ({"method": "GET"}, "method", "POST, PUT"),
        ({"method": "PUTT"}, "method", "did you mean 'PUT'"),
        ({"format": "alert-manager"}, "format", "did you mean 'alertmanager'"),
        ({"secret": "s3cret!"}, "secret", "whsec_"),
        ({"timeout_seconds": 0}, "timeout_seconds", "above zero"),
        ({"timeout_seconds": 61}, "timeout_seconds", "at most 60"),
        ({"headers": {"Host": "s3cret"}}, "headers.Host", "set by the connection"),
        ({"headers": {"X-A": "s3cret\r\nX-B: 1"}}, "headers.X-A", "visible ASCII"),
        ({"headers": {"Webhook-Id": "s3cret"}}, "headers.Webhook-Id", "set by tocsin"),
        ({"headers": {"idempotency-key": "s3cret"}}, "headers.idempotency-key", "set by tocsin"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_without_repeating_it(
    settings: Mapping[str, Any], where: str, problem: str
) -> None:
    with pytest.raises(ConfigurationError, match=problem) as caught:
        webhook.WebhookConfig(**{"webhook_url": "https://example.org/x", **settings})
    assert caught.value.where == where
    assert "s3cret" not in str(caught.value)


def test_the_plugin_registers_a_backend_that_takes_json() -> None:
    registrar = BackendRegistrar()
    webhook.tocsin_register_backends(registrar)
    registrar.commit()
    spec = registrar.frozen()["webhook"].spec
    assert (spec.human, spec.renderer, spec.config_class) == (False, "json", webhook.WebhookConfig)
    assert spec.timeout_seconds > 60


# -- Alertmanager's payload --------------------------------------------------------------------------------------


@on_every_loop
async def test_format_alertmanager_sends_its_payload(receiver: HttpReceiver) -> None:
    sender = backend(receiver.url, format="alertmanager", external_url="https://tocsin.example")
    listed = (make_listed(), make_listed(alert_id="b", cluster_id="c2", resolved=True, message="", annotations={}))
    await sender.send(rendered(make_notification(*listed)))
    (request,) = receiver.requests
    assert request.headers["content-type"] == "application/json"
    first = {"alertname": "cpu_usage", "cluster": "prod-web-01", "service": "web", "severity": "critical"}
    second = {**first, "cluster": "c2"}
    assert json.loads(request.body) == {
        "version": "4",
        "receiver": "ops",
        "status": "firing",
        "groupKey": "inc-1",
        "truncatedAlerts": 0,
        "externalURL": "https://tocsin.example",
        "groupLabels": {"alertname": "cpu_usage"},
        "commonLabels": {"alertname": "cpu_usage", "service": "web", "severity": "critical"},
        "commonAnnotations": {},
        "alerts": [
            {
                "status": "firing",
                "labels": first,
                "annotations": {"runbook": "https://wiki.example/cpu", "summary": "High CPU usage detected"},
                "startsAt": "2023-11-14T22:13:20.000Z",
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "",
                "fingerprint": fingerprint(first),
            },
            {
                "status": "resolved",
                "labels": second,
                "annotations": {},
                "startsAt": "2023-11-14T22:13:20.000Z",
                "endsAt": "2023-11-14T22:14:20.000Z",
                "generatorURL": "",
                "fingerprint": fingerprint(second),
            },
        ],
    }


def test_an_alerts_own_labels_come_before_ours_and_empty_ones_are_absent() -> None:
    listed = make_listed(cluster_id="", labels={"alertname": "HighCPU", "severity": "page", "gone": ""})
    (alert,) = payload(make_notification(listed))["alerts"]
    assert alert["labels"] == {"alertname": "HighCPU", "severity": "page"}


@pytest.mark.parametrize(
    ("annotations", "name"),
    [
        ({}, "summary"),
        ({"summary": "s"}, "description"),
        ({"summary": "s", "description": "d"}, "message"),
        ({"summary": "s", "description": "d", "message": "m"}, None),
        ({"note": "High CPU usage detected"}, None),
    ],
)
def test_the_message_joins_the_annotations_under_the_first_free_name(
    annotations: dict[str, str], name: str | None
) -> None:
    (alert,) = payload(make_notification(make_listed(annotations=annotations)))["alerts"]
    extra = {} if name is None else {name: "High CPU usage detected"}
    assert alert["annotations"] == {**annotations, **extra}


def test_alerts_of_several_metrics_have_no_group_label() -> None:
    listed = (make_listed(), make_listed(alert_id="b", metric_name="disk"))
    assert payload(make_notification(*listed))["groupLabels"] == {}


def test_a_resolution_without_a_time_ended_when_it_was_told() -> None:
    listed = attrs.evolve(make_listed(resolved=True), resolved_at=None)
    (alert,) = payload(make_notification(listed))["alerts"]
    assert alert["endsAt"] == "2023-11-14T22:13:20.000Z"


def test_a_fingerprint_is_fnv_1a_over_the_sorted_labels() -> None:
    """The empty set's is FNV's offset; one byte string's is FNV-1a's own definition, step by step."""
    assert fingerprint({}) == "cbf29ce484222325"
    expected = 0xCBF29CE484222325
    for byte in b"a\xff1\xffb\xff\xc3\xbc\xff":
        expected = ((expected ^ byte) * 0x100000001B3) % 2**64
    assert fingerprint({"b": "ü", "a": "1"}) == f"{expected:016x}"


@unhurried
@given(any_notifications())
def test_any_notification_makes_a_payload_that_json_can_say(notification: Notification) -> None:
    document = payload(notification)
    json.dumps(document, allow_nan=False)
    assert all(len(alert["fingerprint"]) == 16 for alert in document["alerts"])
    assert [alert["endsAt"] == "0001-01-01T00:00:00Z" for alert in document["alerts"]] == [
        listed.firing for listed in notification.alerts
    ]


def test_an_alert_that_came_as_a_label_set_shows_its_labels_alone() -> None:
    """Its id is their fingerprint; any other alert is given what every Prometheus rule has."""
    labels = {"service": "web"}
    came, made = (make_listed(alert_id=name, labels=labels) for name in (fingerprint(labels), "x"))
    shown = [alert["labels"] for alert in payload(make_notification(came, made))["alerts"]]
    assert shown[0] == labels
    began = attrs.evolve(came, alert=attrs.evolve(came.alert, timestamp=1_600_000_000.0))
    assert payload(make_notification(began))["alerts"][0]["startsAt"] == "2020-09-13T12:26:40.000Z"
    assert shown[1] == {"alertname": "cpu_usage", "cluster": "prod-web-01", "service": "web", "severity": "critical"}


def test_the_labels_of_a_group_are_those_that_formed_it() -> None:
    """Where the aggregator names them; and the receiver is the one that is configured."""
    listed = make_listed()
    told = (listed.alert, listed.alert, NOW, NOW)
    labels = {"team": "db", "alertname": "cpu"}
    incident = AggregatedAlert("inc-1", 1, "cpu", frozenset(), listed.alert.severity, *told, group_labels=labels)
    notification = make_notification(listed)
    document = payload(attrs.evolve(notification, incidents=(incident,)), receiver="team-db")
    assert (document["groupLabels"], document["receiver"]) == ({"alertname": "cpu", "team": "db"}, "team-db")

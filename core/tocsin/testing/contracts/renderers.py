"""The contract of renderers. A plugin's tests inherit it::

class TestHeadline(RendererContract):
    renderer = "headline"
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Final

import attrs
import pytest

from tocsin.model.notification import Message, Notification
from tocsin.model.template import NotificationTemplate
from tocsin.testing.contracts.owing import owes
from tocsin.testing.contracts.registered import PluginTests
from tocsin.testing.samples import HOSTILE, hostile_alert, make_alert, make_listed, make_notification, of_each_kind

__all__ = ["RendererContract"]

_SOURCE: Final = "docs/reference/hooks.md, tocsin_register_renderers"
_MARK: Final = "Marked7f3a"


class RendererContract(PluginTests):
    """What any renderer owes to a backend. Set :attr:`renderer`.

    ``exempt`` maps what it cannot do to the reason: ``templates`` (it has a form of its own, whatever the template).
    """

    renderer: ClassVar[str] = ""
    """The name under which the renderer is registered."""
    exempt: ClassVar[Mapping[str, str]] = {}

    def render(self, notification: Notification, template: NotificationTemplate | None = None) -> Message:
        """Return the message, which is one."""
        spec = self.registered("renderer", self.registry.renderers, self.renderer)
        what = f"{notification.kind.value} of {len(notification.alerts)} alerts"
        try:
            message = spec.render(notification, template)
        except Exception as error:  # whatever it is, its author is told
            raise AssertionError(
                f"rendering {what} raised {type(error).__name__}: {error!s:.120}\n"
                "  to mend it: expect every kind, no alert at all, unknown values (None, NaN), and any text\n"
                f"  the contract: {_SOURCE} (an exception is a gap, and a plain form is sent)"
            ) from error
        owes(isinstance(message, Message), f"rendering {what} gave {message!r:.80}", "return a Message", _SOURCE)
        assert isinstance(message, Message)
        _check(message, what)
        return message

    def test_every_kind_is_rendered(self) -> None:
        """With what the alert's source says."""
        for name, notification in of_each_kind(_MARK).items():
            message = self.render(notification)
            said = f"{message.subject}\n{message.body}"
            owes(
                _MARK in said,
                f"of the kind {name!r} no alert's message is rendered, but: {said:.200}",
                "say what the alerts' messages say",
                "tocsin.ListedAlert.alert",
            )
            owes(
                not message.templated,
                f"of the kind {name!r} the message says that a template made it",
                "set templated only where a template was given: backends of richer forms go by it",
                "tocsin.Message.templated",
            )

    def test_that_it_is_over_can_be_seen(self) -> None:
        """A resolution says something else than what fires."""
        kinds = of_each_kind(_MARK)
        fired, over = self.render(kinds["firing"]), self.render(kinds["resolved"])
        ended = f"{over.subject} {over.body}".lower()
        again = f"{fired.subject} {fired.body}".lower()
        owes(
            ended.count("resolved") > again.count("resolved"),
            f"a resolution is rendered as: {ended:.200}",
            "say notification.status",
            "tocsin.Notification.status",
        )

    def test_hostile_text_survives(self) -> None:
        """Whatever stands in an alert, there is a message, and what stands beside it is in it."""
        for kind, text in HOSTILE.items():
            for form in (None, _template()):
                listed = attrs.evolve(make_listed(), alert=hostile_alert(text, _MARK))
                message = self.render(make_notification(listed), form)
                owes(
                    _MARK in f"{message.subject}\n{message.body}",
                    f"with {kind} in an alert, what stands beside it is lost: {message.subject!r:.80}",
                    "cut and escape texts one by one",
                    "tocsin.testing.samples.HOSTILE: any of it may stand in an alert",
                )

    def test_odd_values_are_rendered(self) -> None:
        """What is unknown, or no number; and a digest of which nothing is left."""
        odd: tuple[float | None, ...] = (None, float("nan"), float("inf"), float("-inf"), 0.0, -0.0, 1e300, 2.0**70)
        for value in odd:
            alert = make_alert(current_value=value, threshold_value=value, timestamp=None, node_id=None, labels={})
            self.render(make_notification(attrs.evolve(make_listed(), alert=alert)))
        self.render(attrs.evolve(make_notification(), alerts=(), incidents=()))

    def test_it_is_pure(self) -> None:
        """The same message for the same notification."""
        for name, notification in of_each_kind(_MARK).items():
            first, second = self.render(notification), self.render(notification)
            owes(
                first == second,
                f"the kind {name!r} is rendered as {first.body!r:.80}, and then as {second.body!r:.80}",
                "depend on the notification and the template alone: no clock, no counter, no order of sets",
                _SOURCE,
            )

    def test_a_template_has_its_words(self) -> None:
        """And its placeholders the alert's; the message says that a template made it."""
        if "templates" in self.exempt:
            pytest.skip(f"templates: {self.exempt['templates']}")
        message = self.render(make_notification(make_listed(message="the-disk-is-full")), _template())
        said = f"{message.subject}\n{message.body}"
        owes(
            said.count(_MARK) >= 2 and "the-disk-is-full" in said,
            f"a template with {_MARK} in subject and body, and with {{message}}, is rendered as: {said:.200}",
            "render template.subject and template.body with values from tocsin.field_value",
            "tocsin.NotificationTemplate",
        )
        owes(message.templated, "the message does not say that a template made it", "set templated", "tocsin.Message")

    def test_a_template_of_json_stays_json(self) -> None:
        """Also with text that would break out of it."""
        if "templates" in self.exempt:
            pytest.skip(f"templates: {self.exempt['templates']}")
        body = '{"text": "{message}", "value": {current_value}}'
        template = NotificationTemplate("contract", "Contract", "any", "", body)
        message = self.render(make_notification(make_listed(message=HOSTILE["quotes"])), template)
        owes(
            _is_json(message.body),
            f"a template of JSON is rendered as what is none: {message.body:.120}",
            "let template.body.render fill it in: it escapes what stands in JSON",
            "docs/reference/configuration.md, templates",
        )


def _template() -> NotificationTemplate:
    return NotificationTemplate("contract", "Contract", "any", f"{_MARK} {{status}}", f"{_MARK} says: {{message}}")


def _check(message: Message, what: str) -> None:
    subject: Any = message.subject
    body: Any = message.body
    owes(
        isinstance(subject, str) and len(subject.splitlines()) <= 1,
        f"the subject of {what} is not one line: {message.subject!r:.80}",
        "make one line of it: ' '.join(text.split())",
        "tocsin.Message.subject",
    )
    owes(
        isinstance(body, str) and body.strip(),
        f"the body of {what} is {message.body!r:.80}",
        "say at least status, severity and what it is about",
        "tocsin.Message.body",
    )
    owes(
        "json" not in message.content_type or _is_json(message.body),
        f"the body of {what} is called {message.content_type}, and is none: {message.body!r:.80}",
        "write JSON with tocsin.http.json_content, which has a place for NaN and for broken text",
        "tocsin.Message.content_type",
    )


def _is_json(body: str) -> bool:
    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is no JSON")

    try:
        json.loads(body, parse_constant=refuse)
    except ValueError:
        return False
    return True

"""What a backend sends: every kind of notification, whatever its texts, and each under its own id."""

from __future__ import annotations

import re
from collections import Counter

import anyio
import attrs
import pytest

from tocsin.model.alert import PerformanceAlert
from tocsin.model.notification import Notification
from tocsin.model.outcome import Outcome
from tocsin.roles.backend import Backend
from tocsin.testing.contracts.backend_tests import BackendTests, sample_template
from tocsin.testing.contracts.owing import owes
from tocsin.testing.receiver import Arrival, BackendReceiver
from tocsin.testing.samples import HOSTILE, hostile_alert, make_listed, make_notification, of_each_kind

__all__ = ["ContentContract"]

_MARK = "Marked7f3a"
_CONCURRENT = 8
_OVER = ("resolv", "recover", "clos", "clear")


class ContentContract(BackendTests):
    """What arrives."""

    async def test_every_kind_of_notification_is_sent(self) -> None:
        """With what the alert's source says."""
        with self.receiving() as receiver:
            async with self.sending(receiver) as backend:
                for name, notification in of_each_kind(_MARK).items():
                    if name in self.exempt:
                        continue
                    arrival = await self._arrival(receiver, backend, self.rendered(notification), f"kind {name!r}")
                    owes(
                        _MARK in arrival.text,
                        f"of the kind {name!r} no alert's message arrived, but: {arrival.text:.200}",
                        "send what the renderer made (notification.message), or the notification's alerts",
                        "tocsin.Notification",
                    )

    async def test_that_it_is_over_can_be_seen(self) -> None:
        """The receiver's reader can tell a resolution from an alert that fires."""
        kinds = of_each_kind(_MARK)
        with self.receiving() as receiver:
            async with self.sending(receiver) as backend:
                fired = await self._arrival(receiver, backend, self.rendered(kinds["firing"]), "firing")
                ended = attrs.evolve(kinds["resolved"], notification_id=kinds["firing"].notification_id)
                over = await self._arrival(receiver, backend, self.rendered(ended), "resolved")
        said = _words(over.text) - _words(fired.text)
        owes(
            any(word.startswith(_OVER) for word in said),
            f"a resolution arrives as: {over.text:.200}",
            f"say notification.status, or what the service says for it: a word that begins with {' or '.join(_OVER)}"
            " is to stand in `Arrival.text`, more often than where the alert fires",
            "tocsin.Notification.status",
        )

    async def test_hostile_text_survives(self) -> None:
        """In every place of an alert: it is encoded, escaped or cut, and the notification arrives."""
        problems = []
        with self.receiving() as receiver:
            async with self.sending(receiver) as backend:
                for kind, text in HOSTILE.items():
                    notification = _single(hostile_alert(text, _MARK), kind)
                    try:
                        arrival = await self._arrival(receiver, backend, self.rendered(notification), kind)
                    except AssertionError as error:
                        problems.append(f"{kind}: {str(error).splitlines()[0]}")
                        continue
                    if _MARK not in arrival.text:
                        problems.append(f"{kind}: what stands beside it is lost: {arrival.text!r:.120}")
        listed = "\n".join(f"  - {problem}" for problem in problems)
        owes(
            not problems,
            f"these texts do not survive:\n{listed}",
            "encode with errors='replace', escape as the service's markup wants it, and cut what is beyond its limits"
            " before it is escaped",
            "tocsin.testing.samples.HOSTILE: any of it may stand in an alert (tocsin.PerformanceAlert)",
        )

    async def test_nothing_in_an_alert_is_acted_on(self) -> None:
        """Texts that the receiver acts on do not arrive as they are, in a user's template either."""
        found = []
        forms = [None] if "templates" in self.exempt else [None, sample_template(_MARK)]
        with self.receiving() as receiver:
            async with self.sending(receiver) as backend:
                for text in self.harmful:
                    for form in forms:
                        notification = self.rendered(_single(hostile_alert(text, _MARK), "harmful"), form)
                        arrival = await self._arrival(receiver, backend, notification, text)
                        if text in arrival.text:
                            found.append(f"{text!r} ({'in a template' if form else 'without a template'})")
        owes(
            not found,
            f"the receiver would act on what an alert says: {', '.join(found)}",
            "escape the service's markup in every field of an alert, and switch mentions off where it can",
            "docs/how-to/test-a-plugin.md, harmful",
        )

    async def test_a_template_has_its_words(self) -> None:
        """What a user's template says arrives."""
        self.needs("templates")
        with self.receiving() as receiver:
            async with self.sending(receiver) as backend:
                template = sample_template(_MARK)
                notification = self.rendered(make_notification(), template)
                arrival = await self._arrival(receiver, backend, notification, "with a template")
        owes(
            _MARK in arrival.text,
            f"of a template's words nothing arrived, but: {arrival.text:.200}",
            "send notification.message.subject and .body where notification.message.templated",
            "tocsin.Message",
        )

    async def test_an_attempt_is_known_by_its_notification(self) -> None:
        """The same key for all attempts of one notification, another one for another notification."""
        self.needs("key")
        first = make_notification(notification_id="ntf-a")
        other = make_notification(notification_id="ntf-b")
        tried = [first, attrs.evolve(first, attempt=2), attrs.evolve(first, attempt=3), other]
        keys = []
        with self.receiving() as receiver:
            for restart in (tried[:2], tried[2:]):
                async with self.sending(receiver) as backend:
                    for one in restart:
                        keys.append((await self._arrival(receiver, backend, self.rendered(one), "")).key)
        mend = "send notification.notification_id as the service's idempotency key; where it takes none, exempt 'key'"
        source = "tocsin.Notification: the same for all its attempts, also after a restart"
        owes(None not in keys, f"attempts arrived without a key by which they are known: {keys}", mend, source)
        owes(len(set(keys[:3])) == 1, f"three attempts of one notification arrived under {keys[:3]}", mend, source)
        owes(keys[3] != keys[0], f"two notifications arrived under the same key {keys[0]!r}", mend, source)

    async def test_an_incident_has_one_key_for_all_its_life(self) -> None:
        """Where the receiver keeps incidents of its own (``per_incident``)."""
        if not self.spec.per_incident:
            pytest.skip("it is not registered as per_incident")
        kinds = of_each_kind(_MARK)
        other = attrs.evolve(kinds["firing"], incident_id="inc-2", notification_id="ntf-2")
        told = [kinds[name] for name in ("firing", "more", "escalation", "repeat", "resolved")]
        with self.receiving() as receiver:
            async with self.sending(receiver) as backend:
                arrivals = [await self._arrival(receiver, backend, self.rendered(one), "") for one in (*told, other)]
        keys = [arrival.incident for arrival in arrivals]
        mend = "send notification.incident_id as the service's deduplication key (`Arrival.incident`)"
        source = "tocsin.Notification: constant over firing, levels, repeats and resolution"
        owes(None not in keys, f"notifications arrived without an incident's key: {keys}", mend, source)
        owes(len(set(keys[:-1])) == 1, f"one incident's notifications arrived under {keys[:-1]}", mend, source)
        owes(keys[-1] != keys[0], f"two incidents arrived under the same key {keys[0]!r}", mend, source)

    async def test_an_incident_ends_with_the_last_of_its_alerts(self) -> None:
        """And not with the first, where the receiver keeps incidents of its own and says what ends one."""
        kinds = of_each_kind(_MARK)
        ended = kinds["resolved"]
        told = [kinds["firing"], attrs.evolve(ended, incident_id="inc-2", still_firing=1), ended]
        with self.receiving() as receiver:
            async with self.sending(receiver) as backend:
                ends = [(await self._arrival(receiver, backend, self.rendered(one), "")).ends for one in told]
        if ends == [None] * len(ends):
            pytest.skip("its receiver does not say whether a notification ends an incident (`Arrival.ends`)")
        owes(
            ends == [False, False, True],
            "an incident's first alert, the end of one while another still fires, and the end of the last one arrive"
            f" as what ends it: {', '.join(map(str, ends))}",
            "end the service's incident where notification.over, and not by notification.status alone: what still fires"
            " would be closed with it",
            "tocsin.Notification.over",
        )

    async def test_sends_at_the_same_time_do_not_mix(self) -> None:
        """Each arrives once, whole, under its own key."""
        marks = [f"Apart{number}x" for number in range(min(_CONCURRENT, self.spec.concurrency))]
        sent = [
            self.rendered(make_notification(make_listed(alert_id=mark, message=mark), notification_id=mark))
            for mark in marks
        ]
        outcomes: list[Outcome] = []
        with self.receiving() as receiver:
            async with self.sending(receiver) as backend, anyio.create_task_group() as tasks:

                async def send(notification: Notification) -> None:
                    outcomes.append(await self.attempt(backend, notification))

                for notification in sent:
                    tasks.start_soon(send, notification)
            arrivals = receiver.arrivals
        mend = "keep what belongs to one send in that call: no attributes, no shared buffer, one write for the whole"
        source = "tocsin.Backend.send: several sends may run at the same time"
        found = [[mark for mark in marks if mark in arrival.text] for arrival in arrivals]
        owes(all(outcome.success for outcome in outcomes), f"at the same time: {outcomes}", mend, source)
        owes(
            Counter(map(tuple, found)) == Counter((mark,) for mark in marks),
            f"of {len(marks)} notifications sent at the same time these arrived together: {found}",
            mend,
            source,
        )
        if "key" not in self.exempt:
            keys = {arrival.key for arrival in arrivals}
            owes(len(keys) == len(marks), f"{len(marks)} notifications arrived under the keys {keys}", mend, source)

    async def test_channels_are_apart(self) -> None:
        """Two channels of other settings each reach their own receiver."""
        self.needs("apart")
        notification = self.rendered(make_notification(make_listed(message=_MARK)))
        with self.receiving() as one, self.receiving() as other:
            async with self.sending(one) as first, self.sending(other) as second:
                for backend in (first, second, first):
                    await self.delivered(backend, notification)
            came = len(one.arrivals), len(other.arrivals)
        owes(
            came == (2, 1),
            f"of two sends to one channel and one to another, {came[0]} and {came[1]} arrived",
            "keep settings and connections in the backend's own instance: nothing in its class or module",
            "tocsin.Backend: one object per channel",
        )

    async def _arrival(
        self, receiver: BackendReceiver, backend: Backend, notification: Notification, what: str
    ) -> Arrival:
        """Send, and return what arrived: once, and not before."""
        before = len(receiver.arrivals)
        await self.delivered(backend, notification)
        await self.until_arrived(receiver, before)
        arrivals = receiver.arrivals[before:]
        owes(
            len(arrivals) == 1,
            f"{what}: one send arrived {len(arrivals)} times",
            "send one notification as one message; cut what is beyond the service's limits, visibly",
            "tocsin.Backend.send: carries one notification",
        )
        return arrivals[0]


def _words(text: str) -> Counter[str]:
    return Counter(re.findall(r"[a-z]+", text.lower()))


def _single(alert: PerformanceAlert, kind: str) -> Notification:
    listed = attrs.evolve(make_listed(), alert=alert)
    return make_notification(listed, notification_id=f"ntf-{kind}".replace(" ", "-"))

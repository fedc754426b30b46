"""Arbitrary notifications from hypothesis: whatever their texts, kinds and ids."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

from tocsin import AlertSeverity, EscalationLevel, ListedAlert, Notification, NotificationKind
from tocsin.testing.samples import make_listed, make_notification

__all__ = ["any_notification", "unhurried"]

unhurried = settings(deadline=None, max_examples=25)
"""For property tests: what they prove does not depend on how fast the machine is."""

_HOSTILE = st.sampled_from(
    [
        *("\r\nBcc: victim@example.org", "\n.\n", "\r\n.\r\nMAIL FROM:<x@y>\r\n", "\r.\r", "<script>alert(1)</script>"),
        *(
            "=?utf-8?q?=0ABcc:_x?=",
            "\u202e",
            "\x00",
            "\ud800",
            "\u2028",
            "\x85",
            "From ",
            "\x1b[2J",
            "&amp;",
            '"><a href=x>',
        ),
    ]
)


def _text() -> st.SearchStrategy[str]:
    short = _HOSTILE | st.text(st.characters(), max_size=8)
    long = st.builds(lambda piece, length: (piece * length)[:length], short, st.integers(1, 9_000))
    return short | long | st.builds(lambda *parts: "".join(parts), short, _HOSTILE, short)


def _any_listed() -> st.SearchStrategy[ListedAlert]:
    return st.builds(
        make_listed,
        resolved=st.booleans(),
        alert_id=_text().filter(bool),
        cluster_id=_text(),
        severity=st.sampled_from(AlertSeverity),
        metric_name=_text(),
        current_value=st.none() | st.floats() | st.integers(-(10**300), 10**300),
        message=_text(),
        node_id=st.none() | _text(),
        labels=st.dictionaries(_text(), _text(), max_size=2),
        annotations=st.dictionaries(_text(), _text(), max_size=2),
        generator_url=_text(),
    )


@st.composite
def any_notification(draw: st.DrawFn) -> Notification:
    """Any notification: one alert or many, of any kind, whatever their texts and ids."""
    listed = draw(st.lists(_any_listed(), min_size=1, max_size=2)) * draw(st.sampled_from([1, 1, 1, 15]))
    return make_notification(
        *listed,
        notification_id=draw(_text()),
        incident_id=draw(_text()),
        kind=draw(st.sampled_from(NotificationKind)),
        level=draw(st.none() | st.sampled_from(EscalationLevel)),
        created_at=draw(st.floats(allow_nan=False)),
        test=draw(st.booleans()),
    )

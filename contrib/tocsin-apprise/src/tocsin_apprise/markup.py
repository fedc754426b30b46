"""Plain text as each service has to get it, so that it shows the text and makes nothing of it.

What Apprise converts is not enough: several services whose format is ``text`` show Markdown all the same, titles are
not converted, Apprise's Markdown lets tags through, and not every plugin of it comes to convert at all. So it is done
here, and Apprise is told that it was.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any, Final

import attrs
from apprise import NotifyBase, NotifyFormat

from tocsin import wording

__all__ = ["MARKED_TEXT", "MARKED_TITLES", "OCTETS", "WITHOUT_ESCAPES", "WITH_TAGS", "Dialect", "dialect_of"]

Rewriting = Callable[[str], str]

_APART: Final = "\u200b"
_URL: Final = r"(?P<url>https?://[A-Za-z0-9\-._~/?#=&%+@,;:!$*]*[A-Za-z0-9/])"
_IN_URL: Final = re.compile(r"[*~;]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_INDENT: Final = re.compile(r"^[ \t]+", re.MULTILINE)

_NAMED: Final = r"(?P<apart><(?=[^\s@!\#&\u200b])|&(?=\#?[A-Za-z0-9]{1,32};)|\](?=:)|^[=:|](?=[=\-:|\s]*$))"
"""What begins an element, a link or an emoji in angle brackets (mentions were parted before), a character by its name,
what defines a link, or the line below a heading or the head of a table.

Not all services that know a backslash take one before these.
"""

_BREAK: Final = re.compile(r"(?<=[^\n])\n(?=[^\n])")

_EDGE: Final = r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])"
"""An underscore that may be emphasis: the one in ``cpu_usage`` is none."""

_BEGINNING: Final = r"^\d{1,9}[.)](?=\s|$)|^(?:\#|>|[-+](?=[ \t\-+|:\#]|$))"
"""What makes of a line a heading, a quote, an item of a list, small print, a rule, or the head of a table."""

_MARKDOWN: Final = re.compile(
    rf"{_URL}|{_NAMED}|[\\`*~]|(?<=\])[(\[]|{_EDGE}|\|(?=\|)|(?<=\|)\||{_BEGINNING}", re.MULTILINE
)
_ENTITIES: Final = re.compile(rf"{_URL}|[\\`*~<>&$|]|(?<=\])[(\[:]|\A/|^[=:]|{_EDGE}|{_BEGINNING}", re.MULTILINE)
_LOOKALIKE: Final = re.compile(
    rf"{_URL}|(?P<apart>\](?=\()|\$(?=\[)|&(?=\#?[A-Za-z0-9]{{1,32}};)|\\(?=[!-/:-@\[-`{{-~]|$))"
    rf"|[`*~]|{_EDGE}|<(?!\s)|(?P<before>{_BEGINNING})",
    re.MULTILINE,
)
_TAG: Final = re.compile(rf"{_URL}|(?P<apart>\](?=\())|<(?=[A-Za-z/!?])")
_LIKE: Final = {"`": "\u02cb", "*": "\u2217", "~": "\u223c", "_": "\u02cd", "<": "\u2039"}
"""Characters that look alike, for services where markup cannot be escaped."""


def _markdown(text: str) -> str:
    """Return *text* in CommonMark, as chats take it too: a backslash only before what would be markup."""
    return _rewritten(_MARKDOWN, text, lambda char: f"\\{char}")


def _commonmark(text: str) -> str:
    """Return *text* in CommonMark, where lines that follow each other are one, unless two spaces end them."""
    return _BREAK.sub("  \n", _markdown(text))


def _entities(text: str) -> str:
    """Return *text* for Zulip, whose Markdown knows no backslash, but characters by their numbers."""
    return _rewritten(_ENTITIES, text, lambda char: f"&#{ord(char)};")


def _lookalike(text: str) -> str:
    """Return *text* for services that take ``*text*`` for bold and know no way to say that it is not meant."""
    return _rewritten(_LOOKALIKE, text, _LIKE.__getitem__)


def _untagged(text: str) -> str:
    """Return *text* for services that know a tag or a link where they see one, and show an escape as it is written."""
    return _rewritten(_TAG, text, _LIKE.__getitem__)


def _html(text: str) -> str:
    return html.escape(_INDENT.sub(_kept, text)).replace("\n", "<br />\n")


def _unchanged(text: str) -> str:
    return text


def _rewritten(markup: re.Pattern[str], text: str, escaped: Callable[[str], str]) -> str:
    """Return *text* with the last character of what is *markup* *escaped*.

    URLs stay links that lead where they led: what would be markup in one is percent-encoded.
    """

    def each(found: re.Match[str]) -> str:
        which = found.lastgroup
        if which == "url":
            return _IN_URL.sub(_percent_encoded, found[0])
        if which == "apart":
            return found[0] + _APART
        if which == "before":
            return _APART + found[0]
        return found[0][:-1] + escaped(found[0][-1])

    return markup.sub(each, _INDENT.sub(_kept, text))


def _kept(indent: re.Match[str]) -> str:
    """Return an indent that makes no code of a line."""
    return "\u00a0" * len(indent[0].expandtabs(4))


def _percent_encoded(found: re.Match[str]) -> str:
    return f"%{ord(found[0]):02X}"


WITHOUT_ESCAPES: Final = frozenset(
    {
        "NotifyAWSWhatsApp",
        "NotifyBale",
        "NotifyCliq",
        "NotifyEvolution",
        "NotifyGoogleChat",
        "NotifyGupshup",
        "NotifyMisskey",
        "NotifySlack",
        "NotifySynology",
        "NotifyViber",
        "NotifyWhapi",
        "NotifyWhatsApp",
    }
)
"""Apprise's classes of services that have marks for bold and the like, and no escapes for them."""

MARKED_TEXT: Final = frozenset(
    {
        "NotifyDiscord",
        "NotifyFluxer",
        "NotifyGuilded",
        "NotifyHomeAssistant",
        "NotifyHumHub",
        "NotifyMattermost",
        "NotifyNextcloudTalk",
        "NotifyNotifiarr",
        "NotifyRyver",
        "NotifyServerChan",
    }
)
"""Those that show Markdown although Apprise sends them text."""

WITH_TAGS: Final = frozenset(
    {
        "NotifyDBus",
        "NotifyFeishu",
        "NotifyGLib",
        "NotifyGnome",
        "NotifyJira",
        "NotifyLark",
        "NotifyOpsgenie",
        "NotifyWeChat",
    }
)
"""Those that take tags of HTML, or links of Markdown, in what Apprise sends as text, and show an escape as it is."""

MARKED_TITLES: Final = frozenset(
    {
        "NotifyDiscord",
        "NotifyFeishu",
        "NotifyFluxer",
        "NotifyGuilded",
        "NotifyJira",
        "NotifyLark",
        "NotifyNextcloudTalk",
        "NotifyNotifiarr",
        "NotifyOpsgenie",
        "NotifyRyver",
        "NotifyWorkflows",
    }
)
"""Those with a title of its own that is read as the body is."""

OCTETS: Final = {
    "NotifyDingTalk": 20_000,
    "NotifyFeishu": 20_000,
    "NotifyLark": 20_000,
    "NotifyMatrix": 15_000,
    "NotifyNtfy": 4096,
    "NotifyWeComBot": 2048,
}
"""Services that count octets of UTF-8, and how many they take; of Matrix's 65,536 a text takes a multiple."""


@attrs.frozen(slots=True)
class Dialect:
    """How one service gets plain text, and how much of it."""

    service: NotifyBase
    format: NotifyFormat
    """What Apprise is told that it gets: no more is to be converted."""
    body: Rewriting
    title: Rewriting
    joined: bool = False
    """Whether the title has to be the body's first line: where Apprise puts it, nothing in it can be escaped."""

    @property
    def title_most(self) -> int:
        """How long a title of its own may be; none, if at most 0."""
        return 0 if self.joined else int(self.service.title_maxlen)

    @property
    def most(self) -> int:
        """How much a body may have, in what :meth:`size` counts."""
        most = int(self.service.body_maxlen)
        return min(most, OCTETS.get(_name(self.service), most))

    def size(self, text: str) -> int:
        """Return how much *text*, plain, takes of a body: in octets where the service counts those, or in UTF-16 units.

        Those are the larger of the counts that services have. It is counted as it is sent, after Apprise made of it
        what it makes of it last.
        """
        made: Any = self.service
        return self._count(made.dialect_convert(self.body(text), self.format))

    def title_size(self, text: str) -> int:
        """Return how much *text*, plain, takes of a body that the title is put into."""
        return self.size(text) if self.title_most <= 0 else self._count(self.title(text))

    def _count(self, final: str) -> int:
        if _name(self.service) in OCTETS:
            return len(final.encode("utf-8", "replace"))
        return wording.utf16_length(final)


def dialect_of(service: NotifyBase) -> Dialect:
    """Return how *service*, as its URL has it, gets plain text."""
    name = _name(service)
    wanted = service.resolve_format(NotifyFormat.TEXT)
    body = _body(name, wanted)
    if int(service.title_maxlen) <= 0:
        return Dialect(service, wanted, body, body, joined=name == "NotifyTelegram" and wanted is NotifyFormat.MARKDOWN)
    return Dialect(service, wanted, body, body if name in MARKED_TITLES else _unchanged)


def _body(name: str, wanted: NotifyFormat) -> Rewriting:
    if wanted is NotifyFormat.HTML:
        return _html
    if name == "NotifyZulip":
        return _entities
    if name in WITHOUT_ESCAPES:
        told = name == "NotifySlack" and wanted is NotifyFormat.TEXT  # Slack itself, that there is no markup in it
        return _unchanged if told else _lookalike
    if wanted is NotifyFormat.MARKDOWN:
        return _commonmark
    if name in MARKED_TEXT:
        return _markdown
    return _untagged if name in WITH_TAGS else _unchanged


def _name(service: NotifyBase) -> str:
    return type(service).__name__

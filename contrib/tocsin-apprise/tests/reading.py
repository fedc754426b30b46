"""How services read what they get: the text that people see, and everything that is more than text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any, Final

import markdown  # type: ignore[import-untyped]

__all__ = ["seen", "seen_html", "seen_markdown", "seen_without_escapes", "seen_zulip", "strict_lines"]

_SILENT: Final = frozenset({"p", "br"})
_BOLD: Final = re.compile(r"(?:^|[^\w*])\*\S|(?:^|\W)_\S|(?:^|[^\w~])~\S|`|\]\(|<\S|^[#>]|^[-+] |^\d+\. ", re.MULTILINE)

_MAIL: Final = r"<([a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9.-]+)>"
"""An address between brackets, as CommonMark has it; Python's Markdown takes anything around an at sign."""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.done: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _SILENT:
            self.done.append(tag)
        if tag == "br":
            self.text += "\n"

    def handle_endtag(self, tag: str) -> None:
        if tag == "p":
            self.text += "\n"

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.done.append("comment")

    def handle_decl(self, decl: str) -> None:
        self.done.append("declaration")

    def handle_pi(self, data: str) -> None:
        self.done.append("instruction")


def seen(text: str) -> str:
    """Return *text* as an eye sees it: what has no width and how much space there is make no difference."""
    return " ".join(text.replace("\u200b", "").split())


def seen_html(source: str) -> tuple[str, list[str]]:
    """Return what a reader of HTML sees, and the elements beyond paragraphs."""
    reader = _Reader()
    reader.feed(source)
    reader.close()
    return seen(reader.text), reader.done


def _reader(*more: str) -> Any:
    return markdown.Markdown(extensions=["tables", "fenced_code", "sane_lists", *more])


def _commonmark(*more: str) -> Any:
    reader = _reader(*more)
    mail = markdown.inlinepatterns.AutomailInlineProcessor(_MAIL, reader)
    reader.inlinePatterns.register(mail, "automail", 110)
    reader.ESCAPED_CHARS = list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
    return reader


def seen_markdown(source: str) -> tuple[str, list[str]]:
    """Return what a reader of Markdown sees who knows a backslash before any punctuation, as CommonMark has it."""
    return seen_html(_commonmark("nl2br").convert(source))


def strict_lines(source: str) -> tuple[list[str], list[str]]:
    """Return the lines that a reader of CommonMark sees, to whom a line break alone is a space."""
    reader = _Reader()
    reader.feed(_commonmark().convert(source).replace("\n", " "))
    reader.close()
    return [seen(line) for line in reader.text.split("\n") if seen(line)], reader.done


def seen_zulip(source: str) -> tuple[str, list[str]]:
    """Return what Zulip shows: Markdown without a backslash, without HTML, and with characters by their numbers.

    https://github.com/zulip/zulip/blob/main/zerver/lib/markdown/__init__.py lists what of Markdown it takes.
    """
    reader = _reader("nl2br")
    for known in ("escape", "html", "automail", "autolink"):
        reader.inlinePatterns.deregister(known)
    reader.preprocessors.deregister("html_block")
    return seen_html(reader.convert(source))


def seen_without_escapes(source: str) -> tuple[str, list[str]]:
    """Return *source*, which is shown as it is, and what chats such as WhatsApp's would make something of."""
    return seen(source), _BOLD.findall(source)

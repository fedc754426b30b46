"""The template language ``jinja``: a template is compiled once, tried with some notifications, and filled."""

from __future__ import annotations

import functools
import json
import re
from types import TracebackType
from typing import Any, Final

import attrs
from jinja2 import Template, TemplateSyntaxError, nodes

from tocsin import Notification, NotificationTemplate, TemplateError, nearest
from tocsin_jinja.budget import TooMuchError, spending
from tocsin_jinja.data import NOTIFICATION
from tocsin_jinja.functions import FILTERS, NOW, TESTS
from tocsin_jinja.holes import filling, pieces
from tocsin_jinja.names import Said, said
from tocsin_jinja.rewriting import at_line, refuse_foreign, rewritten
from tocsin_jinja.samples import SAMPLES
from tocsin_jinja.sandbox import Sandbox
from tocsin_jinja.values import Instant, Value

__all__ = ["MOST_SHOWN", "JinjaLanguage"]

LONGEST_SOURCE: Final = 65_536
MOST_SHOWN: Final = 262_144
"""Characters that a subject or a body may have."""

_OBJECT: Final = re.compile(r'\s*\{\s*"')
_FILE: Final = "<template>"
_SANDBOX: Final = Sandbox()


@attrs.frozen(slots=True, eq=False)
class _Text:
    """A compiled template, and what it says."""

    template: Template
    said: Said

    def pieces(self, notification: Notification) -> list[Value]:
        """Return its own text and the notification's values in turn.

        :raises TemplateError: with the line, whatever goes wrong.
        """
        now = Instant(notification.created_at)
        known = {name: field.read(notification) for name, field in self._fields(notification)}
        with spending(), filling():
            context = self.template.new_context({NOW: now, **known})
            parts: list[str] = []
            length = 0
            try:
                for part in self.template.root_render_func(context):
                    parts.append(part)
                    length += len(part)
                    if length > MOST_SHOWN:
                        raise TooMuchError(f"it makes more than {MOST_SHOWN:,} characters")
                made = pieces("".join(parts))
            except Exception as error:  # noqa: BLE001  whatever the template does, it is the template's error
                raise at_line(self._line(error.__traceback__), _reason(error)) from None
        if sum(len(one) for one in made if isinstance(one, str)) > MOST_SHOWN:
            raise TemplateError(f"it makes more than {MOST_SHOWN:,} characters")
        return made

    def _fields(self, notification: Notification) -> Any:
        return [(name, NOTIFICATION[name]) for name in sorted(self.said.names)]

    def _line(self, trace: TracebackType | None) -> int:
        """Return the last line of the template that ran."""
        line = 1
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == _FILE:
                line = self.template.get_corresponding_lineno(trace.tb_lineno)
            trace = trace.tb_next
        return line


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, ZeroDivisionError):
        return "division by zero"
    text = " ".join(str(error).split())
    return text[:200] or type(error).__name__


@functools.lru_cache(maxsize=256)
def _compiled(source: str) -> _Text | TemplateError:
    """Return the template, or what is wrong with it, which is kept as well: it is asked for again and again."""
    try:
        return _compile(source)
    except TemplateError as error:
        return error


def _compile(source: str) -> _Text:
    if len(source) > LONGEST_SOURCE:
        raise TemplateError(f"a template has at most {LONGEST_SOURCE:,} characters")
    try:
        tree = _SANDBOX.parse(source)
        refuse_foreign(tree)
        _check_functions(tree)
        known = said(tree)
        code = _SANDBOX.compile(rewritten(tree), filename=_FILE)
    except TemplateSyntaxError as error:
        raise at_line(error.lineno, f"{error.message}{_hint(source, error.lineno)}") from None
    except TemplateError:
        raise
    except (RecursionError, MemoryError, SyntaxError):  # Python's parser counts loops in one another as well
        raise TemplateError("it is nested too deeply") from None
    except Exception as error:  # noqa: BLE001  whatever the parser makes of a text, it is the text's fault
        raise TemplateError(f"it cannot be read ({type(error).__name__})") from None
    return _Text(Template.from_code(_SANDBOX, code, _SANDBOX.make_globals(None)), known)


def _check_functions(tree: nodes.Template) -> None:
    for kind, what, known in ((nodes.Filter, "filter", FILTERS), (nodes.Test, "test", TESTS)):
        for node in tree.find_all(kind):
            if node.name not in known:
                raise at_line(node.lineno, f"there is no {what} {node.name!r:.60}{nearest(node.name, known)}")


def _hint(source: str, line: int) -> str:
    """Say so where a line looks like Go's, as in Alertmanager's templates."""
    lines = source.splitlines()
    written = lines[line - 1] if 0 < line <= len(lines) else ""
    if any(
        sign in written for sign in ("{{ .", "{{.", "{{- .", "{{ range", "{{ if", "{{ end", "{{ define", "{{ template")
    ):
        return "; this looks like a template of Go: write {{ Status }} for {{ .Status }}, {% for %} for {{ range }}"
    return ""


class JinjaLanguage:
    """Templates of Jinja2 in a sandbox."""

    def check(self, template: NotificationTemplate, /) -> None:
        """Compile subject and body, and fill them for some notifications.

        :raises TemplateError: for the first thing that is wrong, with its line.
        """
        sources = {"subject": template.subject_template, "body": template.body_template}
        shows = any(
            isinstance(text := _compiled(source), _Text) and text.said.shows_status for source in sources.values()
        )
        for part, source in sources.items():
            problem = _tried(source, part == "body", shows)
            if problem is not None:
                raise problem.within(f"{part}_template")

    def fill(self, template: NotificationTemplate, notification: Notification, /) -> NotificationTemplate | None:
        """Return the template filled; None where it could make a resolution look like what fires.

        :raises TemplateError: when it does more than it may, or cannot be filled for this notification.
        """
        subject, body = _text(template.subject_template), _text(template.body_template)
        shows = subject.said.shows_status or body.said.shows_status
        if not shows and not (notification.single and notification.firing):
            return None
        made = body.pieces(notification)
        _check_json(made)
        return template.filled(subject.pieces(notification), made)


def _text(source: str) -> _Text:
    found = _compiled(source)
    if isinstance(found, TemplateError):
        raise TemplateError(found.problem)
    return found


@functools.lru_cache(maxsize=256)
def _tried(source: str, may_be_json: bool, shows_status: bool) -> TemplateError | None:
    """Return what is wrong with a text, as far as that can be known; it is for all kinds where the status is shown."""
    try:
        text = _text(source)
        for sample in SAMPLES:
            if shows_status or (sample.single and sample.firing):
                made = text.pieces(sample)
                if may_be_json:
                    _check_json(made)
    except TemplateError as error:
        return TemplateError(error.problem)
    return None


def _check_json(made: list[Value]) -> None:
    """Raise :exc:`TemplateError` for what begins and ends like an object of JSON, and is none."""
    own = [str(one) for one in made[::2]]
    if _OBJECT.match(own[0]) is None or not own[-1].rstrip().endswith("}"):
        return
    try:
        json.loads("0".join(own))  # which may stand in a text of JSON, and for one
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        raise TemplateError(f"what it makes is no JSON: line {line} of that: {getattr(error, 'msg', error)}") from None
    except RecursionError:
        raise TemplateError("what it makes is JSON that is nested too deeply") from None

"""*Rules*: the routing as a picture, and the path that an alert takes through it which somebody types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode

import anyio.to_thread
import attrs
from starlette.requests import Request
from starlette.responses import Response

from tocsin import (
    Action,
    AlertSeverity,
    ChannelExplanation,
    Clock,
    EscalationPolicy,
    Explanation,
    FederationAlertingService,
    PerformanceAlert,
    Reason,
    nearest,
)
from tocsin_server.page.paging import page_number
from tocsin_server.page.rendering import rendered
from tocsin_server.page.rule_rows import Picture
from tocsin_server.page.rule_tree import ROOT, RuleTree
from tocsin_server.page.sessions import Session
from tocsin_server.page.typed import FIELDS, Typed
from tocsin_server.web.refusal import Refused

__all__ = ["RulesPage"]

_ON_A_PAGE: Final = 50
_FEW: Final = 20
"""So many rules that apply, that nearly do, and channels that no rule leads to, are shown of an alert."""

_LONGEST: Final = 8192
_SEVERITIES: Final = [one.value for one in AlertSeverity]


@attrs.frozen(slots=True)
class _Asked:
    """An address: an alert, the rule whose routes are shown (empty: the top ones), and a page of these."""

    typed: Typed
    at: str
    page: int

    @classmethod
    def of(cls, request: Request) -> _Asked:
        """Return what *request* asks for; :exc:`Refused` with 400 when it cannot be."""
        given, known = request.query_params, (*FIELDS, "at", "page")
        for name, value in given.multi_items():
            if name not in known:
                raise Refused(400, f"nothing is called {name!r:.80}{nearest(name[:80], known)}")
            if len(value) > _LONGEST:
                raise Refused(400, f"{name} has at most {_LONGEST} characters")
        typed = Typed({name: given[name] for name in FIELDS if given.get(name)})
        return cls(typed, given.get("at", ROOT), page_number(request))

    def link(self, *, at: str | None = None, page: int = 1) -> str:
        """Return the address of another part of the picture, for the same alert."""
        at = self.at if at is None else at
        more = [("at", at)] * bool(at) + [("page", str(page))] * (page > 1)
        parts = [part for part in (self.typed.query, urlencode(more, errors="replace")) if part]
        return f"rules?{'&'.join(parts)}" if parts else "rules"


class RulesPage:
    """Shows the rules that are in force."""

    def __init__(self, alerting: FederationAlertingService, clock: Clock) -> None:
        self._alerting = alerting
        self._clock = clock
        self._tree = RuleTree(alerting.configuration)

    async def show(self, request: Request, session: Session) -> Response:
        """Answer the request for the page."""
        asked, alert, problem = _Asked.of(request), None, ""
        try:
            alert = asked.typed.alert() if asked.typed.fields else None
        except Refused as error:
            problem = error.problem
        values = await anyio.to_thread.run_sync(self._found, asked, alert)
        return rendered(
            request,
            "rules.html",
            400 if problem else 200,
            session=session,
            now=self._clock.wall(),
            problem=problem,
            asked=asked,
            severities=_SEVERITIES,
            **values,
        )

    def _current(self) -> RuleTree:
        configuration = self._alerting.configuration
        if self._tree.configuration is not configuration:
            self._tree = RuleTree(configuration)
        return self._tree

    def _found(self, asked: _Asked, alert: PerformanceAlert | None) -> dict[str, Any]:
        explained = None
        if alert is not None:
            explained = self._alerting.explain(alert)
            explained = explained.by_the_wall(self._clock.wall() - explained.at)
        tree = self._current()
        if asked.at != ROOT and asked.at not in tree.branches:
            raise Refused(404, f"no rule is called {asked.at!r:.200}{nearest(asked.at, tree.branches)}")
        picture = Picture(tree, None if explained is None else explained.rules)
        below = tree.below(asked.at)
        first = (asked.page - 1) * _ON_A_PAGE
        shown = below[first : first + _ON_A_PAGE]
        values = {
            "rows": picture.under(asked.at, shown) if asked.at else picture.part(shown),
            "way": tree.way(asked.at),
            "branch": tree.branches.get(asked.at),
            "count": len(below),
            "more": len(below) > first + _ON_A_PAGE,
            "size": tree.size,
            "catch_all": tree.configuration.catch_all_channel,
            "explained": explained,
            "alert": alert,
            "path": None if explained is None else _Path.of(explained, picture),
        }
        policies = tree.configuration.escalation_policies
        found = ((name, policies.get(name)) for name in picture.policies)
        return values | {"policies": [(name, _levels(policy)) for name, policy in list(found)[:_ON_A_PAGE]]}


@attrs.frozen(slots=True)
class _Path:
    """What an alert's way is, and what not: rules that apply in their places, channels, and the nearest misses."""

    rows: Sequence[Any]
    applied: int
    misses: Sequence[Any]
    missed: int
    told: Sequence[ChannelExplanation]
    others: Sequence[ChannelExplanation]
    elsewhere: Sequence[str]
    elsewhere_more: int

    @classmethod
    def of(cls, explained: Explanation, picture: Picture) -> _Path:
        """Return it, as *explained*."""
        applied = [rule.rule_id for rule in explained.rules if rule.matched]
        misses = [rule for rule in explained.rules if not rule.matched]
        decided = [one for one in explained.channels if one.reason is not Reason.UNROUTED]
        elsewhere = [one.channel_id for one in explained.channels if one.reason is Reason.UNROUTED]
        return cls(
            picture.path(applied[:_FEW]),
            len(applied),
            misses[:_FEW],
            len(misses),
            [one for one in decided if one.action is not Action.SKIP],
            [one for one in decided if one.action is Action.SKIP],
            elsewhere[:_FEW],
            len(elsewhere[_FEW:]),
        )


def _levels(policy: EscalationPolicy | None) -> list[tuple[str, float | None, Sequence[str]]] | None:
    """Return the levels of a policy: name, seconds, channels; None where there is no such policy."""
    if policy is None:
        return None
    found: list[tuple[str, float | None, Sequence[str]]] = [
        (level.value, policy.delay_seconds(level), channels) for level, channels in policy.escalation_levels.items()
    ]
    return [*found, *([("by default", None, policy.default_channels)] if policy.default_channels else [])]

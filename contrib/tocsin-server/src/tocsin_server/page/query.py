"""What the address of *Now* asks for: filters and the page; the names are those of the API."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

import attrs
from starlette.requests import Request

from tocsin import AlertSeverity, AlertState, LabelMatcher, MatchOperator, nearest
from tocsin_server.api.matching import matching, read_matchers
from tocsin_server.page.links import silencing_link
from tocsin_server.page.looks import Incident
from tocsin_server.page.paging import page_number
from tocsin_server.web.refusal import Refused

__all__ = ["Query"]

_KNOWN: Final = ("severity", "cluster", "filter", "page")
_MOST: Final = 32
_LONGEST: Final = 8192

Pairs = tuple[tuple[str, str], ...]


@attrs.frozen(slots=True)
class Query:
    """Filters, all of which have to hold, and a page, from 1."""

    severities: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    page: int = 1

    @classmethod
    def of(cls, request: Request) -> Query:
        """Return what *request* asks for; :exc:`Refused` with 400 when it cannot be."""
        given = request.query_params
        if len(given.multi_items()) > _MOST or any(len(value) > _LONGEST for _, value in given.multi_items()):
            raise Refused(400, f"at most {_MOST} filters, each of at most {_LONGEST} characters")
        for name in given:
            if name not in _KNOWN:
                raise Refused(400, f"no filter is called {name!r:.80}{nearest(name[:80], _KNOWN)}")
        severities, known = given.getlist("severity"), [one.value for one in AlertSeverity]
        for severity in severities:
            if severity not in known:
                raise Refused(400, f"no severity is called {severity!r:.60}; there are {', '.join(known)}")
        read_matchers(given.getlist("filter"), "filter")
        return cls(
            tuple(severities), tuple(given.getlist("cluster")), tuple(given.getlist("filter")), page_number(request)
        )

    @property
    def narrow(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.severities or self.clusters or self.filters)

    def offset(self, size: int) -> int:
        """Return how many incidents come before the page."""
        return (self.page - 1) * size

    def among(self, incidents: Sequence[Incident]) -> Sequence[Incident]:
        """Return those incidents of which one alert meets all filters; each is whole."""
        if not self.narrow:
            return incidents
        meets = matching(read_matchers(list(self.filters), "filter"))

        def wanted(state: AlertState) -> bool:
            alert = state.alert
            if self.severities and alert.severity.value not in self.severities:
                return False
            return (not self.clusters or alert.cluster_id in self.clusters) and meets(alert)

        return [one for one in incidents if any(map(wanted, one.states))]

    def _pairs(self) -> Pairs:
        named = (("severity", self.severities), ("cluster", self.clusters), ("filter", self.filters))
        return tuple((name, value) for name, values in named for value in values)

    def switched(self, name: str, value: str) -> str:
        """Return the address with one filter more, or without it where it is there."""
        pair, pairs = (name, value), self._pairs()
        return _address(tuple(one for one in pairs if one != pair) if pair in pairs else (*pairs, pair))

    def exactly(self, severity: str, cluster: str) -> str:
        """Return the address of one severity in one cluster."""
        labels = tuple(("filter", one) for one in self.filters)
        return _address((("severity", severity), ("cluster", cluster), *labels))

    def with_label(self, name: str, value: str) -> str:
        """Return the address with a filter for one label."""
        pair = ("filter", f"{json.dumps(name, ensure_ascii=False)}={json.dumps(value, ensure_ascii=False)}")
        return _address(tuple(dict.fromkeys((*self._pairs(), pair))))

    def chosen(self) -> list[tuple[str, str]]:
        """Return each filter in words, with the address without it."""
        pairs = self._pairs()
        return [(value if name == "filter" else f"{name} {value}", self.switched(name, value)) for name, value in pairs]

    @property
    def silencing(self) -> str:
        """The link to a silence of what is left; the label view has a label rather than a field of the same name."""
        chosen = (("severity", self.severities), ("cluster_id", self.clusters))
        matchers = [_one_of(name, values) for name, values in chosen if values]
        return silencing_link("./", *matchers, *read_matchers(list(self.filters), "filter"))

    def on(self, page: int) -> str:
        """Return the address of another page of the same."""
        return _address((*self._pairs(), ("page", str(page))))


def _one_of(name: str, values: Sequence[str]) -> LabelMatcher:
    if len(values) == 1:
        return LabelMatcher(name, MatchOperator.EQUAL, values[0])
    return LabelMatcher(name, MatchOperator.REGEX, "|".join(map(re.escape, values)))


def _address(pairs: Pairs) -> str:
    return f"?{urlencode(pairs, errors='replace')}" if pairs else "./"

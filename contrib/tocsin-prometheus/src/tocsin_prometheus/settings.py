"""The settings of a source that asks Prometheus."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import attrs
import httpx

from tocsin import ClusterMetrics, ConfigurationError, PerformanceThresholds, nearest
from tocsin.http import HttpOptions, attempt_timeout, hide, http_headers, http_url, redact_url

__all__ = ["NUMBERS", "PrometheusConfig", "Query"]

_TEXTS: Final = ("cluster_id", "cluster_name", "region", "node_id", "timestamp", "labels")
NUMBERS: Final = tuple(field.name for field in attrs.fields(ClusterMetrics) if field.name not in _TEXTS)
"""What can be measured of a cluster: the fields of ClusterMetrics that hold a number."""

_LABEL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONGEST_QUERY: Final = 16_384
_SHORTEST: Final = 1.0
_LONGEST: Final = 3600.0


def _query(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_QUERY:
        raise ConfigurationError(f"{attribute.name} is PromQL, of at most {_LONGEST_QUERY} characters", attribute.name)


def _label(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not None and (not isinstance(value, str) or not _LABEL.fullmatch(value)):
        raise ConfigurationError(f"{attribute.name} is the name of a label, not {value!r:.60}", attribute.name)


def _labels(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    try:
        ClusterMetrics("any", labels=value)
    except ConfigurationError as error:
        raise error.within(attribute.name) from None


def _boolean(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, bool):
        raise ConfigurationError(f"{attribute.name} is true or false, not {value!r:.60}", attribute.name)


def _queries(instance: object, attribute: attrs.Attribute[Any], value: Mapping[str, Query]) -> None:
    if not value:
        raise ConfigurationError("queries has at least one query", attribute.name)
    for name in value:
        if name not in NUMBERS:
            problem = f"{name[:60]!r} is nothing that is measured of a cluster{nearest(name[:60], NUMBERS)}"
            raise ConfigurationError(problem, f"{attribute.name}.{name[:60]}")


def _interval(instance: object, attribute: attrs.Attribute[Any], value: float) -> None:
    if not _SHORTEST <= value <= _LONGEST:
        raise ConfigurationError(
            f"{attribute.name} is a number from {_SHORTEST:g} to {_LONGEST:g}, not {value!r}", attribute.name
        )


def _secret(instance: object, attribute: attrs.Attribute[Any], value: str | None) -> None:
    """A credential that can stand in a header."""
    if value is not None and (not value or not value.isascii() or not value.isprintable()):
        raise ConfigurationError(
            f"{attribute.name} is visible ASCII on one line (not shown: it is secret)", attribute.name
        )


def _base(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """The URL of a Prometheus, under which its API is."""
    http_url(instance, attribute, value)
    url = httpx.URL(str(value))
    if url.query or url.fragment:
        raise ConfigurationError(f"{attribute.name} is a server's URL, with no ? and no # in it", attribute.name)


def _as_queries(value: Any) -> Any:
    """Return the queries by field; one that is only PromQL may be written as that."""
    if not isinstance(value, Mapping):
        raise ConfigurationError("queries maps what is measured to PromQL", "queries")
    return {name: _as_query(str(name), one) for name, one in value.items()}


def _as_query(name: str, value: Any) -> Query:
    where = f"queries.{name[:60]}"
    if isinstance(value, Query):
        return value
    if isinstance(value, str):
        value = {"query": value}
    if not isinstance(value, Mapping):
        raise ConfigurationError("a query is PromQL, or a mapping with query, cluster_label and optional", where)
    known = [field.name for field in attrs.fields(Query)]
    for key in value:
        if key not in known:
            raise ConfigurationError(f"unknown setting {str(key)[:60]!r}{nearest(str(key)[:60], known)}", where)
    if "query" not in value:
        raise ConfigurationError("the setting 'query' is required", where)
    try:
        return Query(**value)
    except ConfigurationError as error:
        raise error.within(where) from None


def _hidden(value: Mapping[str, str]) -> str:
    return repr(dict.fromkeys(value, "***"))


@attrs.frozen(slots=True, kw_only=True)
class Query:
    """One query: PromQL whose answer is a vector with one series for each cluster.

    ``cluster_label`` is the label that names the cluster (None: the source's). What is ``optional`` may have no value
    for a cluster, such as an error rate where nobody asks for anything: then that is not reported.

    :raises ConfigurationError: for a setting that cannot work.
    """

    query: str = attrs.field(validator=_query)
    cluster_label: str | None = attrs.field(default=None, validator=_label)
    optional: bool = attrs.field(default=False, validator=_boolean)


@attrs.frozen(slots=True, kw_only=True)
class PrometheusConfig:
    """Settings of a source that asks Prometheus, or what speaks its query API (Thanos, Mimir, VictoriaMetrics).

    ``url`` is where it is, without ``/api/v1``. ``username`` and ``password``, or ``bearer_token``, or ``headers`` say
    who asks; what is in them is secret. ``queries`` has for each number of :class:`tocsin.ClusterMetrics` that is
    measured its :class:`Query`. ``cluster_label`` names the clusters in all answers. ``clusters`` are those that have
    to be there from the start. ``interval_seconds`` is from one round of queries to the next; what is not answered
    within ``timeout_seconds`` counts as failed. ``name`` is what the source is called in its own alerts (None: its host
    and port). ``labels`` go into every alert. ``thresholds`` say from where on a measurement is worth one.

    :raises ConfigurationError: for a setting that cannot work; no secret is repeated.
    """

    url: str = attrs.field(validator=_base, repr=redact_url)
    queries: Mapping[str, Any] = attrs.field(converter=_as_queries, validator=_queries)
    cluster_label: str = attrs.field(default="cluster", validator=_label)
    clusters: tuple[str, ...] = ()
    interval_seconds: float = attrs.field(default=30.0, validator=_interval)
    timeout_seconds: float = attrs.field(default=10.0, validator=attempt_timeout)
    name: str | None = None
    labels: Mapping[str, str] = attrs.field(factory=dict, validator=_labels)
    thresholds: PerformanceThresholds = attrs.field(factory=PerformanceThresholds)
    username: str | None = attrs.field(default=None, validator=_secret)
    password: str | None = attrs.field(default=None, validator=_secret, repr=hide)
    bearer_token: str | None = attrs.field(default=None, validator=_secret, repr=hide)
    headers: Mapping[str, str] = attrs.field(factory=dict, validator=http_headers, repr=_hidden)
    http: HttpOptions = attrs.field(factory=HttpOptions)

    def __attrs_post_init__(self) -> None:
        if self.timeout_seconds >= self.interval_seconds:
            raise ConfigurationError("timeout_seconds is less than interval_seconds", "timeout_seconds")
        if (self.username is None) is not (self.password is None):
            raise ConfigurationError("a username and its password go together", "username")
        if self.username is not None and ":" in self.username:
            raise ConfigurationError("a username has no colon in it", "username")
        ways = [
            self.username is not None,
            self.bearer_token is not None,
            bool(httpx.URL(self.url).userinfo),
            any(name.lower() == "authorization" for name in self.headers),
        ]
        if sum(ways) > 1:
            raise ConfigurationError("who asks is said in one way: username, bearer_token, url or headers", "username")

    @property
    def called(self) -> str:
        """What the source is called in its own alerts and gaps."""
        if self.name:
            return self.name
        url = httpx.URL(self.url)
        return url.netloc.decode("ascii")

    def authorization(self) -> Mapping[str, str]:
        """Return the headers that say who asks."""
        if self.bearer_token is not None:
            return {"Authorization": f"Bearer {self.bearer_token}"}
        if self.username is not None and self.password is not None:
            request = httpx.Request("GET", self.url)
            next(httpx.BasicAuth(self.username, self.password).auth_flow(request))
            return {"Authorization": request.headers["Authorization"]}
        return {}

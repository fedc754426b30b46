"""The collector: a round of queries, and of each cluster one measurement of what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Final, Self

import anyio
import anyio.to_thread
import attrs
import httpx

from tocsin import Clock, ClusterMetrics, Outcome, SystemClock
from tocsin.http import HttpSender, outcome_of
from tocsin_prometheus.answer import Answer, read_answer
from tocsin_prometheus.settings import PrometheusConfig, Query

__all__ = ["NothingAnswered", "PrometheusCollector", "Round"]

ANSWER_BYTES: Final = 4 * 1024 * 1024
"""Of one answer: some thirty thousand series."""

MOST_CLUSTERS: Final = 1000
"""That one collector ever reports: a label that names pods instead of clusters would have no end of them."""

_AT_ONCE: Final = 4
_SHOWN_BYTES: Final = 4096


class NothingAnswered(Exception):
    """None of the queries was answered with anything that could be used."""


@attrs.frozen(slots=True)
class Round:
    """What one round of queries brought, by field; ``crowded_out`` are clusters beyond :data:`MOST_CLUSTERS`."""

    answers: Mapping[str, Answer]
    crowded_out: frozenset[str] = frozenset()

    @property
    def failed(self) -> bool:
        """Whether none of the queries has numbers."""
        return all(answer.failed is not None for answer in self.answers.values())

    def measured(self) -> Mapping[str, Mapping[str, float]]:
        """Return what was measured of each cluster that is watched."""
        found: dict[str, dict[str, float]] = {}
        for field, answer in self.answers.items():
            for cluster, number in answer.values.items():
                if cluster not in self.crowded_out:
                    found.setdefault(cluster, {})[field] = number
        return found


class PrometheusCollector:
    """Asks all queries in one round, and returns one :class:`tocsin.ClusterMetrics` for each cluster that has a number.

    A query that fails takes nothing from the others. ``async with`` keeps connections open between rounds.

    :param clock: what the round's time is counted by.
    :param told: called with each round, when it is over.
    """

    def __init__(
        self,
        config: PrometheusConfig,
        *,
        clock: Clock | None = None,
        told: Callable[[Round], None] = lambda told: None,
    ) -> None:
        self._config = config
        self._clock: Clock = clock or SystemClock()
        self._told = told
        secrets = [secret for secret in (config.password, config.bearer_token) if secret]
        self._sender = HttpSender(secrets=secrets, options=config.http, answer_bytes=ANSWER_BYTES)
        self._url = f"{config.url.rstrip('/')}/api/v1/query"
        self._headers = {"Accept": "application/json", **config.headers, **config.authorization()}
        self._evaluated: dict[str, float] = {}
        self._clusters: set[str] = set()

    async def collect(self) -> list[ClusterMetrics]:
        """Ask once.

        :raises NothingAnswered: when no query was answered.
        """
        config = self._config
        answers: dict[str, Answer] = {}
        limiter = anyio.CapacityLimiter(_AT_ONCE)

        async def ask(field: str, query: Query) -> None:
            async with limiter:
                answers[field] = self._new(field, await self._answer(field, query))

        with self._clock.move_on_after(config.timeout_seconds):
            async with anyio.create_task_group() as tasks:
                for field, query in config.queries.items():
                    tasks.start_soon(ask, field, query)
        late = Answer(failed=f"no answer within {config.timeout_seconds:g} s")
        over = self._admitted({field: answers.get(field, late) for field in config.queries})
        self._told(over)
        if over.failed:
            raise NothingAnswered
        return [self._metrics(cluster, numbers) for cluster, numbers in over.measured().items()]

    def _admitted(self, answers: Mapping[str, Answer]) -> Round:
        """Return the round, with no more clusters than may be."""
        new = sorted(Round(answers).measured().keys() - self._clusters)
        room = MOST_CLUSTERS - len(self._clusters)
        self._clusters.update(new[:room])
        return Round(answers, frozenset(new[room:]))

    def _metrics(self, cluster: str, numbers: Mapping[str, float]) -> ClusterMetrics:
        return ClusterMetrics(cluster, labels=self._config.labels, **numbers)  # type: ignore[arg-type]  # names of numbers

    async def _answer(self, field: str, query: Query) -> Answer:
        """Ask one query."""
        contents: list[bytes] = []

        def judge(response: httpx.Response) -> Outcome:
            if response.status_code == httpx.codes.OK:
                contents.append(response.content)
                return Outcome.delivered()
            return outcome_of(_beginning(response))

        milliseconds = max(1, round(self._config.timeout_seconds * 1000))
        form = {"query": query.query, "timeout": f"{milliseconds}ms"}
        outcome = await self._sender.send(httpx.Request("POST", self._url, headers=self._headers, data=form), judge)
        if not outcome.success or not contents:
            return Answer(failed=outcome.detail)
        label = query.cluster_label or self._config.cluster_label
        return await anyio.to_thread.run_sync(
            read_answer, contents[0], field, label, limiter=anyio.CapacityLimiter(1), abandon_on_cancel=True
        )

    def _new(self, field: str, answer: Answer) -> Answer:
        """Return *answer*, unless it is an old one that somebody on the way has kept: its instant does not move on."""
        before = self._evaluated.get(field)
        if answer.at is None:
            return answer
        self._evaluated[field] = answer.at
        if before is not None and answer.at <= before:
            return Answer(failed="the answer is an old one: it was evaluated no later than the last")
        return answer

    async def __aenter__(self) -> Self:
        await self._sender.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._sender.__aexit__(kind, error, trace)


def _beginning(response: httpx.Response) -> httpx.Response:
    """Return *response* with as much of its body as an outcome shows: all of it would take long to look through."""
    return httpx.Response(
        response.status_code,
        headers=response.headers,
        content=response.content[:_SHOWN_BYTES],
        request=response.request,
    )

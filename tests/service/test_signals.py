"""A signal's handler that calls the service amid a commit: it is refused, and what was under way holds."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.service.scripted import alert

from tocsin import AlertFired, Checkpoint, Entry, FederationAlertingService, SqliteStore, StoreError
from tocsin.runtime import saver


class _Signalled(SqliteStore):
    """A file; a signal comes amid what *amid* names, once what it does is done."""

    amid = ""

    def commit(self, entry: Entry) -> None:
        """Keep it."""
        super().commit(entry)
        self._signal("commit")

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        """Keep it."""
        super().checkpoint(checkpoint)
        self._signal("checkpoint")

    def _signal(self, amid: str) -> None:
        if self.amid == amid:
            self.amid = ""
            signal.raise_signal(signal.SIGINT)


@pytest.fixture
def _handlers() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_handlers")
@pytest.mark.parametrize("amid", ["commit", "checkpoint"])
def test_a_handler_that_commits_amid_a_step_takes_nothing_away(
    amid: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saver, "_RECORDS", 1)
    store = _Signalled(tmp_path / "tocsin.db")
    alerting = FederationAlertingService(store=store, seed=1)
    refused: list[str] = []

    def handle(number: int, frame: object) -> None:
        try:
            alerting.note("a1", "ada", "a signal came")
        except StoreError as error:
            refused.append(str(error))

    signal.signal(signal.SIGINT, handle)
    alerting._commit((AlertFired(alert("a1")),))
    store.amid = amid
    alerting._commit((AlertFired(alert("a2")),))
    assert len(refused) == 1
    assert "is under way" in refused[0]
    assert alerting.note("a2", "ada", "once it is over"), "it is taken in again"
    live = alerting.get_active_alerts()
    store.close()
    again = FederationAlertingService(store=SqliteStore(store.path), seed=1)
    assert again.get_active_alerts() == live
    assert [one.alert_id for one in live] == ["a1", "a2"]
    again._writer.close()

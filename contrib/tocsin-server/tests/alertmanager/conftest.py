"""Alertmanager and the daemon are started once for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from both_servers import Both, running_both


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Alertmanager and the daemon, with the same configuration and the same alerts."""
    with running_both(tmp_path_factory.mktemp("both")) as made:
        yield made

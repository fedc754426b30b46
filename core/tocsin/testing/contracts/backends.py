"""The contract of backends. A plugin's tests inherit it::

    from tocsin.testing.contracts import BackendContract
    from tocsin.testing.http_receiver import HttpReceiver

    class TestPager(BackendContract):
        backend = "pager"
        secrets = ("s3cret-t0ken",)

        def open_receiver(self):
            return HttpReceiver()

        def settings(self, receiver):
            return {"url": f"{receiver.url}/push", "token": "s3cret-t0ken"}

Nothing leaves the machine. Asynchronous tests run on the event loops of the fixture ``anyio_backend``. What the service
or its protocol cannot do is exempted by name, with the reason (see ``exempt``).
"""

from __future__ import annotations

from tocsin.testing.contracts.backend_content import ContentContract
from tocsin.testing.contracts.backend_life import LifeContract
from tocsin.testing.contracts.backend_outcomes import OutcomesContract
from tocsin.testing.contracts.backend_secrets import SecretsContract

__all__ = ["BackendContract"]


class BackendContract(OutcomesContract, ContentContract, SecretsContract, LifeContract):
    """What any backend owes to a service; ``BackendTests`` has what may be said besides."""

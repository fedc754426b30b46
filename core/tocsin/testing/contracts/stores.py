"""The contract of stores. A plugin's tests inherit it::

    from tocsin.testing.contracts import StoreContract

    class TestDrawerStore(StoreContract):
        def open_store(self, place):
            return DrawerStore(place / "drawer")

Every test gets a fresh folder. What a store cannot do is exempted by name, with the reason (see ``exempt``).
"""

from __future__ import annotations

from tocsin.testing.contracts.store_faults import FaultsContract
from tocsin.testing.contracts.store_journal import JournalContract
from tocsin.testing.contracts.store_records import RecordsContract

__all__ = ["StoreContract"]


class StoreContract(JournalContract, RecordsContract, FaultsContract):
    """What any store owes to a service. Implement ``open_store``; ``StoreTests`` has what else may be said."""

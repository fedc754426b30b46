"""Contract suites: what every plugin of a kind is held to. Inherit from one in a test module, and pytest runs it."""

from tocsin.testing.contracts.backends import BackendContract
from tocsin.testing.contracts.sample import STRANGE, entry
from tocsin.testing.contracts.stores import StoreContract

__all__ = ["STRANGE", "BackendContract", "StoreContract", "entry"]

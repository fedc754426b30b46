"""Contract suites: what every plugin of a kind is held to. Inherit from one in a test module, and pytest runs it."""

from tocsin.testing.contracts.aggregators import AggregatorContract
from tocsin.testing.contracts.backends import BackendContract
from tocsin.testing.contracts.matchers import MatcherContract
from tocsin.testing.contracts.renderers import RendererContract
from tocsin.testing.contracts.sample import STRANGE, entry
from tocsin.testing.contracts.schedulers import SchedulerContract
from tocsin.testing.contracts.stores import StoreContract

__all__ = [
    "STRANGE",
    "AggregatorContract",
    "BackendContract",
    "MatcherContract",
    "RendererContract",
    "SchedulerContract",
    "StoreContract",
    "entry",
]

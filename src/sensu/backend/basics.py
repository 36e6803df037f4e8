"""The objects that every part of a backend is built from."""

from dataclasses import dataclass

from sensu.backend.metrics import BackendMetrics
from sensu.backend.settings import BackendSettings
from sensu.clock import Clock
from sensu.store.contract import Store
from sensu.store.resource_cache import ResourceCache


@dataclass(frozen=True, slots=True)
class Basics:
    """The store, its cached resources (`records`), the clock, the settings and the metrics of a backend."""

    store: Store
    records: ResourceCache
    clock: Clock
    settings: BackendSettings
    metrics: BackendMetrics

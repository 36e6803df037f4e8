"""Puts the parts of pipelined together."""

from typing import NamedTuple

from sensu.backend.pipelined.daemon import Counters, Pipelined
from sensu.backend.pipelined.desk import Desk
from sensu.backend.pipelined.steps.dry_run import DryRuns
from sensu.backend.pipelined.steps.filters import Filters
from sensu.backend.pipelined.steps.handlers import Handlers
from sensu.backend.pipelined.steps.mutators import Mutators
from sensu.backend.pipelined.steps.other_events import OtherEvents
from sensu.backend.pipelined.steps.runtime_assets import Cache, RuntimeAssets
from sensu.backend.pipelined.steps.scripts import Scripts
from sensu.backend.pipelined.steps.workflows import Workflows
from sensu.backend.secrets import Secrets
from sensu.clock import Clock
from sensu.resources.entity import Entity
from sensu.rules.share import WHOLE, Share
from sensu.store.contract import Store
from sensu.store.resource_cache import ResourceCache


class Assembled(NamedTuple):
    """The daemon, and what the API asks it through."""

    daemon: Pipelined
    desk: Desk


def assembled(
    store: Store,
    records: ResourceCache,
    fetched: Cache,
    scripts: Scripts,
    host: Entity,
    counters: Counters,
    clock: Clock,
    share: Share = WHOLE,
) -> Assembled:
    """The daemon over a share of a store; `fetched` keeps the assets for `host`, `scripts` evaluates JavaScript."""
    assets = RuntimeAssets(records, fetched, host)
    others = OtherEvents(store)
    secrets = Secrets(records)
    mutators = Mutators(records, scripts.mutators, assets, secrets, clock)
    workflows = Workflows(
        records,
        Filters(records, assets, clock, scripts.filters, others),
        mutators,
        Handlers(assets, secrets, clock),
    )
    daemon = Pipelined(store, workflows, counters, clock, share=share)
    return Assembled(daemon, Desk(daemon, workflows, DryRuns(records, assets, clock, scripts.dry_runs, others)))

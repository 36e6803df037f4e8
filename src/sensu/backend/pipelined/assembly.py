"""Puts the parts of pipelined together."""

import contextlib
import random
from collections.abc import Callable
from concurrent.futures import Executor
from typing import NamedTuple

from sensu.backend.auth.access import Access
from sensu.backend.basics import Basics
from sensu.backend.membership import ALONE, Ownership
from sensu.backend.pipelined.daemon import DeliveryCounters, Pipelined
from sensu.backend.pipelined.queue.bounds import Bounds
from sensu.backend.pipelined.steps.dry_run import DryRuns
from sensu.backend.pipelined.steps.filter_bench import FilterBench
from sensu.backend.pipelined.steps.filters import Filters
from sensu.backend.pipelined.steps.handler_tests import HandlerTests
from sensu.backend.pipelined.steps.handlers.deliver import Tools
from sensu.backend.pipelined.steps.handlers.pools import Pools, PoolTools
from sensu.backend.pipelined.steps.handlers.table import Handlers
from sensu.backend.pipelined.steps.messages import Messages
from sensu.backend.pipelined.steps.mutators import Mutators
from sensu.backend.pipelined.steps.other_events import OtherEvents
from sensu.backend.pipelined.steps.runtime_assets import Cache, RuntimeAssets
from sensu.backend.pipelined.steps.scripts import Scripts
from sensu.backend.pipelined.steps.workflows import Workflows
from sensu.backend.ports import OfferedDeliveries
from sensu.backend.secrets.resolver import Secrets
from sensu.execution.asset_filters import AssetFilters
from sensu.execution.assets import AssetCache, Observe
from sensu.notify.sender_process import SenderProcess
from sensu.resources.entity import Entity
from sensu.rules.explain import WorkflowTrace


class Assembled(NamedTuple):
    """The daemon, and what it offers the API."""

    daemon: Pipelined
    deliveries: OfferedDeliveries


def opened_assets(basics: Basics, files: Executor, observe: Observe, stack: contextlib.AsyncExitStack) -> AssetCache:
    """The assets of filters, mutators and handlers, fetched and unpacked by `files`; `observe` times the stages."""
    settings, clock = basics.settings, basics.clock
    filters = AssetFilters(clock)
    stack.callback(filters.close)
    fetched = AssetCache(
        settings.cache_dir,
        files,
        filters,
        rate_per_s=settings.assets_rate_limit,
        burst=settings.assets_burst_limit,
        trusted_ca_file=settings.trusted_ca_file,
        clock=clock,
        observe=observe,
    )
    stack.push_async_callback(fetched.close)
    return fetched


def assembled(
    basics: Basics,
    fetched: Cache,
    scripts: Scripts,
    secrets: Secrets,
    access: Access,
    host: Entity,
    counters: DeliveryCounters,
    ownership: Ownership = ALONE,
    attempted: Callable[[str, WorkflowTrace], None] = lambda *_: None,
    messages: Messages | None = None,
    bounds: Bounds | None = None,
    roll: Callable[[], float] = random.random,
) -> Assembled:
    """The daemon; `fetched` keeps assets for `host`, `scripts` evaluates JavaScript; see `Pipelined` for the rest.

    `access` decides which other events filters can read.
    """
    records, clock = basics.records, basics.clock
    assets = RuntimeAssets(records, fetched, host)
    others = OtherEvents(basics.store, access)
    mutators = Mutators(records, scripts.mutators, assets, secrets, clock)
    messages = messages or Messages(SenderProcess(), basics.store, clock)
    pools = Pools(PoolTools(clock, roll, basics.settings.trusted_ca_file))
    tools = Tools(assets, secrets, clock, messages, pools)
    handlers, web_url = Handlers(tools), basics.settings.dashboard_url.rstrip("/")
    filters = Filters(records, assets, clock, scripts.filters, others)
    workflows = Workflows(records, filters, mutators, handlers, web_url)
    daemon = Pipelined(basics.store, workflows, counters, clock, bounds, roll, ownership, attempted)
    dry_runs = DryRuns(records, assets, clock, scripts.dry_runs, others)
    bench = FilterBench(records, assets, clock, scripts.dry_runs, others)
    tests = HandlerTests(records, mutators, handlers, tools, web_url)
    return Assembled(daemon, OfferedDeliveries(daemon.operators, workflows, daemon.traces, dry_runs, bench, tests))

"""The program `sensu-agent`."""

import asyncio
import contextlib
import logging
import math
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import version as installed_version
from typing import Any

from sensu import open_files, systemd
from sensu.agent import allow_list, settings
from sensu.agent.api import LocalAPI
from sensu.agent.check_run import CheckRuns
from sensu.agent.connection import BackendConnection, Parts
from sensu.agent.counters import AgentCounters
from sensu.agent.entity import OwnEntity
from sensu.agent.http_server import HTTPServer
from sensu.agent.journal import open_journal
from sensu.agent.outbox import Outbox
from sensu.agent.paced_queue import PacedQueue
from sensu.agent.runner import Runner
from sensu.agent.settings import AgentSettings
from sensu.agent.socket_listener import SocketListener
from sensu.agent.statsd import Flush, StatsDServer
from sensu.agent.tls import client_context
from sensu.clock import Clock, SystemClock
from sensu.errors import AddressUnavailable, ConfigurationError, ConfigurationFileError, SensuError, system_reason
from sensu.execution import system_facts
from sensu.execution.asset_cleanup import CacheBounds
from sensu.execution.asset_filters import AssetFilters
from sensu.execution.assets import AssetCache
from sensu.log import LEVELS, configure, fields
from sensu.rules.spelling import did_you_mean
from sensu.settings import HelpText
from sensu.tls import require_fips

log = logging.getLogger("sensu.agent")

FACTS_INTERVAL_S = 20
FINISH_S = 1.0
"""How long running checks may continue when the agent stops, before they are killed."""
SEND_REST_S = 1.0
"""How long the agent then waits for events to be sent and acknowledged; others stay in the journal."""

BackgroundWork = Callable[[], Coroutine[Any, Any, object]]
_LEVEL_CYCLE = ("error", "warn", "info", "debug", "trace")

COMMANDS = ("doctor", "help", "start", "version")
USAGE = """The agent of Sensu in Python: runs the checks of this host.

Usage:
  sensu-agent start [flags]
  sensu-agent doctor [flags]
  sensu-agent version
  sensu-agent help [command]
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `sensu-agent` and exit."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return the exit status."""
    words = list(arguments)
    command = words.pop(0) if words and not words[0].startswith("-") else "help"
    if command == "help" and words[:1] in (["start"], ["doctor"]):
        command, words = words[0], ["--help"]
    match command:
        case "start":
            return start(words)
        case "doctor":
            from sensu.agent.doctor import doctor  # noqa: PLC0415 - only this command

            return doctor(words, os.environ, sys.stdout, SystemClock())
        case "version":
            print(f"sensu-agent version {version()}")
        case "help":
            print(USAGE, end="")
        case _:
            configure("error")
            meant = did_you_mean(command, COMMANDS)
            return _fatal(ConfigurationError(f'unknown command "{command}" for "sensu-agent"{meant}'))
    return 0


def version() -> str:
    """The version of this program."""
    return installed_version("sensu")


def start(arguments: Sequence[str]) -> int:
    """Run an agent until a signal stops it, and return the exit status."""
    try:
        remarks: list[str] = []
        read = settings.read(arguments, os.environ, remarks.append)
        configure(read.log_level)
        for line in remarks:
            log.warning(line)
        if read.require_fips:
            require_fips()
        open_files.raise_limit()
        agent_allow_list = allow_list.load(read.allow_list)
        _run_loop(Agent(read, agent_allow_list, SystemClock()))
    except HelpText as asked:
        print(asked, end="")
    except SensuError as error:
        configure("error")
        return _fatal(error)
    return 0


def _fatal(error: SensuError) -> int:
    what = "error executing sensu-agent"
    if isinstance(error, ConfigurationFileError):
        what = "error handling agent config"
    elif isinstance(error, AddressUnavailable):
        what = "the agent API has crashed"
    log.critical(what, extra=fields(error=str(error)))
    return 1


def _run_loop(agent: "Agent") -> None:
    try:
        import uvloop  # noqa: PLC0415 - missing on some platforms
    except ImportError:
        asyncio.run(agent.run())
    else:
        uvloop.run(agent.run())


class Agent:
    """An agent with all its parts."""

    def __init__(self, read: AgentSettings, allowed: allow_list.AllowList, clock: Clock) -> None:
        self._settings, self._clock, self._allowed = read, clock, allowed
        self.counters = AgentCounters(version())
        self.entity = OwnEntity(read, version())
        self._level = read.log_level
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Make `run` return."""
        self._stopping.set()

    async def run(self) -> None:
        """Run until SIGINT or SIGTERM, then stop everything; raises SensuError if the agent cannot start."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGUSR1, self._next_level)
        with (
            ThreadPoolExecutor(1, thread_name_prefix="facts") as facts,
            ThreadPoolExecutor(2, thread_name_prefix="files") as files,
        ):
            async with contextlib.AsyncExitStack() as stack:
                await self._serve(stack, facts, files)

    def _next_level(self) -> None:
        """Switch to the next, more detailed log level; after the last, to errors only."""
        at = _LEVEL_CYCLE.index(self._level) + 1 if self._level in _LEVEL_CYCLE else 0
        self._level = _LEVEL_CYCLE[at % len(_LEVEL_CYCLE)]
        log.warning(f"set log level to {self._level}")
        logging.getLogger("sensu").setLevel(LEVELS[self._level])

    async def _serve(
        self, stack: contextlib.AsyncExitStack, facts: ThreadPoolExecutor, files: ThreadPoolExecutor
    ) -> None:
        read = self._settings
        outbox = self._open_outbox(stack, "events")
        filters = AssetFilters()
        stack.callback(filters.close)
        assets = AssetCache(
            read.cache_dir,
            files,
            filters,
            rate_per_s=read.assets_rate_limit,
            burst=read.assets_burst_limit,
            trusted_ca_file=read.trusted_ca_file,
            bounds=CacheBounds(read.assets_cleanup_max_age, read.assets_max_bytes),
            clock=self._clock,
        )
        stack.push_async_callback(assets.close)
        runner = Runner(self.entity, self._allowed, assets, files, self._clock, disable_assets=read.disable_assets)
        runs = CheckRuns(read, self.entity, outbox, runner, self._clock, self.counters)
        stack.push_async_callback(runs.stop)
        parts = Parts(read, self.entity, outbox, runs.accept, self._clock, self.counters)
        client_context(read)
        connection = BackendConnection(parts, partial(client_context, read))
        await self._collect_facts(facts)
        works: list[BackgroundWork] = [
            connection.run,
            partial(self._refresh_facts, facts),
            partial(systemd.stay_alive, self._clock),
        ]
        works.append(partial(self._until_stopped, runs, connection))
        if read.assets_cleanup_interval > 0:
            works.append(partial(assets.clean_at_intervals, read.assets_cleanup_interval))
        works += await self._open_statsd(stack, outbox)
        works += await self._open_api(stack, outbox, connection)
        await self._open_sockets(stack, outbox)
        log.info("starting", extra=fields(name=read.name, namespace=read.namespace, version=version()))
        systemd.notify(systemd.READY)
        await _first_ends(works)

    async def _until_stopped(self, runs: CheckRuns, connection: BackendConnection) -> None:
        """Wait for `stop`, then give running checks and unsent events a short time to finish."""
        await self._stopping.wait()
        systemd.notify(systemd.STOPPING)
        log.info("stopping")
        await runs.finish(FINISH_S)
        await connection.sent_all(SEND_REST_S)

    def _open_outbox(self, stack: contextlib.AsyncExitStack, name: str) -> Outbox:
        """A queue of events, on disk unless the settings disable the journal."""
        read, counters = self._settings, self.counters
        age_max_s = read.journal_max_age or math.inf
        folder, journal = read.journal_folder, None
        if folder is not None:
            journal = open_journal(folder / name, read.journal_max_bytes, age_max_s, counters.lost, self._clock)
        if journal is not None:
            stack.callback(journal.close)
        outbox = Outbox(self._clock, counters, journal, age_max_s=age_max_s)
        counters.observe(f"sensu_agent_{name}_waiting", f"Events that wait to be sent, queue {name}", outbox.__len__)
        return outbox

    async def _open_api(
        self, stack: contextlib.AsyncExitStack, outbox: Outbox, connection: BackendConnection
    ) -> list[BackgroundWork]:
        """Open the local API; raises AddressUnavailable."""
        read = self._settings
        if read.disable_api:
            return []
        waiting = self._open_outbox(stack, "api")
        queue = PacedQueue(outbox, waiting, read.events_rate_limit, read.events_burst_limit, self._clock)
        api = LocalAPI(self.entity, queue.offer, lambda: connection.is_up, self.counters, version(), self._clock)
        server = HTTPServer(api.handle, self._clock)
        try:
            await server.listen(read.api_host, read.api_port)
        except OSError as error:
            raise AddressUnavailable(_why_not("tcp", read.api_host, read.api_port, error)) from error
        stack.push_async_callback(server.close)
        return [queue.run]

    async def _open_sockets(self, stack: contextlib.AsyncExitStack, outbox: Outbox) -> None:
        """Open the TCP and UDP sockets; if their address cannot be used, the agent runs without them."""
        read = self._settings
        if read.disable_sockets:
            return
        listener = SocketListener(self.entity, outbox.offer, self._clock)
        stack.push_async_callback(listener.close)
        try:
            await listener.listen(read.socket_host, read.socket_port)
        except OSError as error:
            why = _why_not("tcp", read.socket_host, read.socket_port, error)
            log.error("unable to start socket listeners", extra=fields(error=why))

    async def _open_statsd(self, stack: contextlib.AsyncExitStack, outbox: Outbox) -> list[BackgroundWork]:
        """Open the StatsD server; if its address cannot be used, the agent runs without it."""
        read = self._settings
        if read.statsd_disable:
            return []
        flush = Flush(read.statsd_flush_interval, read.statsd_event_handlers)
        server = StatsDServer(self.entity, outbox.offer, flush, self.counters, self._clock)
        stack.push_async_callback(server.close)
        try:
            await server.listen(read.statsd_metrics_host, read.statsd_metrics_port)
        except OSError as error:
            host, port = read.statsd_metrics_host, read.statsd_metrics_port
            log.error(
                f"statsd listener failed on {host}:{port}", extra=fields(error=_why_not("udp", host, port, error))
            )
            return []
        return [server.run]

    async def _collect_facts(self, executor: ThreadPoolExecutor) -> None:
        read = self._settings
        self.entity.system = await asyncio.get_running_loop().run_in_executor(
            executor,
            lambda: system_facts.collect(networks=not read.strip_networks, cloud=read.detect_cloud_provider),
        )

    async def _refresh_facts(self, executor: ThreadPoolExecutor) -> None:
        while True:
            await self._clock.sleep(FACTS_INTERVAL_S)
            try:
                await self._collect_facts(executor)
            except Exception:
                log.exception("facts about the host could not be collected")


def _why_not(protocol: str, host: str, port: int, error: OSError) -> str:
    """Why an address cannot be used, in the reference's wording; uvloop keeps the reason in the error's cause."""
    cause = error.__cause__ if isinstance(error.__cause__, OSError) and not error.errno else error
    return f"listen {protocol} {host}:{port}: bind: {system_reason(cause)}"


async def _first_ends(works: Sequence[BackgroundWork]) -> None:
    """Run all until one ends, then cancel the others; raises its error, if any."""
    tasks = [asyncio.create_task(work()) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    main()

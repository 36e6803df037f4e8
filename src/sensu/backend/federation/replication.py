"""Runs the replicators: each mirrors the resources of a type in another cluster.

One member does so for all. How each run ended is an event of the proxy entity `etcd-replicators`.
"""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import msgspec

from sensu.backend.auth.sealing import Sealing
from sensu.backend.auth.seeds import SYSTEM_NAMESPACE
from sensu.backend.basics import Basics
from sensu.backend.federation.other_cluster import OtherCluster
from sensu.backend.outgoing import ServerOutOfReach
from sensu.backend.ports import IncomingEvent, Intake
from sensu.errors import StoreError
from sensu.log import fields
from sensu.resources.documents import encoded
from sensu.resources.federation import EtcdReplicator
from sensu.resources.kinds import ETCD_REPLICATOR, NAMESPACE, Kind, name_of, namespace_of
from sensu.rules import replication as rules
from sensu.rules.replication import ReplicationReport
from sensu.store.values import EventKey, Key

log = logging.getLogger("sensu.federation")

AT_ONCE_MAX = 4
"""How many replicators run at the same time; others wait."""
WITHDRAWALS_MAX = 10
"""How often the backend tries to delete what a deleted replicator has created, once an interval."""
LOOK_EVERY_S = 1.0


class Replication:
    """Runs the replicators of this cluster, whose UUID is `cluster_id`."""

    def __init__(self, basics: Basics, sealing: Sealing, intake: Intake, cluster_id: str) -> None:
        self._records, self._clock = basics.records, basics.clock
        self._sealing, self._intake = sealing, intake
        self._cluster_id, self._trusted_ca_file = cluster_id, basics.settings.trusted_ca_file
        self._room = asyncio.Semaphore(AT_ONCE_MAX)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._changed: dict[str, asyncio.Event] = {}

    async def run(self) -> None:
        """Run all replicators, until cancelled."""
        stop = self._records.subscribe(ETCD_REPLICATOR, self._note)
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    for replicator in self._records.list(ETCD_REPLICATOR):
                        name = replicator.metadata.name
                        if name not in self._running:
                            self._changed[name] = asyncio.Event()
                            self._running[name] = group.create_task(self._follow(name), name=f"replicator {name}")
                    await self._clock.sleep(LOOK_EVERY_S)
        finally:
            stop()
            self._running.clear()
            self._changed.clear()

    def _note(self, key: Key, replicator: Any) -> None:
        if key.name in self._changed:
            self._changed[key.name].set()

    async def _follow(self, name: str) -> None:
        """Run one replicator every interval and when it changes, until it is deleted."""
        before: EtcdReplicator | None = None
        changed = self._changed[name]
        while True:
            changed.clear()
            replicator: EtcdReplicator | None = self._records.get(ETCD_REPLICATOR, "", name)
            if before is not None and (replicator is None or _goal(replicator) != _goal(before)):
                await self._withdraw(before, WITHDRAWALS_MAX if replicator is None else 1)
                before = None
                continue
            if replicator is None:
                break
            before = replicator
            async with self._room:
                await self._tell(replicator, await self._mirrored(replicator))
            await self._wait(changed, replicator.replication_interval_seconds)
        del self._running[name], self._changed[name]
        await self._forget(name)

    async def _wait(self, changed: asyncio.Event, seconds: float) -> None:
        """Return after some seconds, or when the replicator is changed."""
        waiting = [asyncio.ensure_future(changed.wait()), asyncio.ensure_future(self._clock.sleep(seconds))]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()

    async def _mirrored(self, replicator: EtcdReplicator, *, empty: bool = False) -> ReplicationReport:
        """Make the other cluster like this one, or as if this one were empty, as far as it can be reached."""
        report = ReplicationReport()
        try:
            kind, other = await self._opened(replicator)
            there = await _there(other, kind, replicator)
            source = () if empty else self._own(kind, replicator.namespace)
            await _carry_out(rules.plan(source, there, self._creator(replicator)), other, kind, report)
        except ServerOutOfReach as err:
            report.out_of_reach = str(err)
        except Exception:
            log.exception("a replicator failed", extra=_described(replicator))
            report.out_of_reach = "an unexpected error, which is in the log of the backend"
        return report

    async def _withdraw(self, replicator: EtcdReplicator, attempts: int) -> None:
        """Delete what a replicator has created in the other cluster."""
        if rules.obstacle(replicator) is not None:
            return
        why = ""
        for attempt in range(attempts):
            if attempt:
                await self._clock.sleep(replicator.replication_interval_seconds)
            async with self._room:
                report = await self._mirrored(replicator, empty=True)
            why = report.out_of_reach or "; ".join(report.failures[: rules.FAILURES_SHOWN_MAX])
            if not why:
                return
        log.error("what a replicator has created was not deleted", extra=_described(replicator, error=why))

    async def _opened(self, replicator: EtcdReplicator) -> tuple[Kind, OtherCluster]:
        why = rules.obstacle(replicator)
        kind = rules.kind_of(replicator)
        if why is not None or kind is None:
            raise ServerOutOfReach(why or "")
        other = OtherCluster(replicator, self._trusted_ca_file)
        await other.open()
        return kind, other

    def _own(self, kind: Kind, namespace: str) -> Iterator[dict[str, Any]]:
        """The resources of a kind in this cluster, except for those of the backends themselves."""
        for resource in self._records.list(kind, namespace or None if kind.namespaced else None):
            place = namespace_of(resource), name_of(resource)
            is_own = SYSTEM_NAMESPACE in (place if kind is NAMESPACE else place[:1])
            if not is_own and place[1] not in kind.built_in:
                yield msgspec.json.decode(encoded(kind, self._sealing.with_values(resource)))

    def _creator(self, replicator: EtcdReplicator) -> str:
        return f"{self._cluster_id}/{replicator.metadata.name}"

    async def _tell(self, replicator: EtcdReplicator, report: ReplicationReport) -> None:
        """Send the event that says how a run ended."""
        event = rules.event_of(replicator, report, SYSTEM_NAMESPACE, str(uuid4()), self._clock.now())
        if not self._intake.offer(IncomingEvent(event)):
            log.warning("an event about a replicator was not stored", extra=_described(replicator))

    async def _forget(self, name: str) -> None:
        try:
            await self._intake.remove(EventKey(SYSTEM_NAMESPACE, rules.ENTITY, name))
        except StoreError as err:
            log.warning("the event of a replicator was not deleted", extra=fields(replicator=name, error=str(err)))


async def _there(
    other: OtherCluster, kind: Kind, replicator: EtcdReplicator
) -> dict[tuple[str, str], rules.TargetResource]:
    found = {}
    async for document in other.resources(kind, replicator.namespace if kind.namespaced else ""):
        found[rules.name_of_document(document)] = rules.seen(document)
    return found


async def _carry_out(found: rules.ReplicationPlan, other: OtherCluster, kind: Kind, report: ReplicationReport) -> None:
    report.resources = found.resources
    for place, document in found.create.items():
        report.created += _noted(report, place, await other.put(kind, place, document, is_new=True))
    for place, document in found.replace.items():
        done = _noted(report, place, await other.put(kind, place, document, is_new=False))
        report.replaced += done
        report.replaced_local += done and place in found.local
    for place in found.delete:
        report.deleted += _noted(report, place, await other.delete(kind, place))


def _noted(report: ReplicationReport, place: tuple[str, str], why: str) -> bool:
    """Whether a change succeeded; the report gets the reason if it did not."""
    if why:
        report.failures.append(f"{'/'.join(part for part in place if part)}: {why}")
    return not why


def _goal(replicator: EtcdReplicator) -> tuple[str, ...]:
    """What a replicator mirrors, and where; with another goal, it is another replicator."""
    return replicator.url, replicator.api_version, replicator.resource, replicator.namespace


def _described(replicator: EtcdReplicator, **more: Any) -> dict[str, Any]:
    """The fields that name a replicator in the log, and more of them."""
    return fields(replicator=replicator.metadata.name, **more)

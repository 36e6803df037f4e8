"""The rules of replicators.

Source: docs, "Etcd replicators reference": definitions that cannot work are accepted. The notice says what is wrong.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from sensu.resources.federation import EtcdReplicator
from sensu.resources.kind import CORE_V2
from sensu.rules.kinds.kind_rules import FieldProblem, KindRules
from sensu.rules.names import name_problem
from sensu.rules.replication import obstacle
from sensu.rules.selectors.selectable import NAME, Selectable, as_text, own

INTERVAL_S = 30
INTERVAL_MAX_S = 86_400


def problems(replicator: EtcdReplicator) -> Iterator[FieldProblem]:
    """The rules that a replicator breaks."""
    why = name_problem(replicator.metadata.name)
    if why is not None:
        yield FieldProblem("metadata.name", f"replicator name {why}")
    if not replicator.url:
        yield FieldProblem("url", "url must be set, for example https://sensu.example.com:8080")
    if not replicator.resource:
        yield FieldProblem("resource", "resource must be set, for example Role")
    if not 0 < replicator.replication_interval_seconds <= INTERVAL_MAX_S:
        message = f"replication_interval_seconds must be between 1 and {INTERVAL_MAX_S}"
        yield FieldProblem("replication_interval_seconds", message)


def completed(replicator: EtcdReplicator, username: str, now: float) -> EtcdReplicator:
    """The replicator with the defaults of its API version and its interval."""
    api_version = replicator.api_version or CORE_V2
    interval_s = replicator.replication_interval_seconds or INTERVAL_S
    if (api_version, interval_s) == (replicator.api_version, replicator.replication_interval_seconds):
        return replicator
    return replace(replicator, api_version=api_version, replication_interval_seconds=interval_s)


def _notice(replicator: EtcdReplicator) -> str:
    why = obstacle(replicator)
    return "" if why is None else f"stored, but nothing is replicated: {why}"


RULES = KindRules(
    problems=problems,
    completed=completed,
    selectable=Selectable("etcd_replicator", {**NAME, **own(as_text, "api_version", "namespace", "resource", "url")}),
    notice=_notice,
)

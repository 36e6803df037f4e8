"""The use cases behind the fields of the schema, which are those of the REST API."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from sensu.backend.auth.identity import Identity
from sensu.backend.federation.all_clusters import ClusterViews
from sensu.backend.services.checks import Checks
from sensu.backend.services.entities import Entities
from sensu.backend.services.events import Events
from sensu.backend.services.namespaces import Namespaces
from sensu.backend.services.resources import Resources
from sensu.backend.services.silences import Silences
from sensu.backend.services.users import Users
from sensu.clock import Clock


@dataclass(frozen=True, slots=True)
class UseCases:
    """The use cases, and the backend's health; `health` answers like `/health`, within the given seconds."""

    resources: Resources
    checks: Checks
    entities: Entities
    events: Events
    namespaces: Namespaces
    silences: Silences
    users: Users
    clock: Clock
    health: Callable[[float], Awaitable[bytes]]
    version: str
    etcd_versions: Mapping[str, str]
    clusters: Callable[[Identity], Awaitable[ClusterViews]]

"""The one table of resource kinds; the API, sensuctl and the stores read it.

Adding a kind is a file in this folder, a row here, and its validity in `rules/validity/`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sensu.resources.api_key import APIKey
from sensu.resources.asset import Asset
from sensu.resources.check import CheckConfig
from sensu.resources.entity import Entity
from sensu.resources.event import Event
from sensu.resources.event_filter import EventFilter
from sensu.resources.handler import Handler
from sensu.resources.hook import HookConfig
from sensu.resources.metadata import ObjectMeta
from sensu.resources.mutator import Mutator
from sensu.resources.namespace import Namespace
from sensu.resources.pipeline import Pipeline
from sensu.resources.role import ClusterRole, Role
from sensu.resources.role_binding import ClusterRoleBinding, RoleBinding
from sensu.resources.secret import SECRETS_V1, Secret
from sensu.resources.silenced import Silenced
from sensu.resources.tessen import TessenConfig
from sensu.resources.user import User
from sensu.resources.wire import Wire

Shape = type[Wire]


@dataclass(frozen=True, slots=True)
class Kind:
    """What is to know of one kind of resource.

    `segment` is its word in URLs and in RBAC rules, `store_prefix` its word in the reference's store keys, which
    messages show.
    """

    type: str
    shape: Shape
    segment: str
    namespaced: bool
    store_prefix: str
    api_version: str = "core/v2"

    @property
    def short_name(self) -> str:
        """The word that sensuctl takes for the kind."""
        return self.segment

    @property
    def qualified_name(self) -> str:
        """`core/v2.CheckConfig`."""
        return f"{self.api_version}.{self.type}"

    def path(self, namespace: str, name: str = "") -> str:
        """The URL path of one resource, or of the list where no name is given; neither part is percent-encoded."""
        scope = f"namespaces/{namespace}/" if self.namespaced and namespace else ""
        tail = f"/{name}" if name else ""
        return f"{root_of(self.api_version)}/{scope}{self.segment}{tail}"


def root_of(api_version: str) -> str:
    """What URLs of an API group begin with; all but `core` are the reference's commercial ones."""
    return f"/api/{api_version}" if api_version.startswith("core/") else f"/api/enterprise/{api_version}"


def _kind(shape: type[Wire], segment: str, *, namespaced: bool = True, store_prefix: str = "") -> Kind:
    return Kind(shape.__name__, shape, segment, namespaced, store_prefix or segment)


NAMESPACE = _kind(Namespace, "namespaces", namespaced=False)
CLUSTER_ROLE = _kind(ClusterRole, "clusterroles", namespaced=False, store_prefix="rbac/clusterroles")
CLUSTER_ROLE_BINDING = _kind(
    ClusterRoleBinding, "clusterrolebindings", namespaced=False, store_prefix="rbac/clusterrolebindings"
)
USER = _kind(User, "users", namespaced=False)
API_KEY = _kind(APIKey, "apikeys", namespaced=False)
TESSEN = _kind(TessenConfig, "tessen", namespaced=False)
ASSET = _kind(Asset, "assets")
CHECK = _kind(CheckConfig, "checks")
ENTITY = _kind(Entity, "entities")
EVENT = _kind(Event, "events")
EVENT_FILTER = _kind(EventFilter, "filters", store_prefix="event-filters")
HANDLER = _kind(Handler, "handlers")
HOOK = _kind(HookConfig, "hooks")
MUTATOR = _kind(Mutator, "mutators")
PIPELINE = _kind(Pipeline, "pipelines")
ROLE = _kind(Role, "roles", store_prefix="rbac/roles")
ROLE_BINDING = _kind(RoleBinding, "rolebindings", store_prefix="rbac/rolebindings")
SILENCED = _kind(Silenced, "silenced")
SECRET = Kind("Secret", Secret, "secrets", True, "secrets", SECRETS_V1)

KINDS: tuple[Kind, ...] = (
    NAMESPACE,
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    USER,
    API_KEY,
    TESSEN,
    ASSET,
    CHECK,
    ENTITY,
    EVENT,
    EVENT_FILTER,
    HANDLER,
    HOOK,
    MUTATOR,
    PIPELINE,
    ROLE,
    ROLE_BINDING,
    SILENCED,
)
"""The kinds that `sensuctl dump all` writes, in its order, so that what others need comes first."""
ALL_KINDS: tuple[Kind, ...] = (*KINDS, SECRET)
"""Every kind that is kept."""


def by_segment(segment: str) -> Kind | None:
    """The kind of a URL's resource word."""
    return _BY_SEGMENT.get(segment)


def by_type(type_name: str, api_version: str = "core/v2") -> Kind | None:
    """The kind of a wrapped resource's `type` and `api_version`."""
    return _BY_TYPE.get((api_version or "core/v2", type_name))


def _index(kinds: Iterable[Kind]) -> dict[tuple[str, str], Kind]:
    return {(kind.api_version, kind.type): kind for kind in kinds}


_BY_SEGMENT = {kind.segment: kind for kind in ALL_KINDS}
_BY_TYPE = _index(ALL_KINDS)


def name_of(resource: Any) -> str:
    """The name a resource is known by within its namespace."""
    if isinstance(resource, Namespace):
        return resource.name
    if isinstance(resource, User):
        return resource.username
    if isinstance(resource, TessenConfig):
        return "tessen"
    metadata: ObjectMeta = resource.metadata
    return metadata.name


def namespace_of(resource: Any) -> str:
    """The namespace a resource is in, empty for cluster-wide ones."""
    metadata: ObjectMeta | None = getattr(resource, "metadata", None)
    return metadata.namespace if metadata is not None else ""

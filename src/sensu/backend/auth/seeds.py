"""The resources that a new cluster and a new namespace start with.

Source: recorded scenarios rbac-builtin, roles-lifecycle, rolebindings-lifecycle.
"""

from collections.abc import Sequence

from sensu.backend.stored_form import put
from sensu.resources.api_key import APIKey
from sensu.resources.kinds import (
    API_KEY,
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    NAMESPACE,
    ROLE,
    ROLE_BINDING,
    USER,
)
from sensu.resources.metadata import ObjectMeta
from sensu.resources.namespace import Namespace
from sensu.resources.role import ClusterRole, Role, Rule
from sensu.resources.role_binding import ClusterRoleBinding, RoleBinding, RoleRef, Subject
from sensu.resources.user import User
from sensu.store.contract import Must, PutResource

DEFAULT_NAMESPACE = "default"
SYSTEM_NAMESPACE = "sensu-system"
"""Where the backends' own entities are; only cluster admins see it."""

ADMINS_GROUP = "cluster-admins"
AGENTS_GROUP = "system:agents"
USERS_GROUP = "system:users"
PIPELINE_NAME = "system:pipeline"
AGENT_USERNAME = "agent"

_COMMON = ("assets", "checks", "entities", "events", "filters", "handlers", "hooks", "mutators", "silenced")
_ALL = ("*",)
_READ = ("get", "list")

_CLUSTER_ROLES: Sequence[tuple[str, Sequence[Rule]]] = (
    ("cluster-admin", (Rule(verbs=_ALL, resources=_ALL),)),
    (
        "admin",
        (
            Rule(verbs=_ALL, resources=(*_COMMON, "roles", "rolebindings")),
            Rule(verbs=_READ, resources=("namespaces",)),
        ),
    ),
    ("edit", (Rule(verbs=_ALL, resources=_COMMON), Rule(verbs=_READ, resources=("namespaces",)))),
    ("view", (Rule(verbs=_READ, resources=(*_COMMON, "namespaces")),)),
    ("system:agent", (Rule(verbs=_ALL, resources=("events",)),)),
    ("system:user", (Rule(verbs=("get", "update"), resources=("localselfuser",)),)),
)
_CLUSTER_ROLE_BINDINGS = (
    ("cluster-admin", ADMINS_GROUP),
    ("system:agent", AGENTS_GROUP),
    ("system:user", USERS_GROUP),
)


def seed_writes(
    admin_username: str,
    admin_password_hash: str,
    agent_password_hash: str,
    api_key: str | None,
    now: float,
) -> list[PutResource]:
    """What `sensu-backend init` stores: namespaces, users, roles and bindings, and an API key where one is given.

    The first write must find no `default` namespace, so that a second init changes nothing. `now` in Unix seconds.
    """
    writes = [put(NAMESPACE, Namespace(name=DEFAULT_NAMESPACE), must=Must.BE_ABSENT)]
    writes += namespace_writes(DEFAULT_NAMESPACE)
    writes += system_namespace_writes()
    agent = User(username=AGENT_USERNAME, password_hash=agent_password_hash, groups=(AGENTS_GROUP,))
    admin = User(username=admin_username, password_hash=admin_password_hash, groups=(ADMINS_GROUP,))
    writes += [put(USER, agent), put(USER, admin)] if admin_username != AGENT_USERNAME else [put(USER, admin)]
    writes += [
        put(CLUSTER_ROLE, ClusterRole(metadata=ObjectMeta(name=name), rules=tuple(rules)))
        for name, rules in _CLUSTER_ROLES
    ]
    writes += [put(CLUSTER_ROLE_BINDING, _cluster_binding(name, group)) for name, group in _CLUSTER_ROLE_BINDINGS]
    if api_key:
        key = APIKey(metadata=ObjectMeta(name=api_key), username=admin_username, created_at=int(now))
        writes.append(put(API_KEY, key))
    return writes


def system_namespace_writes() -> list[PutResource]:
    """What a backend stores at its start: the namespace of its own entities."""
    return [put(NAMESPACE, Namespace(name=SYSTEM_NAMESPACE)), *namespace_writes(SYSTEM_NAMESPACE)]


def namespace_writes(namespace: str, created_by: str = "") -> list[PutResource]:
    """What is stored beside a new namespace: the role and binding `system:pipeline`."""
    metadata = ObjectMeta(name=PIPELINE_NAME, namespace=namespace, created_by=created_by)
    role = Role(metadata=metadata, rules=(Rule(verbs=_READ, resources=("events",)),))
    binding = RoleBinding(
        metadata=metadata,
        subjects=(Subject(type="Group", name=PIPELINE_NAME),),
        role_ref=RoleRef(type="Role", name=PIPELINE_NAME),
    )
    return [put(ROLE, role), put(ROLE_BINDING, binding)]


def _cluster_binding(name: str, group: str) -> ClusterRoleBinding:
    return ClusterRoleBinding(
        metadata=ObjectMeta(name=name),
        subjects=(Subject(type="Group", name=group),),
        role_ref=RoleRef(type="ClusterRole", name=name),
    )

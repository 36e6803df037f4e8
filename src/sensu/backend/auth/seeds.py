"""The resources that a new cluster and a new namespace start with.

Source: recorded scenarios rbac-builtin, roles-lifecycle, rolebindings-lifecycle.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from sensu.backend.stored_form import put
from sensu.resources.api_key import APIKey
from sensu.resources.kinds import (
    ALL_KINDS,
    API_KEY,
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    NAMESPACE,
    ROLE,
    ROLE_BINDING,
    SECRET_PROVIDER,
    USER,
)
from sensu.resources.metadata import ObjectMeta
from sensu.resources.namespace import Namespace
from sensu.resources.role import ClusterRole, Role, Rule
from sensu.resources.role_binding import ClusterRoleBinding, RoleBinding, RoleRef, Subject
from sensu.resources.secret_providers import EnvProvider
from sensu.resources.user import User
from sensu.store.values import Must, PutResource

DEFAULT_NAMESPACE = "default"
SYSTEM_NAMESPACE = "sensu-system"
"""The namespace of the backends' own entities; only cluster admins can see it."""

ADMINS_GROUP = "cluster-admins"
ADMINS_BINDING = "cluster-admin"
"""The name of the cluster role with all permissions, and of the binding of administrators to it."""
AGENTS_GROUP = "system:agents"
USERS_GROUP = "system:users"
PIPELINE_NAME = "system:pipeline"
AGENT_USERNAME = "agent"

_COMMON = tuple(kind.segment for kind in ALL_KINDS if kind.common)
_ALL = ("*",)
_READ = ("get", "list")

_CLUSTER_ROLES: Sequence[tuple[str, Sequence[Rule]]] = (
    ("cluster-admin", (Rule(verbs=_ALL, resources=_ALL),)),
    (
        "admin",
        (
            Rule(verbs=_ALL, resources=(*_COMMON, ROLE.segment, ROLE_BINDING.segment)),
            Rule(verbs=_READ, resources=(NAMESPACE.segment,)),
        ),
    ),
    ("edit", (Rule(verbs=_ALL, resources=_COMMON), Rule(verbs=_READ, resources=(NAMESPACE.segment,)))),
    ("view", (Rule(verbs=_READ, resources=(*_COMMON, NAMESPACE.segment)),)),
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
    """The writes of `sensu-backend init`: namespaces, users, roles and bindings, and an API key if one is given.

    The first write requires that the namespace `default` does not exist, so that a second init changes nothing. `now`
    is in Unix seconds.
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
        writes.append(_api_key(api_key, admin_username, now))
    return writes


def reset_writes(
    user: User, password_hash: str, binding: ClusterRoleBinding | None, api_key: str | None, now: float
) -> list[PutResource]:
    """The writes that make a user an administrator: the user, the role with all permissions, and the binding to it.

    The subjects of `binding` are kept if it binds to that role. `now` is in Unix seconds.
    """
    groups = user.groups if ADMINS_GROUP in user.groups else (*user.groups, ADMINS_GROUP)
    admin = replace(user, password_hash=password_hash, groups=groups, disabled=False)
    restored, admins = _cluster_binding(ADMINS_BINDING, ADMINS_GROUP), Subject(type="Group", name=ADMINS_GROUP)
    if binding is not None and binding.role_ref == restored.role_ref:
        others = tuple(subject for subject in binding.subjects or () if subject != admins)
        restored = replace(binding, subjects=(*others, admins))
    role = ClusterRole(metadata=ObjectMeta(name=ADMINS_BINDING), rules=tuple(dict(_CLUSTER_ROLES)[ADMINS_BINDING]))
    writes = [put(USER, admin), put(CLUSTER_ROLE, role), put(CLUSTER_ROLE_BINDING, restored)]
    return [*writes, _api_key(api_key, user.username, now)] if api_key else writes


def _api_key(name: str, username: str, now: float) -> PutResource:
    metadata = ObjectMeta(name=name, created_by=username)
    return put(API_KEY, APIKey(metadata=metadata, username=username, created_at=int(now)))


def system_namespace_writes() -> list[PutResource]:
    """The writes of a backend at its start: the namespace of its own entities."""
    return [put(NAMESPACE, Namespace(name=SYSTEM_NAMESPACE)), *namespace_writes(SYSTEM_NAMESPACE)]


def env_provider_write() -> PutResource:
    """The write of a backend at its start, unless it is there: the secrets provider of its environment.

    Source: docs, "Secrets providers reference" (created when the backend starts).
    """
    return put(SECRET_PROVIDER, EnvProvider(), must=Must.BE_ABSENT)


def namespace_writes(namespace: str, created_by: str = "") -> list[PutResource]:
    """The writes that accompany a new namespace: the role and binding `system:pipeline`."""
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

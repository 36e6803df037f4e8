"""Role bindings, which grant roles to users and groups."""

from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import Wire, always, always_null, always_str


class Subject(Wire, frozen=True):
    """A user or a group."""

    type: str = always_str()
    name: str = always_str()


class RoleRef(Wire, frozen=True):
    """The role that a binding grants."""

    type: str = always_str()
    name: str = always_str()


class RoleBinding(Wire, frozen=True):
    """Grants a role to subjects within one namespace."""

    subjects: tuple[Subject, ...] | None = always_null()
    role_ref: RoleRef = always(RoleRef)
    metadata: ObjectMeta = always(ObjectMeta)


class ClusterRoleBinding(Wire, frozen=True):
    """Grants a cluster role to subjects in all namespaces."""

    subjects: tuple[Subject, ...] | None = always_null()
    role_ref: RoleRef = always(RoleRef)
    metadata: ObjectMeta = always(ObjectMeta)

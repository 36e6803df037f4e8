"""Roles: permissions on resources."""

from sensu.resources.metadata import ObjectMeta
from sensu.resources.wire import Wire, always, always_null


class Rule(Wire, frozen=True):
    """Verbs that are allowed on types of resources, optionally only on named ones."""

    verbs: tuple[str, ...] | None = always_null()
    resources: tuple[str, ...] | None = always_null()
    resource_names: tuple[str, ...] | None = always_null()


class Role(Wire, frozen=True):
    """Rules that apply within one namespace."""

    rules: tuple[Rule, ...] | None = always_null()
    metadata: ObjectMeta = always(ObjectMeta)


class ClusterRole(Wire, frozen=True):
    """Rules that apply in all namespaces."""

    rules: tuple[Rule, ...] | None = always_null()
    metadata: ObjectMeta = always(ObjectMeta)

"""Access control: decides whether a caller may perform an action."""

from collections.abc import Sequence

from sensu.backend.auth.identity import Identity
from sensu.backend.auth.records import Records
from sensu.resources.kinds import CLUSTER_ROLE, CLUSTER_ROLE_BINDING, NAMESPACE, ROLE, ROLE_BINDING
from sensu.rules.rbac import Allow, CompiledAccess, Grants, RequestAttributes


class Access:
    """Decides from roles and bindings in memory, and follows their changes."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._compiled: CompiledAccess | None = None
        for kind in (CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ROLE, ROLE_BINDING):
            records.subscribe(kind, self._forget)

    def allows(self, who: Identity, verb: str, resource: str, *, name: str = "", namespace: str = "") -> bool:
        """Whether `who` may `verb` (get, list, create, update, delete) a resource type, by name and namespace."""
        request = RequestAttributes(verb, resource, name, namespace, who.username, who.groups)
        return isinstance(self.compiled.decide(request), Allow)

    def visible_namespaces(self, who: Identity) -> Sequence[str]:
        """The names of the namespaces that are visible to `who`, sorted."""
        names = [namespace.name for namespace in self._records.list(NAMESPACE, None)]
        return self.compiled.visible_namespaces(who.username, who.groups, names)

    @property
    def compiled(self) -> CompiledAccess:
        """The roles and bindings of now, prepared for questions."""
        if self._compiled is None:
            records = self._records
            self._compiled = CompiledAccess(
                Grants(
                    cluster_roles=records.list(CLUSTER_ROLE, None),
                    cluster_role_bindings=records.list(CLUSTER_ROLE_BINDING, None),
                    roles=records.list(ROLE, None),
                    role_bindings=records.list(ROLE_BINDING, None),
                )
            )
        return self._compiled

    def _forget(self, *_: object) -> None:
        self._compiled = None

"""The kinds of resources as sensuctl calls them, without their structs, which take longer to load than a list to show.

They are those of `sensu.resources.kinds`; a test holds them together.
"""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sensu.resources.kinds import Shape

CORE = "core/v2"
COMMERCIAL = ("secrets/v1",)
"""Groups of the reference's commercial edition; their API takes and gives resources as they stand in files."""


class Kind(NamedTuple):
    """A kind: its type in files, its word in URLs, and whether it belongs to a namespace."""

    type: str
    segment: str
    namespaced: bool = True
    api_version: str = CORE

    @property
    def qualified_name(self) -> str:
        """`core/v2.CheckConfig`."""
        return f"{self.api_version}.{self.type}"

    @property
    def shape(self) -> "Shape":
        """The struct of the kind."""
        from sensu.resources import check, entity, hook, secret  # noqa: PLC0415 - see above
        from sensu.resources.kinds import by_type  # noqa: PLC0415

        others: dict[str, Shape] = {
            "Check": check.Check,
            "EntityConfig": entity.EntityConfig,
            "EntityState": entity.EntityState,
            "Hook": hook.Hook,
            "Secret": secret.SecretConfig,
            "Env": secret.EnvConfig,
        }
        found = None if self.type in others else by_type(self.type, self.api_version)
        return others[self.type] if found is None else found.shape

    def path(self, namespace: str) -> str:
        """The URL path of the list; the namespace is percent-encoded already."""
        scope = f"namespaces/{namespace}/" if self.namespaced and namespace else ""
        group = f"enterprise/{self.api_version}" if self.api_version in COMMERCIAL else self.api_version
        return f"/api/{group}/{scope}{self.segment}"


NAMESPACE = Kind("Namespace", "namespaces", namespaced=False)
CLUSTER_ROLE = Kind("ClusterRole", "clusterroles", namespaced=False)
CLUSTER_ROLE_BINDING = Kind("ClusterRoleBinding", "clusterrolebindings", namespaced=False)
USER = Kind("User", "users", namespaced=False)
API_KEY = Kind("APIKey", "apikeys", namespaced=False)
TESSEN = Kind("TessenConfig", "tessen", namespaced=False)
ASSET = Kind("Asset", "assets")
CHECK = Kind("CheckConfig", "checks")
ENTITY = Kind("Entity", "entities")
EVENT = Kind("Event", "events")
EVENT_FILTER = Kind("EventFilter", "filters")
HANDLER = Kind("Handler", "handlers")
HOOK = Kind("HookConfig", "hooks")
MUTATOR = Kind("Mutator", "mutators")
PIPELINE = Kind("Pipeline", "pipelines")
ROLE = Kind("Role", "roles")
ROLE_BINDING = Kind("RoleBinding", "rolebindings")
SILENCED = Kind("Silenced", "silenced")

KINDS = (
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
"""The kinds of core/v2, in the order in which `dump all` writes them, so that what others need comes first."""
CHECK_AS_RUN = Kind("Check", "checks")
"""A check with the fields of a result, which is what `Check` alone names; kept as the check it configures."""
HOOK_AS_RUN = Kind("Hook", "hooks")
"""Likewise a hook with what came out of it."""
ENTITY_CONFIG = Kind("EntityConfig", "entity-configs", api_version="core/v3")
ENTITY_STATE = Kind("EntityState", "entity-states", api_version="core/v3")
SECRET = Kind("Secret", "secrets", api_version="secrets/v1")
SECRET_PROVIDER = Kind("Env", "providers", namespaced=False, api_version="secrets/v1")
AS_RUN = (CHECK_AS_RUN, HOOK_AS_RUN)
NAMED_IN_FULL = (ENTITY_CONFIG, ENTITY_STATE, SECRET, SECRET_PROVIDER)
OTHERS = (*AS_RUN, *NAMED_IN_FULL)
"""Types that are known by their names but are none of `all`."""
ALL_KINDS = (*KINDS, SECRET)
"""What `all` names: every kind that is kept."""
NOT_IN_ALL = {
    SECRET_PROVIDER: "built in, it cannot be created",
    ENTITY_CONFIG: "the configured part of core/v2.Entity",
    ENTITY_STATE: "the observed part of core/v2.Entity",
    CHECK_AS_RUN: "core/v2.CheckConfig with the fields of a result",
    HOOK_AS_RUN: "core/v2.HookConfig with the fields of a result",
}
"""Types that `all` leaves out, and why."""
NAMED = (*KINDS, SECRET, SECRET_PROVIDER)
"""Kinds that their word in URLs names."""

"""The registry of resource kinds: one row for each, read by the API, sensuctl, the stores and the built-in roles.

The struct of a kind is imported when it is first used, so that sensuctl can list resources without loading any.
To add a kind, write its struct in this folder and its rules in `rules/kinds/`, and add a row to both tables.
"""

from typing import Any

from sensu.resources.kind import CORE_V2, FULL, METADATA, REPLACE, ROOM
from sensu.resources.kind import Kind as Kind

CORE_V3, SECRETS_V1 = "core/v3", "secrets/v1"
AUTHENTICATION_V2, BSM_V1, FEDERATION_V1, PIPELINE_V1 = "authentication/v2", "bsm/v1", "federation/v1", "pipeline/v1"


def _type_of(kind: Kind, type_name: str, shape: str, *, authorless: bool = False) -> Kind:
    """The row of one type of a kind that has several."""
    return Kind(
        type_name,
        kind.segment,
        shape,
        api_version=kind.api_version,
        namespaced=kind.namespaced,
        wrapped=True,
        remark=f"a type of {kind.qualified_name}",
        word=kind.word,
        noun="",
        short_name=type_name,
        authorless=authorless,
        part_of=kind,
    )


NAMESPACE = Kind(
    "Namespace",
    "namespaces",
    "namespace:Namespace",
    namespaced=False,
    dump_order=1,
    named_by="name",
    node="namespaces",
    delete_order=3,
    authorless=True,
)
CLUSTER_ROLE = Kind(
    "ClusterRole",
    "clusterroles",
    "role:ClusterRole",
    namespaced=False,
    serves=FULL,
    dump_order=2,
    store_prefix="rbac/clusterroles",
    delete_order=4,
    authorless=True,
)
CLUSTER_ROLE_BINDING = Kind(
    "ClusterRoleBinding",
    "clusterrolebindings",
    "role_binding:ClusterRoleBinding",
    namespaced=False,
    serves=FULL,
    dump_order=3,
    store_prefix="rbac/clusterrolebindings",
    delete_order=5,
    authorless=True,
)
USER = Kind("User", "users", "user:User", namespaced=False, dump_order=4, named_by="username", delete_order=7)
API_KEY = Kind(
    "APIKey",
    "apikeys",
    "api_key:APIKey",
    namespaced=False,
    dump_order=5,
    word="API key",
    noun="api-key",
    delete_order=6,
)
TESSEN = Kind(
    "TessenConfig",
    "tessen",
    "tessen:TessenConfig",
    namespaced=False,
    dump_order=6,
    named_by="",
    word="Tessen configuration",
    noun="tessen",
    single=True,
)
ASSET = Kind("Asset", "assets", "asset:Asset", serves=FULL, dump_order=7, common=True, node="assets")
CHECK = Kind(
    "CheckConfig", "checks", "check:CheckConfig", serves=FULL, dump_order=8, word="check", common=True, node="checks"
)
ENTITY = Kind("Entity", "entities", "entity:Entity", dump_order=9, common=True, node="entities", authorless=True)
EVENT = Kind("Event", "events", "event:Event", dump_order=10, common=True, node="events")
EVENT_FILTER = Kind(
    "EventFilter",
    "filters",
    "event_filter:EventFilter",
    serves=FULL,
    dump_order=11,
    word="filter",
    store_prefix="event-filters",
    common=True,
    node="filters",
)
HANDLER = Kind("Handler", "handlers", "handler:Handler", serves=FULL, dump_order=12, common=True, node="handlers")
HOOK = Kind(
    "HookConfig", "hooks", "hook:HookConfig", serves=FULL, dump_order=13, word="hook", common=True, node="hooks"
)
MUTATOR = Kind("Mutator", "mutators", "mutator:Mutator", serves=FULL, dump_order=14, common=True, node="mutators")
PIPELINE = Kind("Pipeline", "pipelines", "pipeline:Pipeline", serves=FULL, dump_order=15)
ROLE = Kind(
    "Role",
    "roles",
    "role:Role",
    serves=FULL,
    dump_order=16,
    store_prefix="rbac/roles",
    delete_order=1,
    authorless=True,
)
ROLE_BINDING = Kind(
    "RoleBinding",
    "rolebindings",
    "role_binding:RoleBinding",
    serves=FULL,
    dump_order=17,
    store_prefix="rbac/rolebindings",
    delete_order=2,
    authorless=True,
)
SILENCED = Kind(
    "Silenced",
    "silenced",
    "silenced:Silenced",
    dump_order=18,
    word="silence",
    noun="silenced",
    common=True,
    node="silences",
)
SECRET = Kind("Secret", "secrets", "secret:Secret", api_version=SECRETS_V1, serves=REPLACE, wrapped=True, dump_order=19)
SEARCH = Kind(
    "Search", "searches", "search:Search", api_version="searches/v1", serves=REPLACE, wrapped=True, dump_order=20
)
GLOBAL_CONFIG = Kind(
    "GlobalConfig",
    "config",
    "global_config:GlobalConfig",
    api_version="web/v1",
    namespaced=False,
    serves=REPLACE,
    wrapped=True,
    dump_order=21,
    word="web UI configuration",
    noun="global-config",
    short_name="global-config",
    read_by_all=True,
)
AUTH_PROVIDER = Kind(
    "Provider",
    "authproviders",
    api_version=AUTHENTICATION_V2,
    namespaced=False,
    serves=REPLACE,
    wrapped=True,
    dump_order=22,
    word="authentication provider",
    noun="auth",
)
LDAP_PROVIDER = _type_of(AUTH_PROVIDER, "ldap", "directory:LDAPProvider")
AD_PROVIDER = _type_of(AUTH_PROVIDER, "ad", "directory:ADProvider")
OIDC_PROVIDER = _type_of(AUTH_PROVIDER, "oidc", "oidc:OIDCProvider")
DATASTORE = Kind(
    "PostgresConfig",
    "provider",
    "datastore:PostgresConfig",
    api_version="store/v1",
    namespaced=False,
    serves=REPLACE,
    wrapped=True,
    dump_order=23,
    word="datastore",
    noun="datastore",
)
LICENSE = Kind(
    "LicenseFile",
    "license",
    "license:LicenseFile",
    api_version="licensing/v2",
    namespaced=False,
    wrapped=True,
    dump_order=24,
    word="license",
    single=True,
)
RULE_TEMPLATE = Kind(
    "RuleTemplate",
    "rule-templates",
    "rule_template:RuleTemplate",
    api_version=BSM_V1,
    serves=FULL,
    wrapped=True,
    dump_order=25,
    built_in=("aggregate",),
)
SERVICE_COMPONENT = Kind(
    "ServiceComponent",
    "service-components",
    "service_component:ServiceComponent",
    api_version=BSM_V1,
    serves=FULL,
    wrapped=True,
    dump_order=26,
)
TCP_STREAM = Kind(
    "TCPStreamHandler",
    "tcp-stream-handlers",
    "tcp_stream:TCPStreamHandler",
    api_version=PIPELINE_V1,
    serves=FULL,
    wrapped=True,
    dump_order=28,
    word="TCP stream handler",
    noun="tcp-stream-handler",
)
SUMO_LOGIC = Kind(
    "SumoLogicMetricsHandler",
    "sumo-logic-metrics-handlers",
    "sumo_logic:SumoLogicMetricsHandler",
    api_version=PIPELINE_V1,
    serves=FULL,
    wrapped=True,
    dump_order=29,
    word="Sumo Logic metrics handler",
    noun="sumo-logic-metrics-handler",
)
FALLBACK_PIPELINE = Kind(
    "FallbackPipeline",
    "fallback-pipelines",
    "fallback_pipeline:FallbackPipeline",
    api_version="fallback_pipeline/v1",
    serves=FULL,
    wrapped=True,
    dump_order=30,
)
ETCD_REPLICATOR = Kind(
    "EtcdReplicator",
    "etcd-replicators",
    "federation:EtcdReplicator",
    api_version=FEDERATION_V1,
    namespaced=False,
    serves=FULL,
    wrapped=True,
    dump_order=31,
    word="replicator",
    noun="etcd-replicator",
)
CLUSTER = Kind(
    "Cluster",
    "clusters",
    "federation:FederatedCluster",
    api_version=FEDERATION_V1,
    namespaced=False,
    serves=REPLACE,
    wrapped=True,
    dump_order=32,
    noun="federated-cluster",
    read_by_all=True,
)
SECRET_PROVIDER = Kind(
    "Provider",
    "providers",
    api_version=SECRETS_V1,
    namespaced=False,
    serves=REPLACE,
    wrapped=True,
    dump_order=27,
    word="secrets provider",
    noun="secrets-provider",
    short_name="secrets-providers",
)
ENV_PROVIDER = _type_of(SECRET_PROVIDER, "Env", "secret_providers:EnvProvider", authorless=True)
FILE_PROVIDER = _type_of(SECRET_PROVIDER, "FileProvider", "secret_providers:FileProvider")
CYBERARK_PROVIDER = _type_of(SECRET_PROVIDER, "CyberArkProvider", "secret_providers:CyberArkProvider")
AWS_PROVIDER = _type_of(SECRET_PROVIDER, "AWSProvider", "secret_providers:AWSProvider")
VAULT_PROVIDER = _type_of(SECRET_PROVIDER, "VaultProvider", "secret_providers:VaultProvider")
ENTITY_CONFIG = Kind(
    "EntityConfig",
    "entity-configs",
    "entity:EntityConfig",
    api_version=CORE_V3,
    wrapped=True,
    remark="the configured part of core/v2.Entity",
    noun="",
    short_name="",
)
ENTITY_STATE = Kind(
    "EntityState",
    "entity-states",
    "entity:EntityState",
    api_version=CORE_V3,
    wrapped=True,
    remark="the observed part of core/v2.Entity",
    noun="",
    short_name="",
)
CHECK_AS_RUN = Kind("Check", "checks", "check:Check", remark="core/v2.CheckConfig with the fields of a result", noun="")
HOOK_AS_RUN = Kind("Hook", "hooks", "hook:Hook", remark="core/v2.HookConfig with the fields of a result", noun="")

AS_RUN = (CHECK_AS_RUN, HOOK_AS_RUN)
"""Checks and hooks as part of events, with the fields of a result; `CHECK` and `HOOK` are the stored kinds."""
EVERY_KIND: tuple[Kind, ...] = tuple(row for row in globals().values() if isinstance(row, Kind))
"""All rows, including those of kinds that are a part or another form of a stored one."""
ALL_KINDS = tuple(sorted((row for row in EVERY_KIND if row.dump_order), key=lambda row: row.dump_order))
"""The stored kinds, in the order in which `sensuctl dump all` writes them."""

STORED_TYPES = tuple(one for kind in ALL_KINDS for one in kind.types or (kind,))
"""The types of the stored kinds; each has a struct."""
_BY_SEGMENT = {(row.api_version, row.segment): row for row in reversed(EVERY_KIND)}
_BY_TYPE = {(row.api_version, row.type): row for row in EVERY_KIND}
_BY_NOUN = {row.noun: row for row in EVERY_KIND if row.noun}
_BY_SHAPE = {row.shape_path: row for row in EVERY_KIND if row.shape_path}


def by_segment(api_version: str, segment: str) -> Kind | None:
    """The kind of a resource word in the URLs of an API group."""
    return _BY_SEGMENT.get((api_version, segment))


def by_type(type_name: str, api_version: str = CORE_V2) -> Kind | None:
    """The kind of a wrapped resource's `type` and `api_version`."""
    return _BY_TYPE.get((api_version or CORE_V2, type_name))


def api_versions() -> frozenset[str]:
    """The API groups and versions of the types."""
    return frozenset(kind.api_version for kind in EVERY_KIND)


def kind_of_type(type_name: str, api_version: str = "") -> Kind | None:
    """The kind of a type's name, as it is or in snake case."""
    for kind in EVERY_KIND:
        if type_name in (kind.type, kind.snake_type) and api_version in ("", kind.api_version):
            return kind
    return None


def kind_called(word: str) -> Kind | None:
    """The kind that people mean by `checks`, `CheckConfig`, `check_config` or `core/v2.CheckConfig`.

    Types of groups other than core/v2 are named with their group.
    """
    for kind in EVERY_KIND:
        if word and word == kind.short_name and kind not in AS_RUN:
            return kind
    api_version, _, type_name = word.rpartition(".")
    found = kind_of_type(type_name, api_version)
    return None if found is None or (found.api_version != CORE_V2 and not api_version) else found


def by_noun(noun: str) -> Kind | None:
    """The kind of a noun of sensuctl, None if the noun is about something else."""
    return _BY_NOUN.get(noun)


def kind_of(resource: Any) -> Kind:
    """The kind of a struct; raises KeyError if it is the struct of no kind."""
    shape = type(resource)
    return _BY_SHAPE[f"{shape.__module__.removeprefix(ROOM)}:{shape.__name__}"]


def name_of(resource: Any) -> str:
    """The name of a resource within its namespace."""
    metadata = getattr(resource, METADATA, None)
    if metadata is not None:
        return metadata.name  # type: ignore[no-any-return]
    kind = kind_of(resource)
    return str(getattr(resource, kind.named_by)) if kind.named_by else kind.segment


def namespace_of(resource: Any) -> str:
    """The namespace of a resource, empty for cluster-wide ones."""
    metadata = getattr(resource, METADATA, None)
    return metadata.namespace if metadata is not None else ""

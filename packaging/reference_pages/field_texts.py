"""What the page of resources says beyond the forms: pages about kinds, and the fields of kinds without a form."""

from collections.abc import Mapping

from sensu.resources import kinds
from sensu.resources.kinds import Kind

Texts = Mapping[str, str]

PAGES: Mapping[Kind, tuple[str, str]] = {
    kinds.CHECK: ("what is a check?", "../concepts/check.md"),
    kinds.ENTITY: ("what is an entity?", "../concepts/entity.md"),
    kinds.EVENT: ("what is an event?", "../concepts/event.md"),
    kinds.SILENCED: ("what is a silence?", "../concepts/silence.md"),
    kinds.PIPELINE: ("what is a pipeline?", "../concepts/pipeline.md"),
    kinds.HANDLER: ("messages to people", "../notify.md"),
    kinds.EVENT_FILTER: ("expressions", "../expressions.md"),
    kinds.MUTATOR: ("expressions", "../expressions.md#mutators"),
    kinds.ASSET: ("the agent's assets", "../agent.md#assets"),
    kinds.SECRET: ("secrets", "../secrets.md"),
    kinds.SECRET_PROVIDER: ("secrets", "../secrets.md#providers"),
    kinds.SEARCH: ("saved searches", "../api.md#saved-searches"),
    kinds.GLOBAL_CONFIG: ("settings of the web UI", "../api.md#settings-of-the-web-ui"),
    kinds.AUTH_PROVIDER: ("sign-on", "../sign-on.md"),
    kinds.LICENSE: ("licenses and datastores of Sensu Go", "../api.md#licenses-and-datastores-of-sensu-go"),
    kinds.DATASTORE: ("licenses and datastores of Sensu Go", "../api.md#licenses-and-datastores-of-sensu-go"),
    kinds.RULE_TEMPLATE: ("business services", "../business-services.md#templates-of-your-own"),
    kinds.SERVICE_COMPONENT: ("business services", "../business-services.md#components"),
    kinds.TCP_STREAM: ("stream handlers", "../stream-handlers.md#tcp-stream-handlers"),
    kinds.SUMO_LOGIC: ("stream handlers", "../stream-handlers.md#sumo-logic-metrics-handlers"),
    kinds.FALLBACK_PIPELINE: ("fallback pipelines", "../deliveries.md#fallback-pipelines"),
    kinds.ETCD_REPLICATOR: ("replicators", "../federation.md#replicators"),
    kinds.CLUSTER: ("clusters of a federation", "../federation.md#clusters"),
}

_REFERENCE: Texts = {"name": "The name of the resource.", "type": "Its type.", "api_version": "Its API version."}


def _in(path: str, texts: Texts) -> Texts:
    """Texts of the fields of an object."""
    return {f"{path}.{name}": text for name, text in texts.items()}


_CERTIFICATES: Texts = {
    "trusted_ca_file": "A file with authorities that are trusted besides those of the system.",
    "client_cert_file": "A file with a certificate, for servers that demand one.",
    "client_key_file": "A file with the private key of that certificate.",
}
_SEARCH: Texts = {
    "base_dn": "The entry below which the search begins.",
    "attribute": "Users: the attribute that is typed at the log-in. Groups: the attribute that has the user.",
    "name_attribute": "The attribute with the name.",
    "object_class": "The class of the entries.",
}
_SERVER: Texts = {
    "host": "The name or the address of the server.",
    "port": "Its port; 636 with `security: tls` and 389 otherwise, if it is not set.",
    "insecure": "Accept any certificate of the server.",
    "security": "tls, starttls, or insecure for no encryption; tls if it is not set.",
    **_CERTIFICATES,
    "binding": "The account that searches; without it, searches are anonymous.",
    "binding.user_dn": "The distinguished name of the account.",
    "binding.password": "Its password, which is stored sealed.",
    "user_search": "Where users are found.",
    **_in("user_search", _SEARCH),
    "group_search": "Where groups are found; without it, groups are those that `memberOf` of the user names.",
    **_in("group_search", _SEARCH),
}
_PREFIXES: Texts = {
    "groups_prefix": "Put before the names of groups, with a colon.",
    "username_prefix": "Put before the names of users, with a colon.",
}
_DIRECTORY: Texts = {
    "servers": "The servers, tried in order until one can be reached.",
    **_in("servers[]", _SERVER),
    **_PREFIXES,
    "allowed_groups": "Only these groups are kept, by their names in the directory.",
}
_KEPT = "Stored for clients of Sensu Go, without effect."

TEXTS: Mapping[str, Texts] = {
    "APIKey": {
        "username": "The user that the key authenticates.",
        "created_at": "When it was granted, in Unix seconds.",
    },
    "TessenConfig": {"opt_out": "Stored for clients of Sensu Go. Nothing is ever sent."},
    "Entity": {
        "system": "The host as its agent describes it: name, operating system, network, architecture, processes."
    },
    "Event": {
        "check": "The check with its result: the fields of a CheckConfig, `status`, `output`, `history` and others.",
        "entity": "The entity that the result is about.",
        "id": "The id of this result, a UUID.",
        "metrics": "The metric points.",
        "metrics.handlers": "The handlers that receive the points.",
        "metrics.points": "The points.",
        "metrics.points[].name": "The name of the metric.",
        "metrics.points[].value": "Its value.",
        "metrics.points[].timestamp": "When it was measured, in Unix time.",
        "metrics.points[].tags": "Tags of the point.",
        "metrics.points[].tags[].name": "The name of a tag.",
        "metrics.points[].tags[].value": "Its value.",
        "pipelines": "The pipelines that process the event.",
        **_in("pipelines[]", _REFERENCE),
        "sequence": "The number of the result, counted by the agent for each check.",
        "timestamp": "When the result was made, in Unix seconds.",
    },
    "Search": {
        "parameters": "What must match, all of it: `status:incident`, `labelSelector:region == us`.",
        "resource": "What is searched: `core.v2/Event`.",
    },
    "GlobalConfig": {
        "always_show_local_cluster": "Show the name of the cluster, even if there is only one.",
        "catalog": "Where the catalog of integrations comes from.",
        "catalog.url": "The URL of the catalog.",
        "catalog.release_version": "The version of the catalog.",
        "catalog.disabled": "Show no catalog.",
        "default_preferences": "What holds for users who have not chosen anything else.",
        "default_preferences.page_size": "The number of rows of a page.",
        "default_preferences.poll_interval": "The time between two requests for news, in milliseconds.",
        "default_preferences.serialization_format": "YAML or JSON.",
        "default_preferences.theme": "system, light, dark or contrast.",
        "license_expiry_reminder": _KEPT,
        "link_policy": "Which URLs in labels and annotations become links.",
        "link_policy.allow_list": "Whether the URLs are those that become links, or those that do not.",
        "link_policy.urls": "The URLs.",
        "page_preferences": "What single pages list.",
        "page_preferences[].page": "The page.",
        "page_preferences[].order": "Its order.",
        "page_preferences[].page_size": "Its number of rows.",
        "page_preferences[].selector": "What it lists.",
        "signin_message": "A text on the sign-in page.",
        "disable_bsm": "Show no entry for services in the navigation.",
        "frame_ancestors": "Hosts whose pages may show the web UI in a frame. Not in Sensu Go.",
        "silence_reason_optional": "Silences may be created without a reason. Not in Sensu Go.",
    },
    "ldap": _DIRECTORY,
    "ad": {
        **_DIRECTORY,
        "servers[].default_upn_domain": "Without `binding`, users search with their own account, name@this domain.",
        "servers[].include_nested_groups": "Find the groups that contain the user's groups, too.",
    },
    "oidc": {
        "additional_scopes": "What is asked for besides `openid` and `offline_access`.",
        "client_id": "The id that the identity provider gave to Sensu.",
        "client_secret": "The secret that belongs to it, which is stored sealed.",
        "disable_offline_access": "Ask for no refresh token: users log in again after five minutes.",
        "redirect_uri": "Where users come back to; without it, the address that they began at.",
        "server": "The issuer: the URL in front of `/.well-known/openid-configuration`.",
        "groups_claim": "The claim with the list of groups; without it, users have none.",
        "username_claim": "The claim with the name of the user.",
        **_PREFIXES,
    },
    "PostgresConfig": {
        "batch_buffer": _KEPT,
        "batch_size": _KEPT,
        "batch_workers": _KEPT,
        "dsn": "The address of the database, which is stored sealed. Without effect.",
        "max_conn_lifetime": _KEPT,
        "max_idle_conns": _KEPT,
        "pool_size": _KEPT,
        "strict": _KEPT,
        "enable_round_robin": _KEPT,
    },
    "LicenseFile": {"license": _KEPT, "signature": _KEPT},
    "EtcdReplicator": {
        "url": "The URLs of the other cluster's API, separated by commas; the first that answers is used.",
        "api_version": "The API version of the type; core/v2 if it is not set.",
        "resource": "The type, such as Role.",
        "namespace": "The only namespace that is replicated; all if it is not set.",
        "replication_interval_seconds": "The time between two runs; 30 if it is not set.",
        "api_key_file": "A file with the API key for the other cluster. Not in Sensu Go.",
        "ca_cert": "A file with the authorities of the other cluster's certificate.",
        "cert": "A file with a client certificate.",
        "key": "A file with its private key.",
        "insecure": "Do not verify the certificate of the other cluster.",
    },
    "Cluster": {
        "api_urls": "The URLs of the API of the cluster's backends.",
        "ca_cert": "A file with the authorities of its certificates. Not in Sensu Go.",
        "insecure": "Do not verify its certificates. Not in Sensu Go.",
    },
}

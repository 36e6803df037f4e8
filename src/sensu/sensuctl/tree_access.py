"""The commands about who may do what: users, keys, roles, bindings, namespaces."""

from sensu.flags import Flag
from sensu.sensuctl.command import ANY_NUMBER, Command, Group
from sensu.sensuctl.declare import FORCE, INTERACTIVE, LIST_FLAGS, ONE, ONE_AT_MOST, change, deletion, info, listing

_GROUPS = Flag("group", "strings", short="g", help="groups that get the role")
_USERS = Flag("user", "strings", short="u", help="users that get the role")
_TOO_MANY = "too many arguments supplied: {words}"

API_KEY = Group(
    "api-key",
    "Manage API keys",
    (
        change("api-key", "grant", "nouns.api_key:grant", "[USERNAME]", ONE, "Create an API key for a user", "admin"),
        info("api-key", "nouns.api_key:show_key"),
        listing("api-key", "nouns.api_key:list_keys"),
        deletion("api-key", "nouns.api_key:revoke", verb="revoke"),
    ),
)
AUDIT = Group(
    "audit",
    "Show who did what",
    (
        Command(
            "list",
            "audit list [flags]",
            "List who changed what and who logged in, newest first",
            "nouns.audit:list_audit",
            (
                *(flag for flag in LIST_FLAGS if flag.name in ("field-selector", "format")),
                Flag("last", "int", default=100, help="number of entries to list (0: all)"),
            ),
            example="sensuctl audit list --last 20 --field-selector 'audit.username == alice'",
        ),
    ),
)
NAMESPACE = Group(
    "namespace",
    "Manage namespaces",
    (
        change(
            "namespace",
            "create",
            "nouns.namespace:create_namespace",
            "[NAME]",
            ONE_AT_MOST,
            "",
            "production",
            INTERACTIVE,
        ),
        deletion(
            "namespace",
            "nouns.namespace:delete_namespace",
            "[NAMESPACE]",
            more=(
                Flag("recursive", "bool", default=False, short="r", help="first delete everything in the namespace"),
            ),
        ),
        listing("namespace", "nouns.namespace:list_namespaces", namespaced=False),
    ),
)


def _roles(noun: str, name: str, *, namespaced: bool) -> Group:
    rights = "--verb=VERBS --resource=RESOURCES [--resource-name=RESOURCE_NAMES]"
    missing = "a role name is required"
    kind = noun.replace("-", "_")
    return Group(
        noun,
        f"Manage {name}",
        (
            Command(
                "create",
                f"{noun} create [NAME] {rights} [flags]",
                "Create a role with one rule",
                f"nouns.role:create_{kind}",
                (
                    Flag("resource", "strings", short="r", help="types of resources that the rule covers"),
                    Flag("resource-name", "strings", short="n", help="names of resources that the rule covers"),
                    Flag("verb", "strings", short="v", help="allowed actions: get, list, create, update, delete or *"),
                ),
                ONE,
                example=f"sensuctl {noun} create reader --verb get,list --resource checks,handlers",
                missing="a name is required",
                surplus=_TOO_MANY,
            ),
            deletion(
                noun,
                f"nouns.role:delete_{kind}",
                missing=missing if namespaced else "a cluster role name is required",
                more=() if namespaced else (FORCE,),
            ),
            info(noun, f"nouns.role:show_{kind}", missing=missing),
            listing(noun, f"nouns.role:list_{kind}s", namespaced=namespaced, words_max=ANY_NUMBER),
        ),
    )


def _bindings(noun: str, name: str, reference: str, flags: tuple[Flag, ...], *, namespaced: bool) -> Group:
    missing = f"a {name} name is required"
    kind = noun.replace("-", "_")
    return Group(
        noun,
        f"Manage {name}s",
        (
            Command(
                "create",
                f"{noun} create [NAME] {reference} [--user=username] [--group=groupname] [flags]",
                f"Create a {name}",
                f"nouns.role_binding:create_{kind}",
                flags,
                ONE,
                example=f"sensuctl {noun} create viewers --cluster-role view --group ops",
                missing="a name is required",
                surplus=_TOO_MANY,
            ),
            deletion(noun, f"nouns.role_binding:delete_{kind}", missing=missing, more=() if namespaced else (FORCE,)),
            info(noun, f"nouns.role_binding:show_{kind}", missing=missing),
            listing(noun, f"nouns.role_binding:list_{kind}s", namespaced=namespaced, words_max=ANY_NUMBER),
        ),
    )


CLUSTER_ROLE = _roles("cluster-role", "cluster roles, which apply to all namespaces", namespaced=False)
ROLE = _roles("role", "roles", namespaced=True)
_CLUSTER_ROLE_FLAG = Flag("cluster-role", short="c", help="cluster role to grant")
CLUSTER_ROLE_BINDING = _bindings(
    "cluster-role-binding",
    "cluster role binding",
    "--cluster-role=NAME",
    (_CLUSTER_ROLE_FLAG, _GROUPS, _USERS),
    namespaced=False,
)
ROLE_BINDING = _bindings(
    "role-binding",
    "role binding",
    "--cluster-role=NAME|--role=NAME",
    (_CLUSTER_ROLE_FLAG, _GROUPS, Flag("role", short="r", help="role to grant"), _USERS),
    namespaced=True,
)
SECRET = Group(
    "secret",
    "Manage references to secrets",
    (
        deletion("secret", "nouns.secret:delete_secret"),
        info("secret", "nouns.secret:show_secret"),
        listing("secret", "nouns.secret:list_secrets"),
    ),
)
USER = Group(
    "user",
    "Manage users",
    (
        change(
            "user",
            "add-group",
            "nouns.user:add_group",
            "[USERNAME] [GROUP]",
            (2, 2),
            "Add a user to a group",
            "alice ops",
        ),
        change(
            "user",
            "change-password",
            "nouns.user_password:change_password",
            "[USERNAME]",
            ONE_AT_MOST,
            "Change a password, given the current one",
            "--interactive",
            Flag("current-password", short="c", help="current password"),
            INTERACTIVE,
            Flag("new-password", short="p", required=True, help="new password"),
        ),
        change(
            "user",
            "create",
            "nouns.user:create_user",
            "[NAME]",
            ONE_AT_MOST,
            "",
            "alice --password 'correct horse' --groups ops",
            Flag("groups", short="g", help="comma-separated groups"),
            INTERACTIVE,
            Flag("password", short="p", required=True, help="password of at least 8 characters"),
        ),
        deletion("user", "nouns.user:disable_user", "[USERNAME]", verb="disable", more=(FORCE,)),
        Command(
            "hash-password",
            "user hash-password [PASSWORD] [flags]",
            "Print the hash of a password",
            "nouns.user_password:hash_password",
            words=ONE,
            configured=False,
            example="sensuctl user hash-password 'correct horse'",
            missing="a password is required",
        ),
        listing("user", "nouns.user:list_users", namespaced=False),
        change("user", "reinstate", "nouns.user:reinstate_user", "[USERNAME]", ONE, "Enable a disabled user", "alice"),
        change(
            "user",
            "remove-group",
            "nouns.user:remove_group",
            "[USERNAME] [group]",
            (2, 2),
            "Remove a user from a group",
            "alice ops",
            FORCE,
        ),
        change(
            "user",
            "remove-groups",
            "nouns.user:remove_groups",
            "USERNAME",
            ONE,
            "Remove a user from all groups",
            "alice",
            FORCE,
        ),
        change(
            "user",
            "reset-password",
            "nouns.user_password:reset_password",
            "[USERNAME]",
            ONE,
            "Set a new password for a user",
            "alice --interactive",
            INTERACTIVE,
            Flag("password", short="p", help="new password"),
        )._replace(missing="a username is required"),
        change(
            "user",
            "set-groups",
            "nouns.user:set_groups",
            "USERNAME GROUP1[,GROUP2, ...[,GROUPN]]",
            (2, 2),
            "Set the groups of a user",
            "alice ops,dev",
            FORCE,
        ),
        change(
            "user",
            "test-creds",
            "nouns.user_password:test_credentials",
            "[NAME]",
            ONE_AT_MOST,
            "Check a user name and password",
            "alice --password 'correct horse'",
            INTERACTIVE,
            Flag("password", short="p", required=True, help="password to try"),
        ),
    ),
)

ACCESS: tuple[Command | Group, ...] = (
    API_KEY,
    AUDIT,
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    NAMESPACE,
    ROLE,
    ROLE_BINDING,
    SECRET,
    USER,
)

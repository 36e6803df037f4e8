"""The commands about sensuctl itself, about many kinds at once, and about the cluster."""

from sensu.flags import Flag
from sensu.sensuctl.command import ANY_NUMBER, Command, Group
from sensu.sensuctl.declare import (
    ALL_NAMESPACES,
    FORCE,
    FORMAT,
    ONE,
    ONE_AT_MOST,
    SKIP_CONFIRM,
    change,
    deletion,
)

CONFIGURE = Command(
    "configure",
    "configure [flags]",
    "Log in, and save the API URL and preferences",
    "nouns.configure:configure",
    (
        Flag("format", default="tabular", help="preferred output format"),
        Flag("non-interactive", "bool", default=False, short="n", help="never ask"),
        Flag("password", help="password to log in with"),
        Flag("url", help="URL of the API"),
        Flag("username", help="user to log in as"),
    ),
    configured=False,
    example="sensuctl configure -n --url http://127.0.0.1:8080 --username admin --password 'P@ssw0rd!'",
)
COMPLETION = Command(
    "completion",
    "completion [bash|zsh|fish]",
    "Print the completion script for a shell",
    "nouns.completion:write_script",
    words=(0, ANY_NUMBER),
    configured=False,
    example="source <(sensuctl completion bash)",
)
CREATE = Command(
    "create",
    "create [-r] [[-f URL] ... ] [flags]",
    "Create or replace resources from files, folders, URLs or standard input",
    "nouns.create:create",
    (
        Flag(
            "file",
            "strings",
            short="f",
            help="file, folder (.yml, .yaml, .json), URL, - for standard input; repeatable",
        ),
        FORCE,
        Flag("recursive", "bool", default=False, short="r", help="include folders within folders"),
    ),
    ONE_AT_MOST,
    example="sensuctl create -r -f monitoring/",
)
DELETE = Command(
    "delete",
    "delete [-f FILE] [flags]",
    "Delete the resources listed in a file or on standard input",
    "nouns.delete:delete",
    (Flag("file", short="f", help="file with the resources to delete"), FORCE),
    ONE_AT_MOST,
    example="sensuctl delete -f monitoring.yml",
)
DESCRIBE_TYPE = Command(
    "describe-type",
    "describe-type [RESOURCE TYPE],[RESOURCE TYPE]... [flags]",
    "List resource types",
    "nouns.describe_type:describe",
    (FORMAT,),
    ONE,
    example="sensuctl describe-type all",
    missing="invalid argument(s) received, expected a single one or a comma-separated list",
)
DUMP = Command(
    "dump",
    "dump [RESOURCE TYPE],[RESOURCE TYPE]... [-f FILE] [flags]",
    "Export resources as YAML or JSON that create reads; 'all' is every type of 'describe-type all'",
    "nouns.dump:dump",
    (
        ALL_NAMESPACES,
        Flag("file", short="f", help="file to write to"),
        Flag("format", default="yaml", help='format of the output: "yaml" or "wrapped-json"'),
        Flag("omit", short="o", help="comma-separated types to omit"),
        Flag(
            "types",
            "bool",
            default=False,
            short="t",
            hidden=True,
            help='please use "sensuctl describe-type all" instead',
        ),
    ),
    ONE_AT_MOST,
    example="sensuctl dump all --omit events,entities --file backup.yml",
)
EDIT = Command(
    "edit",
    "edit [RESOURCE TYPE] [KEY]... [flags]",
    "Edit a resource in $EDITOR",
    "nouns.edit:edit",
    (Flag("blank", "bool", default=False, short="b", help="start from an empty resource"), FORCE, FORMAT),
    (0, ANY_NUMBER),
    example="sensuctl edit check disk\nsensuctl edit event ENTITY CHECK\nsensuctl edit handler --blank",
)
ENV = Command(
    "env",
    "env [flags]",
    "Print the settings as shell variables",
    "nouns.env:show_environment",
    (Flag("shell", help='"bash", "cmd" or "powershell" (default: the shell of $SHELL)'),),
    (0, ANY_NUMBER),
    example="eval $(sensuctl env)",
)
LOGOUT = Command("logout", "logout [flags]", "Log out", "nouns.logout:log_out", example="sensuctl logout")
VERSION = Command(
    "version",
    "version [flags]",
    "Show the version",
    "nouns.version:show_version",
    words=(0, ANY_NUMBER),
    configured=False,
    example="sensuctl version",
)
_VIEW = Command(
    "view",
    "config view [flags]",
    "Show the configuration",
    "nouns.config:view",
    (FORMAT,),
    (0, ANY_NUMBER),
    configured=False,
    example="sensuctl config view --format json",
)


def _setting(name: str, word: str, run: str, example: str) -> Command:
    usage = f"config {name} [{word}] [flags]"
    summary = f"Save another {word.lower()}"
    return Command(name, usage, summary, run, words=ONE, configured=False, example=f"sensuctl config {name} {example}")


CONFIG = Group(
    "config",
    "Show and change the settings of sensuctl",
    (
        _setting("set-format", "FORMAT", "nouns.config:set_format", "json"),
        _setting("set-namespace", "NAMESPACE", "nouns.config:set_namespace", "production"),
        _setting("set-timeout", "TIMEOUT", "nouns.config:set_timeout", "30s"),
        _VIEW,
    ),
)
CLUSTER = Group(
    "cluster",
    "Manage the cluster of backends",
    (
        Command(
            "health",
            "cluster health [flags]",
            "Show the health of the backends",
            "nouns.cluster:show_health",
            (FORMAT,),
            (0, ANY_NUMBER),
            example="sensuctl cluster health",
        ),
        Command(
            "id",
            "cluster id [flags]",
            "Show the identifier of the cluster",
            "nouns.cluster:show_id",
            example="sensuctl cluster id",
        ),
        change(
            "cluster",
            "member-add",
            "nouns.cluster:add_member",
            "[NAME] [PEER-ADDRS]",
            (2, 2),
            "Add a member",
            "backend-2 https://10.0.0.2:2380",
        ),
        Command(
            "member-list",
            "cluster member-list [flags]",
            "List the members",
            "nouns.cluster:list_members",
            (FORMAT,),
            (0, ANY_NUMBER),
            example="sensuctl cluster member-list",
        ),
        change(
            "cluster",
            "member-remove",
            "nouns.cluster:remove_member",
            "[ID]",
            ONE,
            "Remove a member",
            "2f7ae42c315f8c2d",
        ),
        change(
            "cluster",
            "member-update",
            "nouns.cluster:update_member",
            "[ID] [PEER_ADDRS]",
            (2, 2),
            "Change the addresses of a member",
            "2f7ae42c315f8c2d https://10.0.0.4:2380",
        ),
    ),
)
COMMAND = Group(
    "command",
    "Manage commands that extend sensuctl",
    (
        deletion("command", "nouns.command_plugin:delete_command", "[ALIAS]"),
        change(
            "command",
            "exec",
            "nouns.command_plugin:execute",
            "[ALIAS] [args]",
            (1, ANY_NUMBER),
            "Run an installed command",
            "ALIAS WORDS -- --flags",
        ),
        change(
            "command",
            "install",
            "nouns.command_plugin:install",
            "[ALIAS] ([NAME]:[VERSION] | --url [ARCHIVE_URL] --checksum [ARCHIVE_CHECKSUM])",
            (1, 2),
            "Install a command from Bonsai or an archive",
            "ALIAS NAMESPACE/NAME:1.0.0",
            Flag("checksum", help="SHA-512 checksum of the archive"),
            Flag("url", help="URL of an archive"),
        ),
        Command(
            "list",
            "command list [flags]",
            "List installed commands",
            "nouns.command_plugin:list_commands",
            (FORMAT,),
            example="sensuctl command list",
        ),
    ),
)
_SOURCES = Flag(
    "file",
    "strings",
    short="f",
    help="file, folder (.yml, .yaml, .json), URL, - for standard input; repeatable",
)
_RECURSIVE = Flag("recursive", "bool", default=False, short="r", help="include folders within folders")
_DRY_RUN = Flag("dry-run", "bool", default=False, short="d", help="only show what would be changed")
APPLY = Command(
    "apply",
    "apply [-r] [[-f URL] ... ] [flags]",
    "Create or update only the resources that differ from the files",
    "nouns.apply:apply",
    (_DRY_RUN, _SOURCES, FORCE, FORMAT, _RECURSIVE),
    example="sensuctl apply -r -f monitoring/ --dry-run\nsensuctl apply -r -f monitoring/",
)
DIFF = Command(
    "diff",
    "diff [-r] [[-f URL] ... ] [flags]",
    "Show how files differ from the server; exit status 1 if they do",
    "nouns.apply:diff",
    (_SOURCES, _RECURSIVE),
    example="sensuctl diff -r -f monitoring/",
)
PRUNE = Command(
    "prune",
    "prune [RESOURCE TYPE],[RESOURCE TYPE]... [-r] [[-f URL] ... ] [flags]",
    "Delete resources created by sensuctl that the files no longer contain",
    "nouns.prune:prune",
    (
        Flag("all-users", "bool", default=False, short="a", help="resources created by any user"),
        Flag("cluster-wide", "bool", default=False, short="c", help="include types that belong to no namespace"),
        _DRY_RUN,
        _SOURCES,
        FORCE,
        FORMAT,
        Flag("label-selector", help="only resources whose labels match, for example region == us"),
        Flag("omit", short="o", help="comma-separated types to omit"),
        _RECURSIVE,
        Flag("users", "strings", short="u", help="resources created by these users (default: yourself)"),
    ),
    ONE_AT_MOST,
    example="sensuctl prune checks,handlers -r -f monitoring/ --dry-run",
)
BACKUP = Command(
    "backup",
    "backup FILE|DIR/ [flags]",
    "Save the resources of all namespaces to a file or a folder",
    "nouns.backup:backup",
    (Flag("events", "bool", default=False, help="include events; when restored, they are handled again"),),
    ONE,
    example="sensuctl backup sensu.yml\nsensuctl backup sensu/",
)
RESTORE = Command(
    "restore",
    "restore FILE|DIR [flags]",
    "Restore a backup",
    "nouns.backup:restore",
    (FORCE,),
    ONE,
    example="sensuctl restore sensu.yml",
)
TESSEN = Group(
    "tessen",
    "Show or change the usage reporting setting (nothing is ever sent)",
    (
        Command(
            "info",
            "tessen info [flags]",
            "Show whether usage reporting is enabled (nothing is ever sent)",
            "nouns.tessen:show_tessen",
            (FORMAT,),
            example="sensuctl tessen info",
        ),
        Command(
            "opt-in",
            "tessen opt-in [flags]",
            "Set opt-out to false",
            "nouns.tessen:opt_in",
            example="sensuctl tessen opt-in",
        ),
        Command(
            "opt-out",
            "tessen opt-out [flags]",
            "Set opt-out to true",
            "nouns.tessen:opt_out",
            (SKIP_CONFIRM,),
            example="sensuctl tessen opt-out --skip-confirm",
        ),
    ),
)

GENERAL: tuple[Command | Group, ...] = (
    APPLY,
    BACKUP,
    CLUSTER,
    COMMAND,
    COMPLETION,
    CONFIG,
    CONFIGURE,
    CREATE,
    DELETE,
    DESCRIBE_TYPE,
    DIFF,
    DUMP,
    EDIT,
    ENV,
    LOGOUT,
    PRUNE,
    RESTORE,
    TESSEN,
    VERSION,
)

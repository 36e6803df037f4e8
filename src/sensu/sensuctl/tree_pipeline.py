"""The commands about what happens to events: assets, filters, handlers, hooks, mutators, pipelines."""

from sensu.flags import Flag
from sensu.sensuctl.command import Command, Group
from sensu.sensuctl.declare import (
    INTERACTIVE,
    ONE,
    ONE_AT_MOST,
    change,
    deletion,
    info,
    listing,
    update,
)
from sensu.sensuctl.tree_deliveries import TEST_FILTER

_ENV_VARS = Flag("env-vars", help="comma-separated variables, NAME=VALUE")
_RUNTIME_ASSETS = Flag("runtime-assets", short="r", help="comma-separated runtime assets")

ASSET = Group(
    "asset",
    "Manage assets",
    (
        change(
            "asset",
            "add",
            "nouns.asset_bonsai:add_asset",
            "[NAME]",
            ONE,
            "Add an asset from Bonsai",
            "sensu/monitoring-plugins:2.6.0",
            Flag("rename", short="r", help="name of the new asset"),
        ),
        change(
            "asset",
            "create",
            "nouns.asset:create_asset",
            "[NAME]",
            ONE_AT_MOST,
            "",
            "plugins --url https://example.com/plugins.tar.gz --sha512 DIGEST",
            Flag("filter", "strings", help="expressions that select the hosts it is for"),
            INTERACTIVE,
            Flag("sha512", required=True, help="SHA-512 checksum of the archive"),
            Flag("url", short="u", required=True, help="URL of the archive"),
        ),
        deletion("asset", "nouns.asset:delete_asset"),
        info("asset", "nouns.asset:show_asset"),
        listing("asset", "nouns.asset:list_assets"),
        listing(
            "asset",
            "nouns.asset_bonsai:list_outdated",
            name="outdated",
            summary="List assets that have newer versions on Bonsai",
        ),
        update("asset", "nouns.asset:update_asset"),
    ),
)
FILTER = Group(
    "filter",
    "Manage filters",
    (
        change(
            "filter",
            "create",
            "nouns.filter:create_filter",
            "[NAME]",
            ONE_AT_MOST,
            "",
            "hourly --action allow --expressions 'event.check.occurrences == 1'",
            Flag("action", short="a", required=True, help='what to do with matching events: "allow" or "deny"'),
            Flag("expressions", short="s", required=True, help="comma-separated JavaScript expressions"),
            INTERACTIVE,
        ),
        deletion("filter", "nouns.filter:delete_filter"),
        info("filter", "nouns.filter:show_filter"),
        listing("filter", "nouns.filter:list_filters"),
        TEST_FILTER,
        update("filter", "nouns.filter:update_filter"),
    ),
)
HANDLER = Group(
    "handler",
    "Manage handlers",
    (
        change(
            "handler",
            "create",
            "nouns.handler:create_handler",
            "[NAME]",
            ONE_AT_MOST,
            "",
            "mail --type pipe --command 'send-mail -t ops' --filters is_incident",
            Flag("command", help="command of a pipe handler"),
            _ENV_VARS,
            Flag("filters", help="comma-separated filters"),
            Flag("handlers", help="comma-separated handlers of a set"),
            INTERACTIVE,
            Flag("mutator", short="m", help="mutator to apply to events"),
            _RUNTIME_ASSETS,
            Flag("socket-host", help="host of a tcp or udp handler"),
            Flag("socket-port", help="port of a tcp or udp handler"),
            Flag("timeout", short="i", help="seconds after which it is stopped"),
            Flag("type", short="t", default="pipe", help='"pipe", "tcp", "udp" or "set"'),
        ),
        deletion("handler", "nouns.handler:delete_handler"),
        info("handler", "nouns.handler:show_handler", "[ID]"),
        listing("handler", "nouns.handler:list_handlers"),
        update("handler", "nouns.handler:update_handler"),
    ),
)
HOOK = Group(
    "hook",
    "Manage hooks",
    (
        change(
            "hook",
            "create",
            "nouns.hook:create_hook",
            "[NAME]",
            ONE_AT_MOST,
            "",
            "process_tree --command 'ps aux' --timeout 10",
            Flag("command", short="c", required=True, help="command to run"),
            INTERACTIVE,
            Flag("stdin", "bool", default=False, short="s", help="pass the event on standard input"),
            Flag("timeout", short="t", default="60", help="seconds after which it is stopped"),
        ),
        deletion("hook", "nouns.hook:delete_hook"),
        info("hook", "nouns.hook:show_hook", "[ID]"),
        listing("hook", "nouns.hook:list_hooks"),
        update("hook", "nouns.hook:update_hook"),
    ),
)
MUTATOR = Group(
    "mutator",
    "Manage mutators",
    (
        change(
            "mutator",
            "create",
            "nouns.mutator:create_mutator",
            "[NAME]",
            ONE_AT_MOST,
            "",
            "shorten --command 'jq .check' --timeout 5",
            Flag("command", short="c", required=True, help="command that reads the event and writes the changed event"),
            _ENV_VARS,
            Flag("eval", help="JavaScript of a mutator of type javascript"),
            INTERACTIVE,
            _RUNTIME_ASSETS,
            Flag("timeout", short="t", help="seconds after which it is stopped"),
            Flag("type", default="pipe", help='"pipe" or "javascript"'),
        ),
        deletion("mutator", "nouns.mutator:delete_mutator"),
        info("mutator", "nouns.mutator:show_mutator"),
        listing("mutator", "nouns.mutator:list_mutators"),
        update("mutator", "nouns.mutator:update_mutator"),
    ),
)
PIPELINE = Group(
    "pipeline",
    "Manage pipelines",
    (
        deletion("pipeline", "nouns.pipeline:delete_pipeline", "[PIPELINE]"),
        info("pipeline", "nouns.pipeline:show_pipeline", "[PIPELINE]"),
        listing("pipeline", "nouns.pipeline:list_pipelines"),
    ),
)

PIPELINES: tuple[Command | Group, ...] = (ASSET, FILTER, HANDLER, HOOK, MUTATOR, PIPELINE)

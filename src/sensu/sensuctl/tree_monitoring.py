"""The commands about what is watched and what is seen: checks, entities, events, silences."""

from sensu.flags import Flag
from sensu.sensuctl.command import Command, Group
from sensu.sensuctl.declare import (
    FORMAT,
    INTERACTIVE,
    ONE,
    ONE_AT_MOST,
    change,
    deletion,
    info,
    listing,
    update,
)
from sensu.sensuctl.tree_deliveries import EXPLAIN_EVENT

_SETTINGS = {
    "command": "df -h /",
    "cron": "'0 * * * *'",
    "handlers": "slack,pager",
    "high-flap-threshold": "60",
    "interval": "30",
    "low-flap-threshold": "20",
    "output-metric-format": "nagios_perfdata",
    "output-metric-handlers": "influxdb",
    "proxy-entity-name": "switch-1",
    "publish": "false",
    "round-robin": "true",
    "runtime-assets": "check-plugins",
    "stdin": "true",
    "subscriptions": "linux,web",
    "timeout": "10",
    "ttl": "90",
}
_REMOVABLE = (
    "handlers",
    "high-flap-threshold",
    "low-flap-threshold",
    "output-metric-format",
    "output-metric-handlers",
    "proxy-entity-name",
    "proxy-requests",
    "runtime-assets",
    "timeout",
    "ttl",
)


def _spoken(name: str) -> str:
    return name.upper() if name == "ttl" else name.replace("-", " ")


_SETTERS = tuple(
    change(
        "check",
        f"set-{name}",
        "nouns.check_set:set_field",
        "[NAME] [VALUE]",
        (2, 2),
        f"Set the {_spoken(name)}",
        f"disk {value}",
    )
    for name, value in _SETTINGS.items()
)
_REMOVERS = tuple(
    change(
        "check", f"remove-{name}", "nouns.check_set:remove_field", "[NAME]", ONE, f"Remove the {_spoken(name)}", "disk"
    )
    for name in _REMOVABLE
)
CHECK_CREATE = change(
    "check",
    "create",
    "nouns.check:create_check",
    "[NAME]",
    ONE_AT_MOST,
    "",
    "disk --command 'check-disk -w 80' --interval 30 --subscriptions linux --handlers slack",
    Flag("command", short="c", required=True, help="command to run"),
    Flag("cron", help="cron schedule"),
    Flag("handlers", help="comma-separated handlers"),
    Flag("high-flap-threshold", help="percentage of state change above which the check is flapping"),
    INTERACTIVE,
    Flag("interval", short="i", help="seconds between runs"),
    Flag("low-flap-threshold", help="percentage of state change below which the check is no longer flapping"),
    Flag("output-metric-format", help="format of the metrics in the output"),
    Flag("output-metric-handlers", help="comma-separated handlers of metrics"),
    Flag("proxy-entity-name", help="name of the proxy entity for its events"),
    Flag("publish", "bool", default=True, short="p", help="schedule the check on agents"),
    Flag("round-robin", "bool", default=False, help="run on one agent at a time, in turn"),
    Flag("runtime-assets", short="r", help="comma-separated runtime assets"),
    Flag("stdin", "bool", default=False, help="accepted for compatibility, see set-stdin"),
    Flag("subscriptions", short="s", required=True, help="comma-separated subscriptions of the agents that run it"),
    Flag("timeout", short="t", help="seconds after which a run is stopped"),
    Flag("ttl", help="seconds without a result before the check is reported as failed"),
)
CHECK = Group(
    "check",
    "Manage checks",
    tuple(
        sorted(
            (
                CHECK_CREATE,
                deletion("check", "nouns.check:delete_check"),
                change(
                    "check",
                    "execute",
                    "nouns.check:execute_check",
                    "[NAME]",
                    ONE_AT_MOST,
                    "Run a check now",
                    "disk --reason 'after the repair'",
                    INTERACTIVE,
                    Flag("reason", short="r", help="reason for the run"),
                    Flag("subscriptions", short="s", help="comma-separated subscriptions to run it for"),
                ),
                change(
                    "check",
                    "explain",
                    "nouns.check_explain:explain_check",
                    "[NAME]",
                    ONE,
                    "Show when and where a check runs, and the outcome of its last runs",
                    "disk",
                    FORMAT,
                ),
                info("check", "nouns.check:show_check", "[ID]"),
                listing("check", "nouns.check:list_checks"),
                change(
                    "check",
                    "remove-hook",
                    "nouns.check_set:remove_hook",
                    "[CHECKNAME] [TYPE] [HOOKNAME]",
                    (3, 3),
                    "Remove a hook",
                    "disk critical process_tree",
                ),
                change(
                    "check",
                    "set-hooks",
                    "nouns.check_set:set_hooks",
                    "[CHECKNAME]",
                    ONE,
                    "Add hooks for a status",
                    "disk --type critical --hooks process_tree",
                    Flag("hooks", short="k", required=True, help="comma-separated hooks"),
                    INTERACTIVE,
                    Flag("type", short="t", required=True, help="0 to 255, ok, warning, critical, unknown or non-zero"),
                ),
                change(
                    "check",
                    "set-proxy-requests",
                    "nouns.check_set:set_proxy_requests",
                    "[NAME]",
                    ONE,
                    "Set the proxy requests from a file or standard input",
                    "disk --file proxy-requests.json",
                    Flag("file", short="f", help="JSON file with the proxy requests"),
                ),
                update("check", "nouns.check:update_check"),
                *_SETTERS,
                *_REMOVERS,
            ),
            key=lambda command: command.name,
        )
    ),
)
ENTITY = Group(
    "entity",
    "Manage entities",
    (
        change(
            "entity",
            "create",
            "nouns.entity:create_entity",
            "[NAME]",
            ONE_AT_MOST,
            "",
            "switch-1 --entity-class proxy",
            Flag("entity-class", short="c", required=True, help="agent, proxy or another class"),
            INTERACTIVE,
            Flag("subscriptions", short="s", help="comma-separated subscriptions"),
        ),
        deletion("entity", "nouns.entity:delete_entity"),
        info("entity", "nouns.entity:show_entity", "[ID]"),
        listing("entity", "nouns.entity:list_entities"),
        update("entity", "nouns.entity:update_entity", "[ID]"),
    ),
)
_WATCH = Flag("watch", "bool", default=False, short="w", help="follow changes until interrupted")
_NOTE = Flag("note", help="with --watch at a terminal: text shown below the events, for example which cluster this is")
EVENT = Group(
    "event",
    "Manage events",
    (
        deletion("event", "nouns.event:delete_event", "[ENTITY] [CHECK]", (2, 2)),
        EXPLAIN_EVENT,
        info("event", "nouns.event:show_event", "[ENTITY] [CHECK]", (2, 2)),
        listing("event", "nouns.event:list_events", more=(_NOTE, _WATCH))._replace(
            example="sensuctl event list --format json\nsensuctl event list --watch"
        ),
        change(
            "event",
            "resolve",
            "nouns.event:resolve_event",
            "[ENTITY] [CHECK]",
            (2, 2),
            "Resolve an event manually",
            "server-1 disk",
        ),
    ),
)
_SILENCED_CHECK = Flag("check", short="c", help="check to silence")
_SILENCED_SUBSCRIPTION = Flag("subscription", short="s", help="subscription to silence")
SILENCED = Group(
    "silenced",
    "Manage silences",
    (
        change(
            "silenced",
            "create",
            "nouns.silenced:create_silence",
            "",
            (0, 0),
            "",
            "--subscription web --reason 'planned work' --expire 3600",
            Flag("begin", short="b", default="0", help='start time: "now" or a time like 2030-01-02T15:04:05Z'),
            _SILENCED_CHECK,
            Flag("expire", short="e", default="-1", help="seconds until it expires, -1 for never"),
            Flag("expire-on-resolve", "bool", default=False, short="x", help="delete it when the event is resolved"),
            INTERACTIVE,
            Flag("reason", short="r", required=True, help="reason for the silence"),
            _SILENCED_SUBSCRIPTION,
        ),
        Command(
            "delete",
            "silenced delete [NAME] [flags]",
            "Delete a silence",
            "nouns.silenced:delete_silence",
            (
                _SILENCED_CHECK,
                Flag("skip-confirm", "bool", default=False, help="do not ask for confirmation"),
                _SILENCED_SUBSCRIPTION,
            ),
            ONE_AT_MOST,
            example="sensuctl silenced delete --subscription web --skip-confirm",
        ),
        Command(
            "info",
            "silenced info [Name] [flags]",
            "Show a silence",
            "nouns.silenced:show_silence",
            (
                Flag("check", short="c", default="*", help="check to silence"),
                *info("silenced", "").flags,
                Flag("subscription", short="s", default="*", help="subscription to silence"),
            ),
            ONE_AT_MOST,
            example="sensuctl silenced info web:*",
        ),
        listing("silenced", "nouns.silenced:list_silences", more=(_SILENCED_CHECK, _SILENCED_SUBSCRIPTION)),
        Command(
            "update",
            "silenced update [NAME] [flags]",
            "Change a silence, one question per field",
            "nouns.silenced:update_silence",
            words=ONE_AT_MOST,
            example="sensuctl silenced update web:*",
        ),
    ),
)

MONITORING: tuple[Command | Group, ...] = (CHECK, ENTITY, EVENT, SILENCED)

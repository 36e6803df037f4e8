"""`sensuctl silenced …`.

Source: docs "Silencing reference"; recorded sensuctl session silenced.
"""

from collections.abc import Sequence
from typing import Any

from sensu.clock import SystemClock
from sensu.flags import Flag, convert_int
from sensu.resources.kinds import SILENCED
from sensu.sensuctl.command import Command, Context
from sensu.sensuctl.dates import rfc3339, unix_seconds
from sensu.sensuctl.declare import FORMAT, INTERACTIVE, NONE, ONE_AT_MOST, SKIP_CONFIRM, change, listing, method
from sensu.sensuctl.failure import APIError, CommandFailed
from sensu.sensuctl.output import show_list
from sensu.sensuctl.paths import quoted, resource_path
from sensu.sensuctl.prompt import confirm
from sensu.sensuctl.resource_commands import Noun, create_resource, first_word, name_of, namespace_of, replace_resource
from sensu.sensuctl.table import Column

ANY = "*"
NOT_FOUND = 404


def _expiration(entry: Any) -> str:
    return rfc3339(entry["expire_at"]) if entry.get("expire_at") else "no expiration"


COLUMNS = (
    Column("Name", name_of, key=True),
    Column("Subscription", lambda entry: entry.get("subscription", "")),
    Column("Check", lambda entry: entry.get("check", "")),
    Column("Begin", lambda entry: rfc3339(entry.get("begin", 0)), spare=1, whole=True),
    Column("Expiration", _expiration, whole=True),
    Column("ExpireOnResolve", lambda entry: bool(entry.get("expire_on_resolve")), spare=2),
    Column("Creator", lambda entry: entry.get("creator", ""), spare=1),
    Column("Reason", lambda entry: entry.get("reason", "")),
    Column("Namespace", namespace_of, key=True),
)


def details(entry: Any) -> Sequence[tuple[str, Any]]:
    """The rows of `silenced info`; the begin is shown only if it is in the future."""
    begin = entry.get("begin", 0)
    coming = [("Begin", rfc3339(begin))] if begin > SystemClock().now() else []
    return (
        *coming,
        ("Expiration", _expiration(entry)),
        ("ExpireOnResolve", "true" if entry.get("expire_on_resolve") else "false"),
        ("Creator", entry.get("creator", "")),
        ("Check", entry.get("check", "")),
        ("Reason", entry.get("reason", "")),
        ("Subscription", entry.get("subscription", "")),
        ("Namespace", namespace_of(entry)),
    )


def _name(context: Context) -> str:
    """The name given as a word, or made of the subscription and check, which are asked for if missing."""
    if context.words:
        return first_word(context)
    given = [context.text(name) for name in ("subscription", "check")]
    subscription, check = (text.replace(ANY, "") for text in given)
    if not any(given):
        from sensu.sensuctl.prompt import ask  # noqa: PLC0415 - only at a terminal

        subscription = ask(context, "Subscription:")
        check = ask(context, "Check:")
    return _name_by(subscription, check)


def _name_by(subscription: str, check: str) -> str:
    from sensu.rules.kinds.silenced import name_of_entry  # noqa: PLC0415 - a plain list needs no rules

    return name_of_entry(subscription, check)


def _entry(context: Context, name: str) -> Any:
    try:
        return context.session.get(resource_path(SILENCED, context.namespace, name))
    except APIError as err:
        if err.status != NOT_FOUND:
            raise
        raise CommandFailed("silenced entry not found") from err


def _require_still_to_end(entry: Any) -> None:
    """Raise CommandFailed for a silence that would have no effect because it ended already."""
    from sensu.rules.kinds.silenced import ended_at  # noqa: PLC0415 - a plain list needs no rules

    ended = ended_at(entry["begin"], entry["expire"], 0, SystemClock().now())
    if ended is not None:
        raise CommandFailed(f"this silence ended on {rfc3339(ended)}: not created; check --begin and --expire")


def _answers(context: Context, current: Any) -> dict[str, Any]:
    from sensu.sensuctl.prompt import YES, ask  # noqa: PLC0415 - only at a terminal

    now_expires_on_resolve = "Yes" if current.get("expire_on_resolve") else "No"
    begin = rfc3339(current["begin"]) if current.get("begin") else "now"
    subscription, check = current.get("subscription", ""), current.get("check", "")
    if not current:
        subscription = ask(context, "Subscription:", context.text("subscription"))
        check = ask(context, "Check:", context.text("check"))
    return {
        "subscription": subscription,
        "check": check,
        "begin": unix_seconds(ask(context, "Begin time:", begin)),
        "expire": convert_int(ask(context, "Expiry in Seconds:", str(current.get("expire", -1)))),
        "expire_on_resolve": ask(context, "Expire on Resolve:", now_expires_on_resolve).lower() in YES,
        "reason": ask(context, "Reason:", current.get("reason", "")),
    }


class SilencedNoun(Noun):
    """Silences, which are named after their subscription and check."""

    def list(self, context: Context) -> None:
        """`sensuctl silenced list`, with --subscription and --check those of a subscription or check."""
        subscription, check = context.text("subscription"), context.text("check")
        everywhere = context.flag("all-namespaces")
        if subscription and everywhere:
            raise CommandFailed("the subscription and all-namespaces flags are mutually exclusive")
        if not subscription and not check:
            super().list(context)
            return
        if subscription and check:
            show_list(context, SILENCED, [_entry(context, _name_by(subscription, check))], COLUMNS)
            return
        path = resource_path(SILENCED, "" if everywhere else context.namespace)
        by = ("subscriptions", subscription) if subscription else ("checks", check)
        found = context.session.listing("/".join([path, *(quoted(word) for word in by)]))
        show_list(context, SILENCED, found.items, COLUMNS, found.warning)

    def show(self, context: Context) -> None:
        """`sensuctl silenced info [NAME]`."""
        self.show_resource(context, _entry(context, _name(context)))

    def delete(self, context: Context) -> None:
        """`sensuctl silenced delete [NAME]`."""
        name = _name(context)
        if confirm(context, f"delete silence resource '{name}'"):
            context.session.call("DELETE", resource_path(SILENCED, context.namespace, name))
            context.print("Deleted")

    def create(self, context: Context) -> None:
        """`sensuctl silenced create`."""
        namespace = context.namespace
        if context.flag("interactive"):
            from sensu.sensuctl.prompt import ask  # noqa: PLC0415 - only at a terminal

            namespace = ask(context, "Namespace:", namespace)
            entry = _answers(context, {})
        else:
            entry = {
                "subscription": context.text("subscription"),
                "check": context.text("check"),
                "reason": context.text("reason"),
                "expire_on_resolve": bool(context.flag("expire-on-resolve")),
                "expire": convert_int(str(context.flag("expire"))),
                "begin": unix_seconds(context.text("begin")),
            }
        if not entry["check"] and not entry["subscription"]:
            raise CommandFailed("must specify --check or --subscription")
        name = _name_by(entry["subscription"], entry["check"])
        _require_still_to_end(entry)
        create_resource(context, SILENCED, {**entry, "metadata": {"name": name, "namespace": namespace}})

    def update(self, context: Context) -> None:
        """`sensuctl silenced update [NAME]`."""
        entry = _entry(context, _name(context))
        changed = {**entry, **_answers(context, entry), "expire_at": 0}
        _require_still_to_end(changed)
        replace_resource(context, SILENCED, changed)
        context.print("Updated")


NOUN = SilencedNoun(SILENCED, COLUMNS, details)
_CHECK = Flag("check", short="c", help="check to silence")
_SUBSCRIPTION = Flag("subscription", short="s", help="subscription to silence")
COMMANDS = (
    change(
        "silenced",
        "create",
        method("silenced", "create"),
        "",
        NONE,
        "",
        "--subscription web --reason 'planned work' --expire 3600",
        Flag("begin", short="b", default="0", help='start time: "now" or a time like 2030-01-02T15:04:05Z'),
        _CHECK,
        Flag("expire", short="e", default="-1", help="seconds until it expires, -1 for never"),
        Flag(
            "expire-on-resolve", "bool", default=False, short="x", help="delete the silence when the event is resolved"
        ),
        INTERACTIVE,
        Flag("reason", short="r", required=True, help="reason for the silence"),
        _SUBSCRIPTION,
    ),
    Command(
        "delete",
        "silenced delete [NAME] [flags]",
        "Delete a silence",
        method("silenced", "delete"),
        (_CHECK, SKIP_CONFIRM, _SUBSCRIPTION),
        ONE_AT_MOST,
        example="sensuctl silenced delete --subscription web --skip-confirm",
    ),
    Command(
        "info",
        "silenced info [Name] [flags]",
        "Show a silence",
        method("silenced", "show"),
        (_CHECK._replace(default=ANY), FORMAT, _SUBSCRIPTION._replace(default=ANY)),
        ONE_AT_MOST,
        example="sensuctl silenced info web:*",
    ),
    listing("silenced", more=(_CHECK, _SUBSCRIPTION)),
    Command(
        "update",
        "silenced update [NAME] [flags]",
        "Update a silence interactively",
        method("silenced", "update"),
        words=ONE_AT_MOST,
        example="sensuctl silenced update web:*",
    ),
)

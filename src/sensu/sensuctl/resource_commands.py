"""What the commands of every noun have in common: list, show, create, change and delete."""

from collections.abc import Callable, Sequence
from typing import Any

from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.kind import Kind
from sensu.sensuctl.output import show_list, show_one
from sensu.sensuctl.prompt import confirm
from sensu.sensuctl.session import resource_path
from sensu.sensuctl.table import Column

Rows = Callable[[Any], Sequence[tuple[str, Any]]]
SELECTORS = {"field-selector": "fieldSelector", "label-selector": "labelSelector"}


def list_resources(context: Context, kind: Kind, columns: Sequence[Column]) -> None:
    """Write the resources of a kind: of the namespace, or of all."""
    namespace = "" if context.flag("all-namespaces") else context.namespace
    show_listing(context, kind, columns, resource_path(kind, namespace))


def show_listing(context: Context, kind: Kind, columns: Sequence[Column], path: str) -> None:
    """Write the resources that a path of the API lists, as the selectors and the chunk size say."""
    query = {wire: context.text(name) for name, wire in SELECTORS.items() if context.flag(name)}
    found = context.session.listing(path, query, context.flag("chunk-size") or 0)
    show_list(context, kind, found.items, columns, found.warning)


def show_resource(context: Context, kind: Kind, title: Callable[[Any], str], rows: Rows) -> None:
    """Write the resource that the words name."""
    resource = get_resource(context, kind)
    show_one(context, kind, resource, title(resource), rows(resource))


def get_resource(context: Context, kind: Kind, *names: str) -> Any:
    """The resource of these names, or of those that the words give."""
    return context.session.get(resource_path(kind, context.namespace, *(names or context.words)))


def delete_resource(context: Context, kind: Kind) -> None:
    """Delete the resource that the words name, after asking."""
    if confirm(context, f"delete {context.command.noun} resource '{'/'.join(context.words)}'"):
        context.session.call("DELETE", resource_path(kind, context.namespace, *context.words))
        context.print("Deleted")


def create_resource(context: Context, kind: Kind, content: Any) -> None:
    """Create a resource, unless it breaks a rule or exists; raises CommandFailed with the rule."""
    body = checked(kind, content)
    context.session.call("POST", resource_path(kind, _namespace_in(content) or context.namespace), body)
    context.print("Created")


def replace_resource(context: Context, kind: Kind, content: Any) -> None:
    """Replace a resource by what it is to be, unless that breaks a rule; raises CommandFailed with the rule."""
    body = checked(kind, content)
    context.session.call(
        "PUT", resource_path(kind, _namespace_in(content) or context.namespace, name_of(content)), body
    )


def checked(kind: Kind, content: Any) -> bytes:
    """The body to send; raises CommandFailed with the rule that the resource breaks.

    Rules are looked at before anything is sent, so that a mistake reads the same whatever the API would say first.
    Source: recorded sensuctl sessions (check-errors, filter).
    """
    from sensu.errors import InvalidResource  # noqa: PLC0415 - listing needs no rules
    from sensu.resources.wire import convert_client, encode  # noqa: PLC0415
    from sensu.rules.validity.kinds import problem_of  # noqa: PLC0415

    try:
        resource = convert_client(kind.shape, content)
    except InvalidResource as err:
        raise CommandFailed(str(err)) from err
    problem = problem_of(resource) or _script_problem(resource)
    if problem:
        raise CommandFailed(problem)
    return encode(resource)


def _script_problem(resource: Any) -> str | None:
    from sensu.rules.validity.kinds import expressions_of  # noqa: PLC0415 - listing needs no rules

    if not expressions_of(resource) and not getattr(resource, "eval", ""):
        return None
    from sensu.execution.script_problems import script_problem  # noqa: PLC0415 - the engine takes time to load

    return script_problem(resource)


def metadata_of(context: Context, name: str, *, namespaced: bool = True) -> dict[str, Any]:
    """The metadata of a new resource."""
    return {"name": name, "namespace": context.namespace} if namespaced else {"name": name}


def first_word(context: Context) -> str:
    """The name that was given, empty for none."""
    return context.words[0] if context.words else ""


def _namespace_in(content: Any) -> str:
    return str((content.get("metadata") or {}).get("namespace") or "")


def name_of(resource: Any) -> str:
    """The name in a resource's metadata."""
    return str((resource.get("metadata") or {}).get("name", ""))


def namespace_of(resource: Any) -> str:
    """The namespace in a resource's metadata."""
    return str((resource.get("metadata") or {}).get("namespace", ""))


def joined(items: Sequence[Any] | None, separator: str = ",") -> str:
    """The items of a list that may be null, in one line."""
    return separator.join(str(item) for item in items or ())


def go_time(unix_s: int | None) -> str:
    """`2023-11-14 22:13:20 +0000 UTC` in the local time zone, `N/A` for none."""
    if not unix_s:
        return "N/A"
    import time  # noqa: PLC0415 - only lists with times need it

    return time.strftime("%Y-%m-%d %H:%M:%S %z %Z", time.localtime(unix_s))

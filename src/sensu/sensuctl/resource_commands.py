"""The commands that every kind of resource has: list, show, create, change and delete."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sensu.resources.kinds import Kind
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.forms import FormField, asked_metadata, from_answers, from_flags
from sensu.sensuctl.output import show_list, show_one
from sensu.sensuctl.paths import resource_path
from sensu.sensuctl.prompt import confirm
from sensu.sensuctl.table import Column

Details = Callable[[Any], Sequence[tuple[str, Any]]]
SELECTORS = {"field-selector": "fieldSelector", "label-selector": "labelSelector"}


def name_of(resource: Any) -> str:
    """The name in a resource's metadata."""
    return str((resource.get("metadata") or {}).get("name", ""))


class Noun(NamedTuple):
    """The commands of a kind of resources; subclasses override what is different for their kind.

    `columns` are those of the list. `details` returns the rows of `info`, by default the columns. `fields` are set by
    `create` and `update`. `title` is shown above the details, `question` asks for the name of a new resource. `rows`
    returns the rows of a resource that has several in the list. `refusal` makes the error for flags that break a rule.
    """

    kind: Kind
    columns: Sequence[Column]
    details: Details | None = None
    fields: Sequence[FormField] = ()
    title: Callable[[Any], str] = name_of
    question: str = "Name:"
    rows: Callable[[Any], Sequence[Any]] | None = None
    refusal: Callable[[str], CommandFailed] = CommandFailed

    def list(self, context: Context) -> None:
        """`sensuctl NOUN list`: the resources of the namespace, or of all namespaces."""
        namespace = "" if context.flag("all-namespaces") else context.namespace
        self.list_path(context, resource_path(self.kind, namespace), selected(context))

    def list_path(self, context: Context, path: str, query: dict[str, str]) -> None:
        """Write the resources that a path of the API lists."""
        found = context.session.listing(path, query, context.flag("chunk-size") or 0)
        show_list(context, self.kind, found.items, self.columns, found.warning, self.rows)

    def show(self, context: Context) -> None:
        """`sensuctl NOUN info NAME`."""
        self.show_resource(context, get_resource(context, self.kind))

    def show_resource(self, context: Context, resource: Any) -> None:
        """Write one resource in the output format."""
        details = self.details or self._cells
        show_one(context, self.kind, resource, self.title(resource), details(resource))

    def _cells(self, resource: Any) -> Sequence[tuple[str, Any]]:
        return tuple((column.title, column.cell(resource)) for column in self.columns)

    def delete(self, context: Context) -> None:
        """`sensuctl NOUN delete NAME`."""
        delete_resource(context, self.kind)

    def create(self, context: Context) -> None:
        """`sensuctl NOUN create NAME`."""
        name = first_word(context)
        if context.flag("interactive"):
            metadata = asked_metadata(context, self.question, name)
            content = {**self.answers(context, None), "metadata": metadata}
            create_resource(context, self.kind, self.completed(content))
        else:
            content = {**self.given(context), "metadata": metadata_of(context, name)}
            create_resource(context, self.kind, self.completed(content), self.refusal)

    def update(self, context: Context) -> None:
        """`sensuctl NOUN update NAME`."""
        current = get_resource(context, self.kind)
        replace_resource(context, self.kind, {**current, **self.answers(context, current)})
        context.print("Updated")

    def given(self, context: Context) -> dict[str, Any]:
        """The fields of a new resource, from flags."""
        return from_flags(context, self.fields)

    def answers(self, context: Context, current: Any) -> dict[str, Any]:
        """The fields of a resource, asked for; `current` is the resource to change, None for a new one."""
        return from_answers(context, self.fields, current)

    def completed(self, content: dict[str, Any]) -> dict[str, Any]:
        """The resource to create; raises CommandFailed if something is missing."""
        return content


def selected(context: Context) -> dict[str, str]:
    """The query of the API for the selectors of the command line."""
    return {wire: context.text(name) for name, wire in SELECTORS.items() if context.flag(name)}


def get_resource(context: Context, kind: Kind, *names: str) -> Any:
    """The resource with these names, by default the words of the command line."""
    return context.session.get(resource_path(kind, context.namespace, *(names or context.words)))


def delete_resource(context: Context, kind: Kind) -> None:
    """Delete the resource that the words name, after confirmation."""
    if confirm(context, f"delete {context.command.noun} resource '{'/'.join(context.words)}'"):
        context.session.call("DELETE", resource_path(kind, context.namespace, *context.words))
        context.print("Deleted")


def create_resource(
    context: Context, kind: Kind, content: Any, refusal: Callable[[str], CommandFailed] = CommandFailed
) -> None:
    """Create a resource; raises `refusal` with the rule that it breaks, CommandFailed if it exists."""
    body = checked(kind, content, refusal)
    context.session.call("POST", resource_path(kind, _namespace_in(content) or context.namespace), body)
    context.print("Created")


def replace_resource(context: Context, kind: Kind, content: Any) -> None:
    """Replace a resource; raises CommandFailed with the rule that the new one breaks."""
    body = checked(kind, content)
    path = resource_path(kind, _namespace_in(content) or context.namespace, name_of(content))
    context.session.call("PUT", path, body)


def checked(kind: Kind, content: Any, refusal: Callable[[str], CommandFailed] = CommandFailed) -> bytes:
    """The body to send; raises `refusal` with the rule that the resource breaks.

    The rules are checked before anything is sent, so that a mistake gets the same message whatever else is wrong.
    Source: recorded sensuctl sessions (check-errors, filter).
    """
    from sensu.errors import InvalidResource  # noqa: PLC0415 - listing needs no rules
    from sensu.resources.wire import convert_client, encode  # noqa: PLC0415
    from sensu.rules.kinds.table import problem_of  # noqa: PLC0415

    try:
        resource = convert_client(kind.shape, content)
    except InvalidResource as err:
        raise refusal(str(err)) from err
    problem = problem_of(resource) or _script_problem(resource)
    if problem:
        raise refusal(problem)
    return encode(resource)


def _script_problem(resource: Any) -> str | None:
    from sensu.rules.kinds.table import expressions_of  # noqa: PLC0415 - listing needs no rules

    if not expressions_of(resource) and not getattr(resource, "eval", ""):
        return None
    from sensu.execution.script_problems import script_problem  # noqa: PLC0415 - the engine takes time to load

    return script_problem(resource)


def metadata_of(context: Context, name: str, *, namespaced: bool = True) -> dict[str, Any]:
    """The metadata of a new resource."""
    return {"name": name, "namespace": context.namespace} if namespaced else {"name": name}


def first_word(context: Context) -> str:
    """The first word of the command line, empty if there is none."""
    return context.words[0] if context.words else ""


def _namespace_in(content: Any) -> str:
    return str((content.get("metadata") or {}).get("namespace") or "")


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

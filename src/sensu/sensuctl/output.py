"""The four output formats: a table or titled list, JSON, wrapped JSON, YAML.

Source: docs "sensuctl", formats; recorded sensuctl sessions.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sensu.resources.envelope import SPEC, is_wrapped, wrapped
from sensu.resources.kinds import Kind
from sensu.sensuctl.command import Context
from sensu.sensuctl.table import Column, Fit, render_details, render_table, render_title
from sensu.terminal_text import clean_json

WIDTH = 80
FORMATS = ("tabular", "yaml", "wrapped-json", "json")
Resource = Mapping[str, Any]
LabelledRows = Sequence[tuple[str, Any]]
_MAPS = frozenset({"labels", "annotations", "headers"})
"""Fields with keys of users, which are sorted in output."""


def wants_colour(context: Context) -> bool:
    """Whether to use colour: --color decides, otherwise at a terminal unless NO_COLOR or a dumb TERM is set.

    CLICOLOR_FORCE turns colour on everywhere, CLICOLOR=0 off.
    """
    choice = str(context.configuration.over.get("color", "auto"))
    environment = context.environment
    if choice in ("always", "never"):
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    if environment.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    if environment.get("CLICOLOR") == "0" or environment.get("TERM") == "dumb":
        return False
    return context.stdout.isatty()


def show_list(
    context: Context,
    kind: Kind,
    resources: Sequence[Resource],
    columns: Sequence[Column],
    warning: str = "",
    rows: Callable[[Resource], Sequence[Any]] | None = None,
) -> None:
    """Write a list of resources in the output format; a warning of the API is shown above a table only.

    `rows` gives the rows of a resource in a table, by default one. At a terminal an empty list is replaced by a
    message; raises CommandFailed if the namespace does not exist.
    """
    if not resources and kind.namespaced and context.for_people and not context.flag("all-namespaces"):
        from sensu.sensuctl.remedies import require_namespace  # noqa: PLC0415 - few lists are empty

        require_namespace(context)
    if context.format == "json":
        context.print(to_json(list(resources)) + "\n")
    elif context.format == "wrapped-json":
        for resource in resources:
            context.print(to_json(wrap(kind, resource)))
    elif context.format == "yaml":
        context.stdout.write(to_yaml_documents(wrap(kind, resource) for resource in resources))
    else:
        if warning:
            show_title(context, warning)
        if resources or not context.stdout.isatty():
            shown = [row for resource in resources for row in rows(resource)] if rows else resources
            show_table(context, columns, shown)
        else:
            from sensu.sensuctl.remedies import nothing_to_list  # noqa: PLC0415 - few lists are empty

            context.print(nothing_to_list(context, kind))


def show_one(context: Context, kind: Kind, resource: Resource, title: str, rows: LabelledRows) -> None:
    """Write one resource in the output format."""
    if not show_document(context, kind, resource):
        show_details(context, title, rows)


def show_document(context: Context, kind: Kind, resource: Resource) -> bool:
    """Write one resource as JSON or YAML; returns False and writes nothing for the tabular format."""
    if context.format == "json":
        context.print(to_json(resource) + "\n")
    elif context.format == "wrapped-json":
        context.print(to_json(wrap(kind, resource)))
    elif context.format == "yaml":
        context.stdout.write(to_yaml_documents([wrap(kind, resource)]))
    else:
        return False
    return True


def show_value(context: Context, value: Any) -> bool:
    """Write a value that is not a resource as JSON or YAML; returns False and writes nothing for the tabular format."""
    if context.format in ("json", "wrapped-json"):
        context.print(to_json(value) + "\n")
    elif context.format == "yaml":
        from sensu.files.yaml_text import to_yaml  # noqa: PLC0415 - only this format needs the YAML library

        context.stdout.write(to_yaml(value))
    else:
        return False
    return True


def show_table(context: Context, columns: Sequence[Column], rows: Sequence[Any]) -> None:
    """Write a table, cut to the width of a terminal unless --wide is given."""
    wide, at_terminal = bool(context.configuration.over.get("wide")), context.stdout.isatty()
    shown = [column for column in columns if wide or at_terminal or not column.extra]
    fit = _fit_to(terminal_width(context)) if at_terminal and not wide else None
    context.stdout.write(render_table(shown, rows, colour=wants_colour(context), fit=fit))


def _fit_to(width: int) -> Fit:
    from sensu.sensuctl.table_fit import fitted  # noqa: PLC0415 - only for terminals

    return lambda columns, cells: fitted(columns, cells, width)


def terminal_width(context: Context) -> int:
    """The width of the terminal: COLUMNS, the terminal's own, or 80."""
    named = context.environment.get("COLUMNS", "")
    if named.isascii() and named.isdecimal() and int(named) > 0:
        return int(named)
    try:
        return os.get_terminal_size(context.stdout.fileno()).columns or WIDTH
    except (OSError, ValueError):
        return WIDTH


def show_title(context: Context, title: str) -> None:
    """Write a title line."""
    context.stdout.write(render_title(title, colour=wants_colour(context)))


def show_details(context: Context, title: str, rows: LabelledRows) -> None:
    """Write a titled list."""
    context.stdout.write(render_details(title, rows, colour=wants_colour(context)))


def to_json(value: Any) -> str:
    """Indented JSON; `<`, `>` and `&` are not escaped, control and format characters are."""
    return clean_json(json.dumps(_with_maps_in_order(value), indent=2, ensure_ascii=False))


def _with_maps_in_order(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: in_order(item) if key in _MAPS else _with_maps_in_order(item) for key, item in value.items()}
    return [_with_maps_in_order(item) for item in value] if isinstance(value, list) else value


def wrap(kind: Kind, resource: Resource) -> dict[str, Any]:
    """A resource in its envelope, the keys of the spec in order; the API wraps some kinds itself."""
    if is_wrapped(resource):
        return dict(resource)
    document = wrapped(kind, resource)
    return {**document, SPEC: in_order(document[SPEC])}


def in_order(value: Any) -> Any:
    """A JSON value with the keys of every object in order."""
    if isinstance(value, dict):
        return {key: in_order(value[key]) for key in sorted(value)}
    return [in_order(item) for item in value] if isinstance(value, list) else value


def to_yaml_documents(documents: Iterable[Mapping[str, Any]]) -> str:
    """YAML documents with `---` between them."""
    from sensu.files.yaml_text import in_natural_order, to_yaml  # noqa: PLC0415 - only for this format

    return "---\n".join(to_yaml({key: in_natural_order(value) for key, value in one.items()}) for one in documents)

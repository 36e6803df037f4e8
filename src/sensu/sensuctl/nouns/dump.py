"""`sensuctl dump`: resources of several types in the format of `create`.

Source: docs "Back up and recover resources with sensuctl"; recorded sensuctl sessions dump, rbac-limited.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from sensu.resources.kinds import ALL_KINDS, AS_RUN, ENTITY, EVENT, Kind
from sensu.resources.wire import convert_client
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import APIError, BadArguments, CommandFailed
from sensu.sensuctl.output import in_order, show_value, to_json, to_yaml_documents, wrap
from sensu.sensuctl.paths import resource_path
from sensu.sensuctl.progress import Progress
from sensu.sensuctl.sources import reason
from sensu.sensuctl.type_names import kinds_named, omitted_kinds

PAGE_SIZE = 100
NOT_FOR_US = (402, 403, 404)
"""Statuses for types that the user may not list or the backend does not have; they are skipped."""


def dump(context: Context) -> None:
    """`sensuctl dump TYPES`."""
    if context.flag("types"):
        if context.words:
            raise CommandFailed("--types is mutually exclusive with positional args")
        _show_types(context)
        return
    if len(context.words) != 1:
        raise BadArguments
    kinds = kinds_named(context.words[0])
    omitted = omitted_kinds(context.text("omit"))
    kinds = entities_first([kind for kind in kinds if kind not in omitted])
    name = context.text("file")
    if not name:
        _write(context, kinds, context.stdout, shown=not context.stdout.isatty())
        return
    try:
        with Path(name).open("w", encoding="utf-8") as file:
            _write(context, kinds, file)
    except OSError as err:
        raise CommandFailed(f"open {name}: {reason(err)}") from err


def entities_first(kinds: list[Kind]) -> list[Kind]:
    """The kinds in the given order, but entities before events."""
    if ENTITY in kinds and EVENT in kinds and kinds.index(EVENT) < kinds.index(ENTITY):
        others = [kind for kind in kinds if kind != ENTITY]
        others.insert(others.index(EVENT), ENTITY)
        return others
    return kinds


def _show_types(context: Context) -> None:
    names = [kind.qualified_name for kind in ALL_KINDS]
    if not (context.given("format") and show_value(context, names)):
        context.print("\n".join(names))


def _write(context: Context, kinds: list[Kind], out: TextIO, *, shown: bool = True) -> None:
    """Write a separator before every type but the first, even if the first has no resources."""
    as_json = context.text("format") == "wrapped-json"
    with Progress(context, "dump", 0 if shown else 1) as progress:
        for number, kind in enumerate(kinds):
            started = False
            for resources in _pages(context, kind):
                wrapped = [wrap(kind, resource) for resource in resources]
                progress.advance(len(wrapped))
                if as_json:
                    out.writelines(to_json(one) + "\n" for one in wrapped)
                elif wrapped:
                    out.write("---\n" if number or started else "")
                    out.write(to_yaml_documents(wrapped))
                    started = True


def _pages(context: Context, kind: Kind) -> Iterator[list[Any]]:
    yield from resources_of(context, kind, "" if context.flag("all-namespaces") else context.namespace)


def resources_of(context: Context, kind: Kind, namespace: str) -> Iterator[list[Any]]:
    """The resources of a kind in pages, by default of all namespaces, without built-in ones.

    Types that the user may not list are skipped.
    """
    path = resource_path(kind, namespace)
    try:
        if kind.single:
            yield [context.session.get(path)]
            return
        for page in context.session.pages(path, {"types": kind.type}, PAGE_SIZE):
            yield [as_kind(kind, resource) for resource in page.items if not _is_built_in(kind, resource)]
    except APIError as err:
        if err.status not in NOT_FOR_US:
            raise


def _is_built_in(kind: Kind, resource: Any) -> bool:
    return bool(kind.built_in) and resource["metadata"]["name"] in kind.built_in


def as_kind(kind: Kind, resource: Any) -> Any:
    """The resource as another type of the same resource, with the additional fields of that type."""
    if kind not in AS_RUN:
        return resource
    import msgspec  # noqa: PLC0415 - only for these types

    return in_order(msgspec.to_builtins(convert_client(kind.shape, resource)))

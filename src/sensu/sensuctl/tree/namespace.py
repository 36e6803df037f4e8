"""`sensuctl namespace …`."""

from collections.abc import Iterator
from typing import Any

from sensu.flags import Flag
from sensu.resources.kinds import ALL_KINDS, EVENT, NAMESPACE, Kind
from sensu.sensuctl.command import Context
from sensu.sensuctl.declare import INTERACTIVE, creation, deletion, listing
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.paths import resource_path
from sensu.sensuctl.prompt import confirm
from sensu.sensuctl.resource_commands import Noun, create_resource, first_word
from sensu.sensuctl.table import Column

COLUMNS = (Column("Name", lambda namespace: namespace.get("name", ""), key=True),)
ROUNDS_MAX = 3
"""How often a namespace is emptied again if agents report to it meanwhile, before the command fails."""


class NamespaceNoun(Noun):
    """Namespaces, which can be deleted with all their resources."""

    def create(self, context: Context) -> None:
        """`sensuctl namespace create NAME`."""
        name = first_word(context)
        if context.flag("interactive"):
            from sensu.sensuctl.prompt import ask  # noqa: PLC0415 - only at a terminal

            name = ask(context, "Name:", name)
        create_resource(context, self.kind, {"name": name})

    def delete(self, context: Context) -> None:
        """`sensuctl namespace delete NAME`, with --recursive all its resources first."""
        if context.flag("recursive"):
            _delete_with_content(context, context.words[0])
        else:
            super().delete(context)


def _delete_with_content(context: Context, name: str) -> None:
    """Show how many resources the namespace has, ask, and delete them and the namespace."""
    context.session.get(resource_path(NAMESPACE, "", name))
    content = _content(context, name)
    context.print(f"namespace {name} contains {_counted(content)}")
    if not confirm(context, f"delete namespace '{name}' and everything in it"):
        return
    for _ in range(ROUNDS_MAX):
        _empty(context, name, content)
        content = _content(context, name)
        if not any(content.values()):
            break
    else:
        raise CommandFailed(
            f"agents still report to namespace {name}, which contains {_counted(content)}: stop them and try again"
        )
    context.session.call("DELETE", resource_path(NAMESPACE, "", name))
    context.print("Deleted")


def _empty(context: Context, name: str, content: dict[Kind, list[tuple[str, ...]]]) -> None:
    from sensu.sensuctl.nouns.delete import Deletions  # noqa: PLC0415 - only to empty one
    from sensu.sensuctl.progress import Progress  # noqa: PLC0415

    deletions = Deletions(context)
    with Progress(context, "delete", sum(map(len, content.values()))) as progress:
        for kind in sorted(content, key=lambda kind: kind.delete_order):
            for names in content[kind]:
                path = resource_path(kind, name, *names)
                deletions.delete(path, f"error deleting {kind.type} {'/'.join(names)}")
                progress.advance()
    deletions.finish(quiet=True)


def _content(context: Context, name: str) -> dict[Kind, list[tuple[str, ...]]]:
    """The names of all resources in a namespace by kind; those of events are entity and check."""
    from sensu.sensuctl.nouns.dump import resources_of  # noqa: PLC0415 - only to empty one

    return {
        kind: [
            names for page in resources_of(context, kind, name) for resource in page for names in _names(kind, resource)
        ]
        for kind in ALL_KINDS
        if kind.namespaced
    }


def _names(kind: Kind, resource: Any) -> Iterator[tuple[str, ...]]:
    parts = (resource.get("entity"), resource.get("check")) if kind == EVENT else (resource,)
    names = tuple(str(((part or {}).get("metadata") or {}).get("name", "")) for part in parts)
    if all(names):
        yield names


def _counted(content: dict[Kind, list[tuple[str, ...]]]) -> str:
    counts = [(len(names), kind) for kind, names in content.items() if names]
    parts = [f"{count} {kind.word if count == 1 else kind.plural}" for count, kind in counts]
    return ", ".join(parts) or "nothing"


NOUN = NamespaceNoun(NAMESPACE, COLUMNS)
COMMANDS = (
    creation("namespace", "production", INTERACTIVE),
    deletion(
        "namespace",
        "[NAMESPACE]",
        more=(Flag("recursive", "bool", default=False, short="r", help="delete all resources in the namespace first"),),
    ),
    listing("namespace", namespaced=False),
)

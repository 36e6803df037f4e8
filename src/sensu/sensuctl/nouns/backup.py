"""`sensuctl backup` and `sensuctl restore`: the resources of all namespaces.

A backup does not contain passwords and API keys (the API never returns them), the metrics, history and counters
of events, or the authors of resources (the user who restores becomes the author).
"""

from collections.abc import Iterator
from pathlib import Path

from sensu.files.documents import Document
from sensu.resources.kinds import ALL_KINDS, API_KEY, EVENT, Kind
from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.nouns.create import put_documents, read_documents_of
from sensu.sensuctl.nouns.dump import resources_of
from sensu.sensuctl.output import to_yaml_documents, wrap
from sensu.sensuctl.private_file import write_private
from sensu.sensuctl.progress import Progress
from sensu.sensuctl.sources import reason

CLUSTER_WIDE = "cluster-wide"
"""The folder of resources without a namespace; namespaces have a folder of their own."""


def backup(context: Context) -> None:
    """`sensuctl backup FILE|DIR`: one file, or a folder with one file for each namespace and type."""
    name = context.words[0]
    path = Path(name)
    whole = not (name.endswith("/") or path.is_dir())
    try:
        with Progress(context, "backup") as progress:
            parts: dict[str, list[str]] = {}
            for kind in _kinds(context):
                for place, document in _documents(context, kind, progress):
                    parts.setdefault(name if whole else f"{path}/{place}.yml", []).append(document)
        for target, documents in parts.items():
            # commands and annotations may hold secrets
            write_private(Path(target), "---\n".join(documents))
    except OSError as err:
        raise CommandFailed(f"open {name}: {reason(err)}") from err
    count = sum(len(documents) for documents in parts.values())
    context.print(f"{count} resources in {len(parts)} {'file' if len(parts) == 1 else 'files'}")


def _kinds(context: Context) -> list[Kind]:
    left_out = [API_KEY] if context.flag("events") else [API_KEY, EVENT]
    return [kind for kind in ALL_KINDS if kind not in left_out]


def _documents(context: Context, kind: Kind, progress: Progress) -> Iterator[tuple[str, str]]:
    """Each resource of a kind as a YAML document, with the file it belongs to in a folder."""
    for page in resources_of(context, kind, ""):
        for resource in page:
            metadata = resource.get("metadata") or (resource.get("entity") or {}).get("metadata") or {}
            if kind is EVENT:
                metadata = (resource.get("entity") or {}).get("metadata") or {}
            folder = str(metadata.get("namespace") or "") if kind.namespaced else ""
            place = f"namespaces/{folder}" if folder else CLUSTER_WIDE
            yield f"{place}/{kind.segment}", to_yaml_documents([wrap(kind, resource)])
            progress.advance()


def restore(context: Context) -> None:
    """`sensuctl restore FILE|DIR`: create the resources, dependencies first."""
    documents = sorted(read_documents_of(context, [context.words[0]], recursive=True), key=_order)
    put_documents(context, documents, "restore", whole=True)


def _order(document: Document) -> int:
    return ALL_KINDS.index(document.kind) if document.kind in ALL_KINDS else len(ALL_KINDS)

"""`sensuctl create`: create or replace the resources of files, folders, URLs or standard input.

Source: docs "Create and manage resources with sensuctl"; recorded sensuctl sessions create-files, create-errors.
"""

from collections.abc import Sequence

from sensu.sensuctl.command import Context
from sensu.sensuctl.dumped import cannot_be_put, is_as_shown, is_dump, is_there, reason_to_leave_out
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.progress import Progress
from sensu.sensuctl.sources import STDIN, read_source, read_stdin
from sensu.sensuctl.wrapped import COUNTED_MAX, Document, body_to_put, parse_documents


def create(context: Context) -> None:
    """`sensuctl create -f SOURCE`: everything is read and checked before the first request is sent."""
    put_documents(context, read_documents(context))


def read_documents(context: Context) -> list[Document]:
    """The resources of --file, or of standard input where there is none; raises CommandFailed."""
    return read_documents_of(context, context.flag("file") or [STDIN], recursive=bool(context.flag("recursive")))


def read_documents_of(context: Context, sources: Sequence[str], *, recursive: bool) -> list[Document]:
    """The resources of files, folders, URLs and standard input (`-`); raises CommandFailed."""
    texts = [
        found
        for source in sources
        for found in (
            [("stdin", read_stdin(context, "stdin"))]
            if source == STDIN
            else read_source(context, source, recursive=recursive)
        )
    ]
    located = len(texts) > 1 or context.stderr.isatty()
    return [one for name, text in texts for one in parse_documents(context, text, name, located=located)]


def put_documents(
    context: Context, documents: Sequence[Document], deed: str = "create", *, whole: bool | None = None
) -> None:
    """Create or replace resources up to the first that the API refuses; raises CommandFailed that names it.

    `whole` says whether they are what a dump shows, all put as they stand; without it they tell themselves.
    """
    if whole is None:
        whole = is_dump(documents)
    located = are_located(context, documents)
    with Progress(context, deed, len(documents)) as progress:
        for index, document in enumerate(documents):
            try:
                _put(context, index, document, progress, whole=whole)
            except CommandFailed as err:
                if not located:
                    raise
                raise CommandFailed(f"in {document.place}: {err}") from err
            progress.advance()


def are_located(context: Context, documents: Sequence[Document]) -> bool:
    """Whether a message must say where a resource stands, because its number does not help to find it."""
    several = len({document.source for document in documents}) > 1
    return several or len(documents) > COUNTED_MAX or context.stderr.isatty()


def _put(context: Context, index: int, document: Document, progress: Progress, *, whole: bool) -> None:
    """Put one of several resources: what a dump shows as it stands, what a person wrote as managed by sensuctl."""
    if cannot_be_put(document):
        reason = reason_to_leave_out(context, document)
        if reason:
            progress.clear()
            context.stderr.write(f"warning: {reason}\n")
        return
    shown = is_as_shown(document)
    if shown or not whole or not is_there(context, document):
        put_document(context, index, document, managed=not whole and not shown)


def put_document(context: Context, index: int, document: Document, *, managed: bool = True) -> str:
    """Create or replace one resource, whose path is returned; raises CommandFailed that names it."""
    path = document.path(context.namespace)
    try:
        context.session.call("PUT", path, body_to_put(document, context.namespace, managed=managed))
    except CommandFailed as err:
        namespace = document.namespace or document.namespace_in(context.namespace)
        where = f'with name "{document.name}" and namespace "{namespace}" ({path})'
        raise CommandFailed(f"error putting resource #{index} {where}: {err}") from err
    return path

"""`sensuctl create`: create or replace resources from files, folders, URLs or standard input.

Source: docs "Create and manage resources with sensuctl"; recorded sensuctl sessions create-files, create-errors.
"""

from collections.abc import Sequence

from sensu.clock import SystemClock
from sensu.files.documents import Document
from sensu.resources.kinds import CHECK, EVENT, SILENCED
from sensu.sensuctl.command import Context
from sensu.sensuctl.dumped import LeftOut, cannot_be_put, is_as_shown, is_dump, is_there, left_out
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.progress import Progress
from sensu.sensuctl.sources import STDIN, read_source, read_stdin
from sensu.sensuctl.wrapped import COUNTED_MAX, body_to_put, parse_documents, path_of

STORED, STORED_SHOWN_MAX = "created or replaced", 20
"""The maximum number of resources printed one by one; for more, only their number is printed."""


def create(context: Context) -> None:
    """`sensuctl create -f SOURCE`: everything is read and validated before the first request."""
    put_documents(context, read_documents(context))


def read_documents(context: Context) -> list[Document]:
    """The resources of --file, by default of standard input; raises CommandFailed."""
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
    located = len(texts) > 1 or context.for_people
    return [one for name, text in texts for one in parse_documents(context, text, name, located=located)]


def put_documents(
    context: Context, documents: Sequence[Document], deed: str = "create", *, whole: bool | None = None
) -> None:
    """Create or replace resources, stopping at the first refusal; raises CommandFailed with its name.

    `whole` says whether they are a dump, which is sent unchanged; by default this is detected.
    """
    if whole is None:
        whole = is_dump(documents)
    if context.for_people:
        _require_names(documents)
    located = are_located(context, documents)
    refused: list[str] = []
    stored: list[Document] = []
    with Progress(context, deed, len(documents)) as progress:
        for index, document in enumerate(documents):
            try:
                reason = _put(context, index, document, whole=whole)
            except CommandFailed as err:
                if not located:
                    raise
                raise CommandFailed(f"in {document.place}: {err}") from err
            if reason is None:
                stored.append(document)
            elif reason.text:
                progress.clear()
                context.say(f"warning: {reason.text}")
                refused += [reason.text] if reason.refused else []
            progress.advance()
    if context.for_people:
        _print_stored(context, stored)
    if refused:
        raise CommandFailed(f"not created: {len(refused)} of {len(documents)} resources")


def _require_names(documents: Sequence[Document]) -> None:
    """Raise CommandFailed for the first resource without a name."""
    for document in documents:
        if not all(document.names()):
            raise CommandFailed(f"in {document.place}: {document.kind.type} has no name")


def _print_stored(context: Context, documents: Sequence[Document]) -> None:
    """Print the resources that were stored, and a note on those that are not active."""
    if len(documents) <= STORED_SHOWN_MAX:
        for document in documents:
            context.say(f"{STORED}: {document.title(context.namespace)}")
    else:
        context.say(f"{STORED}: {len(documents)} resources")
    idle = [one.name for one in documents if one.kind == CHECK and not one.body.get("publish")]
    if idle:
        names = ", ".join(idle[:STORED_SHOWN_MAX]) + (" …" if len(idle) > STORED_SHOWN_MAX else "")
        what = f"check {names} does" if len(idle) == 1 else f"checks {names} do"
        context.say(f"note: {what} not run until published: set 'publish: true' in the spec")


def are_located(context: Context, documents: Sequence[Document]) -> bool:
    """Whether messages need the file and line of a resource because its number is not enough to find it."""
    several = len({document.source for document in documents}) > 1
    return several or len(documents) > COUNTED_MAX or context.for_people


def _put(context: Context, index: int, document: Document, *, whole: bool) -> LeftOut | None:
    """Send one resource: unchanged if it comes from a dump, otherwise labelled as managed by sensuctl.

    Returns why it was skipped, None if it was sent.
    """
    if cannot_be_put(document):
        return left_out(context, document, whole=whole)
    ended = _ended_silence(document)
    if ended is not None:
        return LeftOut(ended, refused=not whole)
    shown = is_as_shown(document)
    if whole and (not shown or document.kind == EVENT) and is_there(context, document):
        return LeftOut("")
    put_document(context, index, document, managed=not whole and not shown)
    return None


def _ended_silence(document: Document) -> str | None:
    """Why a silence would have no effect: it ended already."""
    if document.kind != SILENCED:
        return None
    from sensu.rules.kinds.silenced import ended_at  # noqa: PLC0415 - only for silences
    from sensu.sensuctl.dates import rfc3339  # noqa: PLC0415

    body = document.body
    begin, expire, expire_at = (int(body.get(name) or 0) for name in ("begin", "expire", "expire_at"))
    ended = ended_at(begin, expire, expire_at, SystemClock().now())
    return None if ended is None else f'silence "{document.name}" is not created: it ended on {rfc3339(ended)}'


def put_document(context: Context, index: int, document: Document, *, managed: bool = True) -> str:
    """Create or replace one resource and return its path; raises CommandFailed with its name."""
    path = path_of(document, context.namespace)
    try:
        answer = context.session.call("PUT", path, body_to_put(document, context.namespace, managed=managed))
    except CommandFailed as err:
        namespace = document.namespace or document.namespace_in(context.namespace)
        where = f'with name "{document.name}" and namespace "{namespace}" ({path})'
        raise CommandFailed(f"error putting resource #{index} {where}: {err}") from err
    notice = answer.headers.get("sensu-notice", "")
    if notice and context.for_people:
        context.say(f"{' '.join((document.kind.type, *document.names()))}: {notice}")
    return path

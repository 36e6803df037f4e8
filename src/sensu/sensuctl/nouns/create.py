"""`sensuctl create`: create or replace the resources of files, folders, URLs or standard input.

Source: docs "Create and manage resources with sensuctl"; recorded sensuctl sessions create-files, create-errors.
"""

from sensu.sensuctl.command import CommandFailed, Context
from sensu.sensuctl.session import APIError
from sensu.sensuctl.sources import read_source, read_stdin
from sensu.sensuctl.wrapped import Document, body_to_put, parse_documents


def create(context: Context) -> None:
    """`sensuctl create -f SOURCE`: everything is read and checked before the first request is sent."""
    sources = context.flag("file") or []
    documents: list[Document] = []
    for source in sources:
        for name, text in read_source(context, source, recursive=context.flag("recursive")):
            documents.extend(parse_documents(context, text, name))
    if not sources:
        documents.extend(parse_documents(context, read_stdin(context, "stdin"), "stdin"))
    for index, document in enumerate(documents):
        put_document(context, index, document)


def put_document(context: Context, index: int, document: Document, *, managed: bool = True) -> str:
    """Create or replace one resource, whose path is returned; raises CommandFailed that names it."""
    path = document.path(context.namespace)
    try:
        context.session.call("PUT", path, body_to_put(document, context.namespace, managed=managed))
    except APIError as err:
        namespace = document.namespace_in(context.namespace)
        where = f'with name "{document.name}" and namespace "{namespace}" ({path})'
        raise CommandFailed(f"error putting resource #{index} {where}: {err}") from err
    return path

"""`sensuctl delete`: delete the resources of a file or of standard input."""

from pathlib import Path

from sensu.sensuctl.command import Context
from sensu.sensuctl.failure import CommandFailed
from sensu.sensuctl.progress import Progress
from sensu.sensuctl.session import APIError
from sensu.sensuctl.sources import is_device, read_file, read_stdin
from sensu.sensuctl.wrapped import parse_documents


def delete(context: Context) -> None:
    """`sensuctl delete -f FILE`: one after the other, up to the first that fails.

    Source: recorded sensuctl session delete-files.
    """
    documents = parse_documents(context, _text(context))
    with Progress(context, "delete", len(documents)) as progress:
        for index, document in enumerate(documents):
            path = document.path(context.namespace)
            try:
                context.session.call("DELETE", path)
            except APIError as err:
                raise CommandFailed(f"error deleting resource {index} ({path}): {err}") from err
            progress.advance()


def _text(context: Context) -> str:
    name = context.text("file")
    if not name:
        if is_device(context.stdin):
            raise CommandFailed("empty stdin")
        return read_stdin(context, "stdin")
    path = Path(name)
    if path.is_dir():
        raise CommandFailed("directories not supported yet")
    return read_file(path, name)

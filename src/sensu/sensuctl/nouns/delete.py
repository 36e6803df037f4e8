"""`sensuctl delete`: delete the resources of a file or of standard input."""

import os
import stat
from pathlib import Path
from typing import TextIO

from sensu.sensuctl.command import CommandFailed, Context
from sensu.sensuctl.session import APIError
from sensu.sensuctl.sources import read_file, read_stdin
from sensu.sensuctl.wrapped import parse_documents


def delete(context: Context) -> None:
    """`sensuctl delete -f FILE`: one after the other, up to the first that fails.

    Source: recorded sensuctl session delete-files.
    """
    for index, document in enumerate(parse_documents(context, _text(context))):
        path = document.path(context.namespace)
        try:
            context.session.call("DELETE", path)
        except APIError as err:
            raise CommandFailed(f"error deleting resource {index} ({path}): {err}") from err


def _text(context: Context) -> str:
    name = context.text("file")
    if not name:
        if _is_device(context.stdin):
            raise CommandFailed("empty stdin")
        return read_stdin(context, "stdin")
    path = Path(name)
    if path.is_dir():
        raise CommandFailed("directories not supported yet")
    return read_file(path, name)


def _is_device(stream: TextIO) -> bool:
    """Whether a stream is a terminal or /dev/null, from which nothing is to be expected."""
    try:
        return stat.S_ISCHR(os.fstat(stream.fileno()).st_mode)
    except OSError:
        return False

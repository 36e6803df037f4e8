"""A small disk of its own for a program: a file system in memory that a test can fill."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

COMMAND_S = 10
BLOCK = b"x" * 4096


class NoDisk(Exception):
    """No file system can be mounted on this machine; the text says why."""


@contextlib.contextmanager
def small_disk(folder: Path, size_kib: int) -> Iterator[Path]:
    """An empty file system at `folder`, gone in the end; raises NoDisk."""
    folder.mkdir()
    _run("mount", "-t", "tmpfs", "-o", f"size={size_kib}k", "sensu-test", str(folder))
    try:
        yield folder
    finally:
        _run("umount", "--lazy", str(folder))


def fill(file: Path) -> None:
    """Take all the room there is."""
    with contextlib.suppress(OSError), file.open("wb", buffering=0) as sink:
        while True:
            sink.write(BLOCK)


def _run(*words: str) -> None:
    try:
        subprocess.run(words, check=True, capture_output=True, timeout=COMMAND_S)
    except (OSError, subprocess.SubprocessError) as error:
        why = getattr(error, "stderr", b"") or str(error).encode()
        raise NoDisk(why.decode().strip()) from error

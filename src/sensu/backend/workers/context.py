"""What a worker inherits from its supervisor: its share of the slots, the database, and how it reaches the others."""

import contextlib
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sensu.backend.members.lines import UnixLine
from sensu.rules.share import Share
from sensu.store.sqlite.sharing import SharedDatabase, Sharing

ADDRESS_BYTES_MAX = 100
"""Addresses of Unix sockets are short; a longer path is reached through a descriptor of its folder."""


class Addresses:
    """Where the workers listen; made before they are forked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def of(self, member: int) -> str:
        """The address of a member."""
        name = f"sensu.worker.{member}"
        path = str(self._folder / name)
        return path if len(path.encode()) <= ADDRESS_BYTES_MAX else f"/proc/self/fd/{self._descriptor}/{name}"

    def listener(self, member: int) -> socket.socket:
        """A socket that listens there, for its owner alone; raises OSError."""
        address = self.of(member)
        with contextlib.suppress(FileNotFoundError):
            Path(address).unlink()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            listener.bind(address)
        finally:
            os.umask(before)
        listener.listen(socket.SOMAXCONN)
        listener.setblocking(False)
        return listener

    def close(self, members: int) -> None:
        """Remove the sockets' files."""
        for member in range(members):
            with contextlib.suppress(OSError):
                Path(self.of(member)).unlink()
        os.close(self._descriptor)


@dataclass(frozen=True)
class WorkerContext:
    """What the supervisor gives a worker."""

    share: Share
    database: SharedDatabase
    addresses: Addresses
    listener: socket.socket
    control: socket.socket

    @property
    def sharing(self) -> Sharing:
        """The side of the database that belongs to the worker."""
        return self.database.sharing(self.share)

    @property
    def lines(self) -> Mapping[int, UnixLine]:
        """The ways to the other workers."""
        others = (member for member in range(self.share.members) if member != self.share.member)
        return {member: UnixLine(self.addresses.of(member)) for member in others}

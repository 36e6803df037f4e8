"""Facts about this host that `doctor` of backend and agent ask for: users, disks and ports."""

import errno
import os
import pwd
import shutil
import socket
from pathlib import Path

from sensu.rules.diagnosis import Diagnosis, of_space


def user_name(number: int) -> str:
    """The name of a user, or the number of one that has no name."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def user_exists(name: str) -> bool:
    """Whether the host has a user of that name."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def disk_of(folder: Path, subject: str) -> Diagnosis:
    """The space on the disk of a folder."""
    whole, nodes = shutil.disk_usage(folder), os.statvfs(folder)
    return of_space(subject, str(folder), whole.free, whole.total, nodes.f_favail, nodes.f_files)


def is_taken(host: str, port: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> bool:
    """Whether a program uses a port of this host."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family is socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            probe.bind((host, port))
    except OSError as err:
        return err.errno == errno.EADDRINUSE
    return False

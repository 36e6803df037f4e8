"""The mounted file systems."""

import re
from typing import NamedTuple

from sensu_check.proc import read

VIRTUAL = (
    frozenset({"autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts"})
    | {"devtmpfs", "efivarfs", "fusectl", "hugetlbfs", "mqueue", "nsfs", "overlay", "proc"}
    | {"pstore", "ramfs", "rpc_pipefs", "securityfs", "selinuxfs", "squashfs", "sysfs", "tmpfs"}
    | {"tracefs"}
)
"""Types that are left out unless they are asked for: they hold no data of their own."""


class Mount(NamedTuple):
    """A line of /proc/self/mounts."""

    source: str
    path: str
    type: str
    options: frozenset[str]


def mounts() -> list[Mount]:
    """All mounts, in their order; of several on one path only the last, which is the visible one."""
    found: dict[str, Mount] = {}
    for line in read("/proc/self/mounts").splitlines():
        source, path, kind, options, *_ = line.split(" ")
        path = _unescaped(path)
        found.pop(path, None)
        found[path] = Mount(_unescaped(source), path, kind, frozenset(options.split(",")))
    return list(found.values())


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)

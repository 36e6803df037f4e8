"""A host with nothing on it but the checkout: namespaces of its own for network, mounts and processes.

The documented ports are free in it, /var/lib and /var/cache are empty, and everything that was started ends with it.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.docs.pages import CHECKOUT, Block

BLOCK_S, READY_S, ALL_S = 60, 20, 300
READY_URLS = {
    "sensu-backend": "http://127.0.0.1:8080/health",
    "sensu-agent": "http://127.0.0.1:3031/healthz",
    "http.server": "http://127.0.0.1:8000/",
}
_ROOT = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
_UNSHARE = ["unshare", *_ROOT, "--net", "--mount", "--pid", "--fork", "--kill-child"]
_PRELUDE = "ip link set lo up && mount -t tmpfs tmpfs /var/lib && mount -t tmpfs tmpfs /var/cache"


class NoNamespaces(Exception):
    """Namespaces cannot be made on this machine; the text says why."""


def run_blocks(blocks: Sequence[Block], folder: Path) -> dict[str, tuple[int, str]]:
    """Exit status and output of each block, by its place; the blocks share one host and run in order."""
    probe = subprocess.run([*_UNSHARE, "sh", "-c", _PRELUDE], capture_output=True, text=True, timeout=20, check=False)
    if probe.returncode != 0:
        raise NoNamespaces(probe.stderr.strip())
    checkout = folder / "checkout"
    checkout.mkdir()
    (checkout / "examples").symlink_to(CHECKOUT / "examples")
    (checkout / ".venv").symlink_to(sys.prefix)
    script = "\n".join(
        [_PRELUDE, f"cd {checkout}", *(_step(number, block, folder) for number, block in enumerate(blocks))]
    )
    environment = {"HOME": str(folder), "PATH": f"{sys.prefix}/bin:/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
    subprocess.run([*_UNSHARE, "bash", "-c", script], env=environment, timeout=ALL_S, check=True)
    return {block.place: _outcome(folder, number) for number, block in enumerate(blocks)}


def _step(number: int, block: Block, folder: Path) -> str:
    """The shell's lines for one block."""
    source = folder / "checkout" / block.title if block.title else folder / f"{number}.{block.language}"
    source.write_text(block.text)
    command = "bash -eo pipefail" if block.language == "sh" else "test -s" if block.title else "sensuctl create -f"
    quoted = shlex.quote(str(source))
    output, status = folder / f"{number}.out", folder / f"{number}.status"
    if not block.server:
        return f"timeout {BLOCK_S} {command} {quoted} >{output} 2>&1 </dev/null; echo $? >{status}"
    ready = f"curl -sf -o /dev/null {READY_URLS[block.server]}"
    return (
        f"{command} {quoted} >{output} 2>&1 </dev/null &\n"
        f"timeout {READY_S} sh -c 'until {ready}; do sleep 0.1; done'; echo $? >{status}"
    )


def _outcome(folder: Path, number: int) -> tuple[int, str]:
    return int((folder / f"{number}.status").read_text()), (folder / f"{number}.out").read_text(errors="replace")

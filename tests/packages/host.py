"""A Debian host of its own for packages: a root folder in memory, booted by its own systemd in namespaces.

Its processes, mounts, network, host name and users are its own, and all of them end with it.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

BOOT_S = 60.0
STEP_S = 120.0
POLL_S = 0.2
_NAMESPACES = ("--mount", "--pid", "--net", "--ipc", "--uts", "--cgroup")
_BOOT = """
set -e
root=$1
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$root"
tar -xpf "$2" -C "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for each in null zero full random urandom tty; do
  touch "$root/dev/$each"
  mount --bind "/dev/$each" "$root/dev/$each"
done
ln -s /proc/self/fd "$root/dev/fd"
mkdir "$root/dev/shm" "$root/dev/pts"
mount -t tmpfs tmpfs "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
echo debian >"$root/etc/hostname"
ip link set lo up
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$root" /lib/systemd/systemd
"""


class Host:
    """A booted host, as a context manager; `run` runs shell commands there as root."""

    def __init__(self, image: Path, folder: Path) -> None:
        """`image` is a tar archive of the root, `folder` an empty one where it is mounted."""
        self._image, self.root = image, folder
        self._process: subprocess.Popen[bytes] | None = None
        self._init = 0

    def __enter__(self) -> "Host":
        """Boot, and wait until all services of the host have started."""
        words = ["sh", "-c", _BOOT, "boot", str(self.root), str(self._image)]
        self._process = subprocess.Popen(
            ["unshare", *_NAMESPACES, "--fork", "--kill-child", *words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        self.wait("the host has booted", self._has_booted, BOOT_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the host with all its processes."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(STEP_S)

    def _has_booted(self) -> bool:
        process = self._process
        assert process is not None
        if process.poll() is not None:
            raise AssertionError((process.stderr.read() if process.stderr else b"").decode())
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        if not children or Path(f"/proc/{children[0]}/comm").read_text().strip() != "systemd":
            return False
        self._init = int(children[0])
        return self.run("systemctl is-system-running", check=False).strip() in ("running", "degraded")

    def entered(self) -> list[str]:
        """The words before a command that run it there, as root with a clean environment."""
        inside = ["nsenter", "-t", str(self._init), "-m", "-p", "-n", "-i", "-u", "-C", "-r", "-w"]
        return [*inside, "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8"]

    def network(self) -> list[str]:
        """The words before a command that run a program of ours in the network of the host."""
        return ["nsenter", "-t", str(self._init), "-n"]

    def run(self, script: str, *, check: bool = True) -> str:
        """What a shell script prints there; fails with it if its status is not 0 and `check` is set."""
        done = subprocess.run(
            [*self.entered(), "sh", "-ec", script],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=STEP_S,
            check=False,
        )
        if check and done.returncode:
            journal = self.run("journalctl --no-pager -n 30 -o cat", check=False)
            raise AssertionError(f"status {done.returncode} of: {script}\n{done.stdout}\n{journal}")
        return done.stdout

    def wait(self, what: str, holds: Callable[[], object], limit_s: float = 30.0) -> None:
        """Wait until something holds; fails with `what` after a while."""
        until = time.monotonic() + limit_s
        while not holds():
            assert time.monotonic() < until, f"not within {limit_s:g} s: {what}"
            time.sleep(POLL_S)

    def copy(self, file: Path, to: str) -> None:
        """Copy a file of this host to a path there."""
        inside = Path(f"/proc/{self._init}/root") / to.lstrip("/")
        shutil.copyfile(file, inside)

    def files(self) -> set[str]:
        """The files that packages and programs may leave, as paths."""
        return set(self.run("find /etc /usr /opt /srv /var /home /root -xdev").splitlines())


def missing() -> str:
    """Why no host can be booted here, empty if one can."""
    if os.geteuid() != 0:
        return "a host for packages needs root"
    tools = ("mmdebstrap", "unshare", "nsenter", "ip", "dpkg-deb")
    return next((f"{tool} is not installed" for tool in tools if shutil.which(tool) is None), "")

"""A real Active Directory for tests: Samba as a domain controller in a network namespace of its own.

The ports of a domain controller cannot be chosen, so its namespace has nothing but the loopback, and `Forwarder` passes
connections to it. Both need root.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.certificate_authority import Authority
from tests.real.missing_program import MissingProgram

REALM, SUFFIX = "ad.example.org", "DC=ad,DC=example,DC=org"
USERS = f"CN=Users,{SUFFIX}"
BINDER, BINDER_PASSWORD, PASSWORD = f"CN=binder,{USERS}", "Binder-pw1!", "Alice-pw1!"
ADMIN_PASSWORD = "Passw0rd!x"
START_S = 60.0
_PLACES = ("/usr/sbin", "/usr/bin", "/usr/local/samba/sbin", "/usr/local/samba/bin")
_PYTHON = "/usr/bin/python3"
_CLONE_NEWNET = 0x40000000

CONFIGURATION = """\
[global]
    workgroup = ADEX
    realm = {realm}
    netbios name = DC1
    server role = active directory domain controller
    server services = ldap
    private dir = {folder}/private
    state directory = {folder}/state
    cache directory = {folder}/cache
    lock directory = {folder}/lock
    pid directory = {folder}/pid
    ncalrpc dir = {folder}/ncalrpc
    ntp signd socket directory = {folder}/ntp
    winbindd socket directory = {folder}/winbindd
    log file = {folder}/log.%m
    interfaces = 127.0.0.1/8
    bind interfaces only = yes
    ldap server require strong auth = no
    tls enabled = yes
    tls keyfile = {key}
    tls certfile = {cert}
    tls cafile = {ca}
"""

PEOPLE = """\
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB
lp = LoadParm(); lp.load({conf!r})
db = SamDB({database!r}, session_info=system_session(lp), lp=lp)
for name, surname in (("alice", "Smith"), ("bob", "Jones"), ("off", None), ("leaver", None), ("out", None)):
    db.newuser(name, {password!r}, givenname=name.capitalize(), surname=surname)
db.newuser("binder", {binder_password!r})
for group, members in (("ops", ["alice", "leaver"]), ("allops", ["ops"]), ("staff", ["allops", "bob"])):
    db.newgroup(group)
    db.add_remove_group_members(group, members, add_members_operation=True)
db.disable_account("(sAMAccountName=off)")
db.setexpiry("(sAMAccountName=out)", -86400)
"""


def _program(name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), *_PLACES)))


def missing() -> str | None:
    """What must be installed before a domain controller can be started, None if nothing.

    Leaves the test out on a host that cannot run one.
    """
    if os.geteuid() != 0:
        pytest.skip("a domain controller needs root")
    if any(_program(name) is None for name in ("samba", "samba-tool", "unshare")):
        return "Samba is missing: on Debian, install samba-ad-dc, samba-dsdb-modules and samba-ad-provision"
    allowed = subprocess.run([_program("unshare") or "", "-n", "true"], capture_output=True, timeout=10, check=False)
    if allowed.returncode != 0:
        pytest.skip("a domain controller needs a network namespace of its own")
    return None


class Forwarder:
    """Passes connections of a free port to a port in the network namespace of a process."""

    def __init__(self, pid: int, port: int) -> None:
        self._pid, self._target = pid, port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Stop accepting connections."""
        self._listener.close()

    def _serve(self) -> None:
        namespace = os.open(f"/proc/{self._pid}/ns/net", os.O_RDONLY)
        entered = ctypes.CDLL(None, use_errno=True).setns(namespace, _CLONE_NEWNET)  # this thread alone
        assert entered == 0, os.strerror(ctypes.get_errno())
        with contextlib.suppress(OSError):
            while True:
                here = self._listener.accept()[0]
                try:
                    there = socket.create_connection(("127.0.0.1", self._target), timeout=5)
                except OSError:
                    here.close()
                    continue
                there.settimeout(None)
                for one, other in ((here, there), (there, here)):
                    threading.Thread(target=_pass_on, args=(one, other), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    for one in (source, target):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


class SambaAD:
    """A domain controller that runs; `port` speaks LDAP and StartTLS, `tls_port` LDAP over TLS."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.authority = folder, Authority(folder.parent, "ad-ca")
        self._conf = folder / "etc/smb.conf"
        self._process: subprocess.Popen[bytes] | None = None
        self._forwarders: list[Forwarder] = []

    def create(self) -> None:
        """Make the domain, with users and groups."""
        arguments = (
            *("domain", "provision", f"--targetdir={self.folder}", f"--realm={REALM.upper()}", "--domain=ADEX"),
            *("--server-role=dc", f"--adminpass={ADMIN_PASSWORD}", "--dns-backend=NONE", "--host-ip=127.0.0.1"),
            *("--host-name=dc1", "--option=interfaces=lo", "--option=bind interfaces only=yes"),
            "--option=server services=ldap",
        )
        self._run(_program("samba-tool") or "", *arguments)
        pair = self.authority.issue("dc1", names=("127.0.0.1", "localhost", f"dc1.{REALM}"))
        pair.key_file.chmod(0o600)
        for name in ("cache", "lock", "pid", "ncalrpc", "ntp", "winbindd"):
            (self.folder / name).mkdir(exist_ok=True)
        self._conf.write_text(
            CONFIGURATION.format(
                folder=self.folder,
                realm=REALM.upper(),
                key=pair.key_file,
                cert=pair.cert_file,
                ca=self.authority.file,
            )
        )
        self.change(PEOPLE, password=PASSWORD, binder_password=BINDER_PASSWORD)

    def change(self, script: str, **values: str) -> None:
        """Run a script of Samba's Python modules on the database of the domain."""
        database = str(self.folder / "private/sam.ldb")
        self._run(_PYTHON, "-c", script.format(conf=str(self._conf), database=database, **values))

    def start(self) -> None:
        """Start, and return when the domain controller answers."""
        with (self.folder / "log").open("ab") as log:
            arguments = [_program("unshare") or "", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
            samba = [_program("samba") or "", "-i", "-M", "single", "-s", str(self._conf), "--debuglevel=1"]
            self._process = subprocess.Popen([*arguments, *samba], stdout=log, stderr=log, stdin=subprocess.PIPE)
        deadline = time.monotonic() + START_S
        while not (self.folder / "pid/samba.pid").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        self._forwarders = [Forwarder(self._process.pid, port) for port in (389, 636)]
        self.port, self.tls_port = (one.port for one in self._forwarders)
        while time.monotonic() < deadline:
            with socket.create_connection(("127.0.0.1", self.tls_port)) as probe:
                probe.settimeout(0.2)
                try:
                    if probe.recv(1) != b"":
                        return
                except TimeoutError:
                    return  # accepted, and waiting for the handshake
            time.sleep(0.1)
        raise AssertionError((self.folder / "log").read_text())

    def stop(self) -> None:
        """Stop, and return when the domain controller has ended."""
        for one in self._forwarders:
            one.close()
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, capture_output=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr.decode()


@contextlib.contextmanager
def running(folder: Path) -> Iterator[SambaAD]:
    """A domain controller with users and groups."""
    why = missing()
    if why:
        raise MissingProgram(why)
    domain = SambaAD(folder)
    domain.create()
    domain.start()
    try:
        yield domain
    finally:
        domain.stop()

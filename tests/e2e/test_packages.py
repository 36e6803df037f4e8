"""What a user gets who installs the programs: the web UI is in wheels and source archives."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
DIST = CHECKOUT / "src" / "sensu" / "web" / "dist"
BUILD_S = 100.0
WITHOUT_NODE = {**os.environ, "NODE": "/nonexistent/node", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def build(what: str, source: Path, into: Path) -> Path:
    """A wheel or source archive of `source`, built by its own build backend on a host without Node."""
    command = (
        f"import sys; sys.path.insert(0, 'packaging'); import build_backend; build_backend.build_{what}(sys.argv[1])"
    )
    into.mkdir()
    subprocess.run(
        [sys.executable, "-c", command, str(into)],
        cwd=source,
        env=WITHOUT_NODE,
        capture_output=True,
        timeout=BUILD_S,
        check=True,
    )
    (made,) = into.iterdir()
    return made


def web_files(wheel: Path) -> dict[str, bytes]:
    """What a wheel holds of the room of the web UI, by its name there."""
    room = "sensu/web/"
    with zipfile.ZipFile(wheel) as archive:
        return {name.removeprefix(room): archive.read(name) for name in archive.namelist() if name.startswith(room)}


@pytest.fixture(scope="module")
def built() -> dict[str, bytes]:
    """The files of the build of this checkout."""
    if not DIST.exists():
        pytest.fail("the web UI is not built: run `make web`", pytrace=False)
    return {f"dist/{path.relative_to(DIST)}": path.read_bytes() for path in DIST.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_packages_contain_the_web_ui(built: dict[str, bytes], tmp_path: Path) -> None:
    """A wheel has the built web UI and nothing else of it, also one that is made from a source archive without Node."""
    wheel = build("wheel", CHECKOUT, tmp_path / "wheel")
    assert web_files(wheel) == {"__init__.py": b"", **built}
    archive = build("sdist", CHECKOUT, tmp_path / "sdist")
    with tarfile.open(archive) as sources:
        names = sources.getnames()
        sources.extractall(tmp_path, filter="data")
    assert [name for name in names if "node_modules" in name or name.endswith("schema.d.ts")] == []
    unpacked = tmp_path / archive.name.removesuffix(".tar.gz")
    for source in (unpacked / "src/sensu/web/app").rglob("*.ts"):
        source.touch()
    assert web_files(build("wheel", unpacked, tmp_path / "again")) == {"__init__.py": b"", **built}

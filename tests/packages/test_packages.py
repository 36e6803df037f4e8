"""The packages for Debian and Fedora: what is in them, and that the same sources make the same packages."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.packages.conftest import Packages, build, make, temporary

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
NAMES = ["sensu-agent", "sensu-backend", "sensu-common"]


def of(tool: str) -> str:
    """A tool of the distribution, without which a test is left out."""
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    return tool


def test_lintian_finds_no_error(packages: Packages) -> None:
    """The Debian packages keep Debian's policy as far as lintian reports errors."""
    make(
        [of("lintian"), "--fail-on", "error", "--allow-root", "--tag-display-limit", "0", *map(str, packages.of("deb"))]
    )


def test_the_same_sources_make_the_same_packages(packages: Packages, tmp_path: Path) -> None:
    """A second build, at another time and in another folder, makes packages with the same bytes."""
    again = build(tmp_path)
    for form in ("deb", "rpm", "pyz"):
        assert [one.name for one in again.of(form)] == [one.name for one in packages.of(form)]
        assert [one.read_bytes() for one in again.of(form)] == [one.read_bytes() for one in packages.of(form)]


def test_rpms_have_what_debs_have(packages: Packages) -> None:
    """An rpm has the files of the deb with the same name, except for what belongs to one distribution."""
    of_one = ("/usr/share/doc", "/usr/share/lintian", "/usr/share/zsh", "/etc/sensu/")
    for deb, rpm in zip(packages.of("deb"), packages.of("rpm"), strict=True):
        listing = _files_of_deb(deb)
        files = make([of("rpm"), "-qlp", str(rpm)]).splitlines()
        kept = {file for file in files if not file.startswith(of_one)}
        assert {file for file in listing if not file.startswith(of_one)} <= kept
        assert not [file for file in kept if "__pycache__" in file or file.endswith((".pyx", ".c"))]


def _files_of_deb(deb: Path) -> set[str]:
    lines = make(["dpkg-deb", "--contents", str(deb)]).splitlines()
    return {line.split(None, 5)[5].removeprefix(".") for line in lines if not line.startswith("d")}


def test_the_single_file_runs_all_programs(packages: Packages, tmp_path: Path) -> None:
    """The name of a link, or the first argument, chooses the program; the libraries are unpacked once, for the user."""
    (file,) = packages.of("pyz")
    link, unpacked = tmp_path / "sensu-agent", tmp_path / "unpacked"
    link.symlink_to(file)
    assert "sensu-agent version" in make([str(link), "version"], SENSU_UNPACK_DIR=str(unpacked))
    (site,) = unpacked.iterdir()
    first = site.stat().st_mtime_ns
    assert "sensuctl version" in make([str(file), "sensuctl", "version"], SENSU_UNPACK_DIR=str(unpacked))
    assert [one.stat().st_mtime_ns for one in unpacked.iterdir()] == [first]
    for words, environment in ((["nothing"], {}), (["sensuctl"], {"SENSU_UNPACK_DIR": "/proc/nothing"})):
        failed = subprocess.run(
            [str(file), *words],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, **environment},
        )
        expected = "SENSU_UNPACK_DIR" if environment else "programs: sensu-agent, sensu-backend, sensu-check"
        assert (failed.returncode, expected in failed.stderr) == (1, True), failed.stderr


def test_rpms_are_installed_and_erased(packages: Packages, root_image: Path) -> None:
    """After rpm has installed the packages, their programs run; after it has erased them, no library is left."""
    with tempfile.TemporaryDirectory(dir=temporary()) as folder:
        root = Path(folder)
        make(["tar", "-xpf", str(root_image), "-C", folder])
        rpm = [of("rpm"), "--root", folder, "--nodeps", "--nosignature"]
        files = []
        for package in packages.of("rpm"):
            shutil.copy(package, root / package.name)
            files.append(str(root / package.name))
        compiled = root / "usr/lib/sensu/site/sensu/__pycache__"
        make([*rpm, "--install", *files])
        assert any(line.startswith("sensu:") for line in (root / "etc/passwd").read_text().splitlines())
        assert list(compiled.glob("*.pyc"))
        assert "sensu-agent version" in make(["chroot", folder, "sensu-agent", "version"])
        make([*rpm, "--erase", *NAMES])
        assert not (root / "usr/lib/sensu").exists()

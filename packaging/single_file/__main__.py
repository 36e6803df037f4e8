"""Runs a program of Sensu from a single file: `sensu.pyz sensuctl event list`, or by a link named `sensuctl` to it.

The libraries are unpacked once, into a folder of the user's cache. This file is `__main__` of the archive, and imports
only what each start needs.
"""

import os
import sys

from contents import DIGEST, PROGRAMS  # type: ignore[import-not-found] # written by the build

_FOLDER = "SENSU_UNPACK_DIR"


def main() -> None:
    """Run the program that the name of the file or the first argument says."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is all that an older Python reads of the programs
        sys.exit("Sensu needs Python 3.11 or newer; this is " + sys.version.split()[0])
    archive = sys.argv[0]
    name = os.path.basename(archive)  # noqa: PTH119 - pathlib takes as long to load as the rest of this file
    if name not in PROGRAMS:
        name = sys.argv.pop(1) if len(sys.argv) > 1 else ""
    if name not in PROGRAMS:
        sys.exit(f"usage: {archive} PROGRAM [arguments]\nprograms: {', '.join(PROGRAMS)}")
    module, function = PROGRAMS[name]
    sys.path[0] = _unpacked(archive)
    sys.argv[0] = name
    __import__(module)
    sys.exit(getattr(sys.modules[module], function)())


def _unpacked(archive: str) -> str:
    """The folder of the libraries; unpacked if this is the first start of this version."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111
    folder = os.environ.get(_FOLDER) or f"{cache}/sensu-programs"
    site = f"{folder}/{DIGEST}"
    if not os.path.isdir(site):  # noqa: PTH112
        try:
            _unpack(archive, folder, site)
        except OSError as err:
            sys.exit(f"the libraries cannot be unpacked: {err}; name a folder that you can write to with {_FOLDER}")
    return site


def _unpack(archive: str, folder: str, site: str) -> None:
    """Unpack the libraries next to their place, and move them there as a whole."""
    import io  # noqa: PLC0415
    import pathlib  # noqa: PLC0415
    import tempfile  # noqa: PLC0415
    import zipfile  # noqa: PLC0415

    pathlib.Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    with zipfile.ZipFile(archive) as file, tempfile.TemporaryDirectory(dir=folder) as new:
        with zipfile.ZipFile(io.BytesIO(file.read("libraries.zip"))) as libraries:
            libraries.extractall(new)
        try:
            pathlib.Path(new, "site").rename(site)
        except OSError:
            if not pathlib.Path(site).is_dir():  # otherwise, another process was quicker
                raise


main()

"""Unpacks asset archives (tar, optionally gzipped) without writing outside of their folder. All functions block."""

import gzip
import os
import shutil
import tarfile
import zlib
from pathlib import Path
from typing import IO, cast

from sensu.errors import ExecutionError

MEMBERS_MAX = 50_000
UNPACKED_BYTES_MAX = 2 * 1024**3
_GZIP_MAGIC = b"\x1f\x8b"
_TAR_MAGIC_AT, _TAR_MAGIC = 257, b"ustar"
_OTHER_TYPES = {
    b"PK\x03\x04": "application/zip",
    b"BZh": "application/x-bzip2",
    b"\xfd7zXZ\x00": "application/x-xz",
    b"7z\xbc\xaf\x27\x1c": "application/x-7z-compressed",
    b"\x7fELF": "application/x-executable",
}


def unpack(archive: Path, folder: Path) -> None:
    """Unpack an archive into `folder`, which must not exist; raises ExecutionError, and then removes the folder.

    Owners and special modes are ignored. Devices, and members outside of the folder, are errors.
    """
    folder.mkdir(mode=0o755)
    try:
        with _opened(archive) as content, tarfile.open(fileobj=content, mode="r|") as tar:
            _extract(tar, folder)
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, OSError, ValueError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise ExecutionError(f"error extracting asset: {_why(error)}") from error
    except ExecutionError:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _why(error: Exception) -> str:
    if isinstance(error, EOFError | tarfile.ReadError):
        return "reading file in tar archive: unexpected EOF"
    return str(error)


def _opened(archive: Path) -> IO[bytes]:
    """Open the tar archive in a file; raises ExecutionError with the reference's wording for other formats.

    A gzip file may have several members, as parallel compressors write them, and padding at the end.
    """
    with archive.open("rb") as file:
        head = file.read(_TAR_MAGIC_AT + len(_TAR_MAGIC))
    if not head:
        raise ExecutionError("unable to read asset header: EOF")
    if head.startswith(_GZIP_MAGIC):
        return cast(IO[bytes], gzip.open(archive))
    if head[_TAR_MAGIC_AT:] == _TAR_MAGIC:
        return archive.open("rb")
    media_type = next((name for magic, name in _OTHER_TYPES.items() if head.startswith(magic)), "")
    raise ExecutionError(f"given file of format '{media_type}' does not appear valid")


def _extract(tar: tarfile.TarFile, folder: Path) -> None:
    root = folder.resolve()
    unpacked_bytes = 0
    for number, member in enumerate(tar, 1):
        unpacked_bytes += member.size
        if number > MEMBERS_MAX or unpacked_bytes > UNPACKED_BYTES_MAX:
            raise ExecutionError(f"the archive contains more than {MEMBERS_MAX} files or {UNPACKED_BYTES_MAX} bytes")
        target = _inside(root, member.name)
        if target != root:
            _extract_one(tar, member, target, root)


def _extract_one(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path, root: Path) -> None:
    if member.isdir():
        target.mkdir(mode=0o755, parents=True, exist_ok=True)
    elif member.isfile():
        _write(tar, member, target)
    elif member.issym():
        _inside(root, os.path.join(os.path.relpath(target.parent, root), member.linkname))  # noqa: PTH118 - a text
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        target.symlink_to(member.linkname)
    elif member.islnk():
        source = _inside(root, member.linkname)
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        os.link(source, target, follow_symlinks=False)
    else:
        raise ExecutionError(f"the archive contains a device or pipe: {member.name}")


def _inside(root: Path, name: str) -> Path:
    """The path of a member after following existing links; raises ExecutionError if it is outside of the folder."""
    target = root / name
    where = Path(os.path.realpath(target.parent)) / target.name if target.name not in ("", "..") else target.resolve()
    if name.startswith("/") or "\0" in name or (where != root and root not in where.parents):
        raise ExecutionError(f"the archive contains a path outside of its folder: {name}")
    return where


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    content = tar.extractfile(member)
    assert content is not None
    mode = (member.mode & 0o755) | 0o600
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "wb") as file:
        shutil.copyfileobj(content, file, 1 << 20)
    target.chmod(mode)

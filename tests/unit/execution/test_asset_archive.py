import io
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from sensu.errors import ExecutionError
from sensu.execution.asset_archive import unpack

Member = tuple[tarfile.TarInfo, bytes]


def file(name: str, content: bytes = b"x", mode: int = 0o644) -> Member:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), mode
    return member, content


def special(name: str, kind: bytes, target: str = "") -> Member:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member, b""


def unpacked(tmp_path: Path, members: Sequence[Member]) -> Path:
    source, folder = tmp_path / "a.tar", tmp_path / "out"
    with tarfile.open(source, "w:") as tar:
        for member, content in members:
            tar.addfile(member, io.BytesIO(content))
    unpack(source, folder)
    return folder


def test_files_folders_and_links(tmp_path: Path) -> None:
    """Files keep their executable bit, links inside of the archive stay links."""
    folder = unpacked(
        tmp_path,
        [
            special("bin", tarfile.DIRTYPE),
            file("bin/x", b"one", 0o4755),
            file("lib/y", b"two"),
            special("bin/z", tarfile.SYMTYPE, "../lib/y"),
            special("bin/h", tarfile.LNKTYPE, "bin/x"),
        ],
    )
    assert (folder / "bin/z").read_bytes() == b"two"
    assert (folder / "bin/h").read_bytes() == b"one"
    assert (folder / "bin/x").stat().st_mode & 0o7777 == 0o755


@pytest.mark.parametrize(
    "members",
    [
        [file("/etc/evil")],
        [file("../evil")],
        [file("a/../../evil")],
        [special("l", tarfile.SYMTYPE, "/etc")],
        [special("l", tarfile.SYMTYPE, "..")],
        [special("a/l", tarfile.SYMTYPE, "../../evil")],
        [special("l", tarfile.LNKTYPE, "../a.tar")],
        [special("u", tarfile.SYMTYPE, "p/q/../.."), special("p/q", tarfile.SYMTYPE, "../r"), file("u/evil")],
        [special("d", tarfile.CHRTYPE)],
        [special("f", tarfile.FIFOTYPE)],
    ],
)
def test_members_that_reach_outside(tmp_path: Path, members: list[Member]) -> None:
    """An archive that would write or point outside of its folder, or hold a device, is refused whole."""
    with pytest.raises(ExecutionError):
        unpacked(tmp_path, members)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar"]
    assert not (tmp_path.parent / "evil").exists()

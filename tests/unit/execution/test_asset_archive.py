import gzip
import io
import random
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


def tar_of(members: Sequence[Member]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:") as tar:
        for member, content in members:
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


@pytest.mark.parametrize("block", [300, 700, 65280])
@pytest.mark.parametrize("behind", [b"", gzip.compress(b""), b"\0" * 512], ids=["nothing", "empty member", "padding"])
def test_gzip_of_several_members(tmp_path: Path, block: int, behind: bytes) -> None:
    """Archives of parallel compressors, joined ones and padded ones unpack whole."""
    whole = tar_of([file("bin/x", b"one" * 1000, 0o755), file("lib/y", bytes(range(256)) * 400)])
    parts = [gzip.compress(whole[at : at + block]) for at in range(0, len(whole), block)]
    archive, folder = tmp_path / "a.tgz", tmp_path / "out"
    archive.write_bytes(b"".join(parts) + behind)
    unpack(archive, folder)
    assert (folder / "bin/x").read_bytes() == b"one" * 1000
    assert (folder / "lib/y").read_bytes() == bytes(range(256)) * 400


def test_a_gzip_member_that_is_cut_off(tmp_path: Path) -> None:
    """An archive whose last member is incomplete is refused, and nothing of it stays."""
    whole = tar_of([file("bin/x", random.Random(1).randbytes(5000), 0o755)])
    archive, folder = tmp_path / "a.tgz", tmp_path / "out"
    archive.write_bytes(gzip.compress(whole[:700]) + gzip.compress(whole[700:])[:-2000])
    with pytest.raises(ExecutionError, match="unexpected EOF"):
        unpack(archive, folder)
    assert not folder.exists()

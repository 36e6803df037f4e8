"""The files of catalogs."""

import gzip
import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.client import catalog
from sensu.client.catalog import CatalogUnavailable, open_catalog


def archive(path: Path, *members: tuple[str, bytes]) -> Path:
    """An archive with files."""
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def test_a_folder_is_read_by_paths_within_it(tmp_path: Path) -> None:
    """Files and folders are listed in order, and hidden ones are left out."""
    place = tmp_path / "integrations" / "a" / "b"
    place.mkdir(parents=True)
    (place / "README.md").write_text("hello")
    (place / ".hidden").write_text("x")
    files = open_catalog(str(tmp_path))
    assert files.read("integrations/a/b/README.md") == b"hello"
    assert files.read("integrations/a/b/nothing") is None
    assert (files.folders("integrations/a"), files.files("integrations/a/b")) == (["b"], ["README.md"])


@pytest.mark.parametrize("path", ["../secret", "a/../../secret", "/etc/passwd", "a//b", "", "a/.git/config", "a\0b"])
def test_a_path_that_could_leave_the_catalog_is_refused(tmp_path: Path, path: str) -> None:
    """Names from a catalog that someone else wrote lead nowhere else."""
    for files in (open_catalog(str(tmp_path)), open_catalog(str(archive(tmp_path / "c.tar.gz")))):
        with pytest.raises(CatalogUnavailable, match="is not the path of a file of a catalog"):
            files.read(path)


def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    """A link to a file of this host is not read."""
    (tmp_path / "secret").write_text("s")
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "version.json").symlink_to(tmp_path / "secret")
    with pytest.raises(CatalogUnavailable, match="a link leads out of the catalog"):
        open_catalog(str(tmp_path / "catalog")).read("version.json")


def test_an_archive_is_read_without_the_folder_that_contains_everything(tmp_path: Path) -> None:
    """An archive of a folder and one of its contents are the same."""
    inner = archive(tmp_path / "a.tar.gz", ("./version.json", b"{}"), ("x/v1/catalog.json", b"[]"))
    outer = archive(tmp_path / "b.tgz", ("release/version.json", b"{}"), ("release/x/v1/catalog.json", b"[]"))
    for path in (inner, outer):
        files = open_catalog(str(path))
        assert (files.read("version.json"), files.read("x/v1/catalog.json")) == (b"{}", b"[]")
        assert (files.folders("x"), files.files("x/v1")) == (["v1"], ["catalog.json"])
    repository = open_catalog(str(archive(tmp_path / "c.tar.gz", ("integrations/a/b/README.md", b"r"))))
    assert repository.read("integrations/a/b/README.md") == b"r"


def test_members_of_an_archive_that_lead_elsewhere_are_ignored(tmp_path: Path) -> None:
    """Links, devices and paths with .. are not files of a catalog."""
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for name, kind in (("../up", tarfile.REGTYPE), ("/abs", tarfile.REGTYPE), ("version.json", tarfile.SYMTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            tar.addfile(info)
    assert open_catalog(str(path)).read("version.json") is None


def test_sizes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file, an archive and what an archive unpacks to have a greatest size."""
    monkeypatch.setattr(catalog, "FILE_BYTES_MAX", 10)
    (tmp_path / "large").write_bytes(b"x" * 11)
    with pytest.raises(CatalogUnavailable, match="larger than 10 bytes"):
        open_catalog(str(tmp_path)).read("large")
    with pytest.raises(CatalogUnavailable, match="large is larger than 10 bytes"):
        open_catalog(str(archive(tmp_path / "a.tar.gz", ("large", b"x" * 11))))
    monkeypatch.setattr(catalog, "UNPACKED_BYTES_MAX", 15)
    with pytest.raises(CatalogUnavailable, match="15 bytes when unpacked"):
        open_catalog(str(archive(tmp_path / "b.tar.gz", ("a", b"x" * 8), ("b", b"x" * 8))))


def test_what_is_no_catalog_is_named(tmp_path: Path) -> None:
    """The message says what a catalog can be."""
    (tmp_path / "a.zip").write_text("x")
    (tmp_path / "a.tar.gz").write_text("x")
    with pytest.raises(CatalogUnavailable, match=r"a catalog is a URL, a folder or a .tar.gz or .tgz archive"):
        open_catalog(str(tmp_path / "a.zip"))
    with pytest.raises(CatalogUnavailable, match=r"not a .tar.gz archive"):
        open_catalog(str(tmp_path / "a.tar.gz"))
    with pytest.raises(CatalogUnavailable, match="no such file or directory"):
        open_catalog(str(tmp_path / "nothing"))


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_an_archive_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, is_gzip: bool
) -> None:
    """A damaged archive is never another failure than an archive that cannot be read."""
    path = tmp_path_factory.getbasetemp() / "any.tar.gz"
    path.write_bytes(gzip.compress(data) if is_gzip else data)
    try:
        assert open_catalog(str(path)).read("version.json") is None
    except CatalogUnavailable as err:
        assert "any.tar.gz" in str(err)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_damaged_archive_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, at: int, flip: int) -> None:
    """Wherever an archive is damaged, the message names it."""
    path = tmp_path_factory.getbasetemp() / "damaged.tar.gz"
    whole = bytearray(archive(path, ("version.json", bytes(range(256)) * 8), ("x/v1/catalog.json", b"[]")).read_bytes())
    whole[at % len(whole)] ^= flip
    path.write_bytes(whole)
    try:
        open_catalog(str(path)).read("version.json")
    except CatalogUnavailable as err:
        assert "damaged.tar.gz" in str(err)

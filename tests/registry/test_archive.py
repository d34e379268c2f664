from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.registry.records import dataset, release, run, version

from dragoman.errors import NotFound, Untrusted
from dragoman.records import AuditRow, BundleFile, Manifest, Signature
from dragoman.registry.archive import ArchivedRecords, extract_bundle, read_archive, write_archive
from dragoman.registry.bundle import to_json_bytes
from dragoman.registry.manifest import digest_of, encode_manifest, read_manifest, verify_folder


def records(bundle: str) -> ArchivedRecords:
    row = AuditRow(number=1, time="t", actor="a", action="x", subject="s", detail={"to": 1}, previous="0", hash="1")
    signature = Signature(bundle=bundle, kind="bundle", key="k", created="c", content="s")
    return ArchivedRecords(
        format=1, version=version(bundle=bundle), run=run(), dataset=dataset(), signatures=[signature],
        releases=[release()], audit=[row],
    )  # fmt: skip


@pytest.fixture
def archive(folder: Path, tmp_path: Path) -> Path:
    """An archive of the small folder of files."""
    return write(folder, tmp_path / "small.tar.gz")


def write(folder: Path, path: Path) -> Path:
    manifest = read_manifest(folder)
    write_archive(path, folder, manifest, records(digest_of(manifest)), card="# small\n")
    return path


def contents(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}


def rewrite(path: Path, files: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def test_an_archive_holds_bundle_card_and_records(archive: Path, folder: Path) -> None:
    found = contents(archive)

    assert list(found)[:3] == ["records.json", "card.md", "bundle/manifest.json"]
    assert {name.removeprefix("bundle/") for name in found if name.startswith("bundle/")} == {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    }
    assert found["card.md"] == b"# small\n"


def test_records_come_back_as_they_were(archive: Path, folder: Path) -> None:
    assert read_archive(archive) == records(digest_of(read_manifest(folder)))


def test_the_bundle_comes_back_whole(archive: Path, folder: Path, tmp_path: Path) -> None:
    extract_bundle(archive, tmp_path / "back")

    assert verify_folder(tmp_path / "back") == read_manifest(folder)


def test_the_same_version_gives_the_same_bytes(archive: Path, make_folder: Callable[..., Path], tmp_path: Path) -> None:
    assert write(make_folder("again"), tmp_path / "again.tar.gz").read_bytes() == archive.read_bytes()


def test_a_changed_file_is_named(archive: Path) -> None:
    rewrite(archive, contents(archive) | {"bundle/model.safetensors": b"other"})

    with pytest.raises(Untrusted, match=r"'model\.safetensors' is not the file that the manifest names"):
        read_archive(archive)


def test_a_file_that_is_missing_or_added_is_named(archive: Path) -> None:
    whole = contents(archive)
    rewrite(archive, whole | {"bundle/more": b""})
    with pytest.raises(Untrusted, match="'bundle/more' does not belong in it"):
        read_archive(archive)

    rewrite(archive, {name: content for name, content in whole.items() if name != "bundle/card.md"})
    with pytest.raises(Untrusted, match=r"has no 'bundle/card\.md' where it belongs"):
        read_archive(archive)


@pytest.mark.parametrize("name", ["records.json", "bundle/manifest.json"])
def test_records_and_manifest_must_be_readable(archive: Path, name: str) -> None:
    rewrite(archive, contents(archive) | {name: b"\xff"})

    with pytest.raises(Untrusted, match="cannot be read"):
        read_archive(archive)


def test_another_manifest_is_refused(archive: Path) -> None:
    other = encode_manifest(Manifest(format=1, model="small", task="text-classification", files=[]))
    rewrite(archive, contents(archive) | {"bundle/manifest.json": other})

    with pytest.raises(Untrusted, match="its manifest is not the one of bundle"):
        read_archive(archive)


def test_an_archive_of_another_format_is_refused(archive: Path) -> None:
    whole = contents(archive)
    rewrite(archive, whole | {"records.json": whole["records.json"].replace(b'"format": 1,', b'"format": 2,')})

    with pytest.raises(Untrusted, match="it has format 2, and this release reads format 1"):
        read_archive(archive)


@pytest.mark.parametrize("path", ["../outside", "/outside", "a/../../outside"])
def test_nothing_is_written_outside_the_folder(archive: Path, tmp_path: Path, path: str) -> None:
    digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    manifest = Manifest(format=1, model="small", task="x", files=[BundleFile(path=path, digest=digest, size=0)])
    rewrite(
        archive,
        {
            "records.json": to_json_bytes(records(digest_of(manifest))),
            "card.md": b"",
            "bundle/manifest.json": encode_manifest(manifest),
            f"bundle/{path}": b"",
        },
    )
    with pytest.raises(Untrusted, match="would lie outside"):
        extract_bundle(archive, tmp_path / "deep" / "back")
    assert not list(tmp_path.rglob("outside"))


def test_links_are_no_files(archive: Path) -> None:
    with tarfile.open(archive, "w:gz") as tar:
        link = tarfile.TarInfo("records.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)

    with pytest.raises(Untrusted, match=r"has no 'records\.json' where it belongs"):
        read_archive(archive)


def test_half_an_archive_is_refused(archive: Path) -> None:
    archive.write_bytes(archive.read_bytes()[:-200])

    with pytest.raises(Untrusted, match="is not a whole archive"):
        read_archive(archive)


@pytest.mark.parametrize("content", [b"", b"text", gzip.compress(b"text")])
def test_another_file_is_no_archive(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)

    with pytest.raises(Untrusted, match="is not a whole archive"):
        read_archive(tmp_path / "x")


def test_without_a_file_there_is_no_archive(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no archive"):
        read_archive(tmp_path / "none.tar.gz")

"""What a workspace keeps on disk: by model and version where it is theirs, every file once."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from dragoman.app.workspace import Workspace
from dragoman.errors import DragomanError
from dragoman.records import Version

__all__ = ["MOST_FILES", "Stored", "stored_in"]

MOST_FILES = 200_000  # that are looked at: some seconds
BLOBS, BUNDLES, RUNS, TABLES = "blobs", "bundles", "runs", "tables"
CATALOG_FILES = ("catalog.sqlite", "audit.head")
OF_MODELS = (BLOBS, BUNDLES, RUNS)
LONGEST_PLACE = 2  # names of a path that are told apart below these folders

Sizes = Mapping[tuple[str, ...], int]  # first names of a path below the state → bytes of all files there


class Stored(NamedTuple):
    """Bytes of one place, of one version or model where they are theirs."""

    place: str
    size: int
    model: str = ""  # empty: of all
    version: int | None = None
    run: str = ""


class Disk(NamedTuple):
    """What was stored, and whether all of it was seen."""

    stored: list[Stored]
    is_whole: bool


def stored_in(workspace: Workspace, *, most_files: int = MOST_FILES) -> Disk:
    """Everything in the state folder of a workspace.

    Blobs that several versions share are of the one that had them first, tables of the only model that learns from
    them; what all models share is nobody's. Files are not read, but for the manifests of versions.
    """
    sizes, is_whole = _sizes(workspace.state, most_files)
    versions = sorted(_versions(workspace), key=lambda version: (version.created, version.model, version.number))
    blobs = {name[-1]: size for name, size in sizes.items() if name[0] == BLOBS}
    stored = [
        *_of_versions(workspace, versions, blobs),
        *(Stored(BLOBS, size) for size in blobs.values()),  # of versions that are gone
        *_of_bundles(sizes, versions),
        *_of_runs(workspace, sizes),
        *_of_tables(workspace, sizes),
        *(Stored(_place(name[0]), size) for name, size in sizes.items() if name[0] not in (*OF_MODELS, TABLES)),
    ]
    return Disk(_added(stored), is_whole)


def _sizes(state: Path, most_files: int) -> tuple[Sizes, bool]:
    """Bytes by place, and whether these are all; what goes away meanwhile is no error."""
    sizes: Counter[tuple[str, ...]] = Counter()
    for count, (parts, file) in enumerate(_files(state, ()), start=1):
        if count > most_files:
            return sizes, False
        with suppress(OSError):
            sizes[_key(parts)] += file.stat(follow_symlinks=False).st_size
    return sizes, True


def _files(folder: str | Path, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], os.DirEntry[str]]]:
    """Every file with its path below the first folder."""
    try:
        found = list(os.scandir(folder))
    except OSError:
        return
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            yield from _files(entry.path, (*above, entry.name))
        else:
            yield (*above, entry.name), entry


def _key(parts: tuple[str, ...]) -> tuple[str, ...]:
    """The parts that say whose a file is: a blob's own name, the name of a bundle, run or table; else the first."""
    if parts[0] == BLOBS:
        return BLOBS, parts[-1]
    return parts[:LONGEST_PLACE] if parts[0] in (BUNDLES, RUNS, TABLES) else parts[:1]


def _versions(workspace: Workspace) -> list[Version]:
    return [version for model in workspace.catalog.models() for version in workspace.catalog.versions(model)]


def _of_versions(workspace: Workspace, versions: list[Version], blobs: dict[str, int]) -> Iterator[Stored]:
    """The blobs of each version, which are taken out of `blobs`."""
    for version in versions:
        size = sum(blobs.pop(digest, 0) for digest in _digests(workspace, version))
        yield Stored(BLOBS, size, version.model, version.number, version.run)


def _digests(workspace: Workspace, version: Version) -> list[str]:
    """The blobs of a version; those that are archived, or damaged, are nobody's."""
    with suppress(DragomanError):
        manifest = workspace.registry.stored_manifest(version)
        return [version.bundle, *(file.digest for file in manifest.files)]
    return [version.bundle]


def _of_bundles(sizes: Sizes, versions: list[Version]) -> Iterator[Stored]:
    """Unpacked copies."""
    owners = {version.bundle: version for version in reversed(versions)}
    for name, size in sizes.items():
        if name[0] == BUNDLES:
            owner = owners.get(name[-1])
            yield Stored(BUNDLES, size, owner.model, owner.number, owner.run) if owner else Stored(BUNDLES, size)


def _of_runs(workspace: Workspace, sizes: Sizes) -> Iterator[Stored]:
    """Checkpoints of trainings that are not over, and locks."""
    models = {run.id: run.model for run in workspace.catalog.runs()}
    for name, size in sizes.items():
        if name[0] == RUNS:
            id = name[-1].partition(".")[0]
            yield Stored(RUNS, size, models.get(id, ""), run=id if id in models else "")


def _of_tables(workspace: Workspace, sizes: Sizes) -> Iterator[Stored]:
    """Datasets, and what is logged of all models."""
    users: dict[str, set[str]] = {}
    for run in workspace.catalog.runs():
        users.setdefault(run.dataset, set()).add(run.model)
    for name, size in sizes.items():
        if name[0] == TABLES:
            table = name[-1].removesuffix(".lock")
            models = users.get(table, set())
            yield Stored(f"{TABLES}/{table}", size, next(iter(models)) if len(models) == 1 else "")


def _place(name: str) -> str:
    return "catalog" if name.startswith(CATALOG_FILES) else name


def _added(stored: list[Stored]) -> list[Stored]:
    """One for each place and owner, without empty ones."""
    sizes: Counter[Stored] = Counter()
    for one in stored:
        sizes[one._replace(size=0)] += one.size
    return [one._replace(size=size) for one, size in sizes.items() if size]

"""From names of files and tables to a source."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from dragoman.data.sources.base import Columns, Source
from dragoman.data.sources.blocks import open_file
from dragoman.data.sources.columnar import DeltaSnapshot, ParquetFile, is_delta_table
from dragoman.data.sources.csv import CsvFile
from dragoman.data.sources.csv_dialect import CsvDialect
from dragoman.data.sources.jsonl import JsonlFile
from dragoman.data.sources.many import ManySources
from dragoman.data.sources.patterns import expand_files
from dragoman.errors import InvalidInput

__all__ = ["FORMATS", "open_files", "open_source", "source_name"]

FORMATS = {"jsonl": (".jsonl", ".ndjson"), "csv": (".csv", ".tsv"), "parquet": (".parquet", ".pq")}
VERSION_OF = re.compile(r"(?P<path>.+)@(?P<version>[0-9]+)\Z")


def open_source(
    places: Sequence[str],
    *,
    folder: Path,
    root: Path,
    columns: Columns,
    dialect: CsvDialect | None = None,
    format: str = "",
    known: Mapping[str, str] | None = None,
) -> Source:
    """The rows of files and tables.

    `places` are names or glob patterns of files, or folders of Delta tables (`FOLDER@3` for a version), relative to
    `folder`. What lies under `root` is called by its path there. The end of a file's name says what it is, unless
    `format` does: "jsonl", "csv" or "parquet". `columns` are those of the contract. What is `known` (name → SHA-256) is
    left out. Raises `NotFound`, and `InvalidInput` for a file whose format nobody can tell, or that has changed since
    it was known.
    """
    known = known or {}
    snapshots = [one for place in places if (one := _snapshot(folder, place, root)) and one.name not in known]
    patterns = [place for place in places if not _table(folder, place)]
    files = [path for path in expand_files(folder, patterns) if not _is_known(path, source_name(path, root), known)]
    readers = open_files(files, root=root, columns=columns, dialect=dialect, format=format)
    sizes = [*(one.size for one in snapshots), *(path.stat().st_size for path in files)]
    return ManySources([*snapshots, *readers], sizes)


def open_files(
    files: Sequence[Path], *, root: Path, columns: Columns, dialect: CsvDialect | None = None, format: str = ""
) -> list[Source]:
    """A source for each file. Raises `InvalidInput` for one whose format nobody can tell."""
    return [_open_file(path, source_name(path, root), columns, dialect, format) for path in files]


def source_name(path: Path, root: Path) -> str:
    """What a file is called: its path under `root`, or the whole path elsewhere."""
    whole = path.absolute()
    return whole.relative_to(root).as_posix() if whole.is_relative_to(root) else whole.as_posix()


def _is_known(path: Path, name: str, known: Mapping[str, str]) -> bool:
    """Whether a file was read before. Raises `InvalidInput` if it was, and is another one now."""
    if name not in known:
        return False
    with open_file(path, name) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != known[name]:
        raise InvalidInput(
            f"{name} has changed since it was ingested: rows that stand in both would be there twice.",
            help="Give new rows a file of their own; or ingest all files again, without --append.",
        )
    return True


def _open_file(path: Path, name: str, columns: Columns, dialect: CsvDialect | None, format: str) -> Source:
    kind = format or _format_of(path)
    if kind == "parquet":
        return ParquetFile(path, name)
    if kind == "jsonl":
        return JsonlFile(path, name, columns=columns)
    if kind == "csv":
        return CsvFile(path, name, dialect=dialect or _usual_dialect(path))
    raise InvalidInput(f"{name} has no format that is known.", help=_help(format))


def _format_of(path: Path) -> str:
    suffix = path.suffix.casefold()
    return next((name for name, suffixes in FORMATS.items() if suffix in suffixes), "")


def _usual_dialect(path: Path) -> CsvDialect:
    return CsvDialect(delimiter="\t") if path.suffix.casefold() == ".tsv" else CsvDialect()


def _help(format: str) -> str:
    if format:
        return f"The format is one of {', '.join(FORMATS)}; {format!r} is none."
    suffixes = ", ".join(suffix for known in FORMATS.values() for suffix in known)
    return f"Name the format with --format ({', '.join(FORMATS)}), or end the file's name with one of {suffixes}."


def _snapshot(folder: Path, place: str, root: Path) -> DeltaSnapshot | None:
    if (found := _table(folder, place)) is None:
        return None
    path, version = found
    return DeltaSnapshot(path, source_name(path, root), version=version)


def _table(folder: Path, place: str) -> tuple[Path, int | None] | None:
    """The folder and version of a Delta table; None if it is none."""
    if is_delta_table(folder / place):
        return folder / place, None
    match = VERSION_OF.match(place)
    if match and is_delta_table(folder / match["path"]):
        return folder / match["path"], int(match["version"])
    return None

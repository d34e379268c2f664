"""Commits that a process began: after its death each is brought to its end, or taken back."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from dragoman.records import By, DatasetVersion
from dragoman.records.base import Record
from dragoman.store.base import Catalog
from dragoman.store.files import write_atomically
from dragoman.store.table_parts import is_committed, remove_parts
from dragoman.store.tables import DeltaTables

__all__ = ["Intent", "settle_unfinished"]

SUFFIX = ".intent.json"


class Intent(Record, frozen=True, kw_only=True):
    """What is about to be committed. It is written before, and removed when everything is done."""

    table: str
    mark: str  # in the names of the part files
    after: int  # the table's version before; -1: none
    record: DatasetVersion | None = None  # for the catalog
    by: By | None = None

    def write(self, folder: Path) -> Path:
        path = folder / f"{self.mark}-{self.table}{SUFFIX}"
        write_atomically(path, msgspec.json.encode(self))
        return path


def settle_unfinished(folder: Path, tables: DeltaTables, catalog: Catalog) -> None:
    """End or take back what dead processes began in a folder, and remove everything that they left there.

    A commit that is in the table is there to stay: its version is added to the catalog. One that is not is taken back.
    Whoever calls this holds the lock of the folder.
    """
    if not folder.is_dir():
        return
    for path in folder.glob(f"*{SUFFIX}"):
        intent = msgspec.json.decode(path.read_bytes(), type=Intent)
        table = tables.root / intent.table
        if not is_committed(table, intent.mark, after=intent.after):
            remove_parts(table, intent.mark)
        elif intent.record is not None:
            catalog.add_dataset_version(intent.record, by=intent.by)
        path.unlink()
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()

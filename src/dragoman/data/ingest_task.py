"""What an ingest is given, and what it gives back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from itertools import chain, count
from pathlib import Path
from typing import NamedTuple

import msgspec

from dragoman.data.sifting import Report
from dragoman.data.sources import Source
from dragoman.records import By, CheckReport, DatasetVersion
from dragoman.spec.contracts import ContractSpec
from dragoman.store.base import Catalog
from dragoman.store.files import make_folder
from dragoman.store.tables import DeltaTables

__all__ = ["Ingested", "Stores", "Task", "contract_digest"]


class Stores(NamedTuple):
    """Where versions are kept, and where an ingest works."""

    tables: DeltaTables
    catalog: Catalog
    folder: Path  # on the same file system as the tables


class Ingested(NamedTuple):
    """What an ingest did."""

    report: CheckReport
    version: DatasetVersion | None  # None: the contract is broken, and nothing was written
    sources: Mapping[str, str]  # what was read: name → SHA-256
    is_new: bool = False  # no version had these rows
    quarantined: int = 0


class Task(NamedTuple):
    """What is to be done."""

    name: str  # of the dataset
    contract: ContractSpec
    parent: DatasetVersion | None  # the version that rows are added to; None: a version of these rows alone
    by: By | None
    stores: Stores
    folder: Path  # for what is not stored yet; the caller removes it
    mark: str  # in the names of its files: no other ingest has it
    report: Report

    @property
    def old_rows(self) -> int:
        return self.parent.rows if self.parent else 0

    def make_folder(self, what: str) -> Path:
        """A folder for one purpose."""
        folder = self.folder / f"{self.mark}-{what}"
        make_folder(folder)
        return folder

    def new_sources(self, source: Source) -> dict[str, str]:
        """What was read and is not in the parent; a query that has other rows now gets a name of its own."""
        known = self.parent.sources if self.parent else {}
        found = {}
        for name, digest in source.digests().items():
            names = chain([name], (f"{name}#{number}" for number in count(2)))
            free = next(one for one in names if known.get(one, digest) == digest)
            if free not in known:
                found[free] = digest
        return found

    def categories(self) -> dict[str, str]:
        """What is counted of a version → the column."""
        languages, labels = self.contract.languages, self.contract.labels
        return {
            "splits": "split",
            "languages": languages.column if languages else "language",
            "labels": labels.column if labels else "label",
        }


def contract_digest(contract: ContractSpec) -> str:
    """SHA-256 of what a contract says, however its file is written."""
    return hashlib.sha256(msgspec.json.encode(contract, order="sorted")).hexdigest()

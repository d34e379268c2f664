"""What `dragoman data` does with a workspace: contracts, sources and versions brought together."""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dragoman.data.sources import Columns, CsvDialect, Source, open_source
from dragoman.data.training_examples import find_version
from dragoman.errors import GateFailed, InvalidInput, NotFound
from dragoman.records import By, CheckReport, DatasetVersion
from dragoman.spec.contract_file import read_contract
from dragoman.spec.contracts import CONTRACTS_FOLDER, ContractSpec
from dragoman.store.base import Catalog
from dragoman.store.tables import DeltaTables

if TYPE_CHECKING:
    from pyarrow.dataset import Dataset

    from dragoman.data.ingesting import Ingested, Report, Stores

__all__ = ["Datasets", "Files", "Origin", "Query", "Topic"]

INGEST_FOLDER = "ingest"  # in the state folder
URI_PREFIX = "datasets:/"


class Files(NamedTuple):
    """Files, or patterns of them, or Delta tables, relative to a folder."""

    places: Sequence[str]
    folder: Path
    format: str = ""
    dialect: CsvDialect | None = None

    def open(self, contract: ContractSpec, root: Path, parent: DatasetVersion | None) -> Source:
        """Those that are not in the parent already."""
        return open_source(
            self.places,
            folder=self.folder,
            root=root,
            columns=_columns(contract),
            dialect=self.dialect,
            format=self.format,
            known=parent.sources if parent else None,
        )


class Query(NamedTuple):
    """The rows of a query."""

    url: str
    query: str

    def open(self, contract: ContractSpec, root: Path, parent: DatasetVersion | None) -> Source:
        from dragoman.data.sources.sql import SqlQuery  # heavy: sqlalchemy

        return SqlQuery(self.url, self.query, columns=_columns(contract))


class Topic(NamedTuple):
    """The messages of a Kafka topic that are new since the parent, or all that are there."""

    servers: str
    topic: str
    properties: Mapping[str, str]
    from_start: bool = False

    def open(self, contract: ContractSpec, root: Path, parent: DatasetVersion | None) -> Source:
        from dragoman.data.sources.confluent import open_broker
        from dragoman.data.sources.kafka import KafkaTopic  # optional: the extra `kafka`

        read = parent.positions.get(f"kafka:{self.topic}") if parent and not self.from_start else None
        return KafkaTopic(
            open_broker(self.servers, self.properties), self.topic, columns=_columns(contract), since=read
        )


Origin = Files | Query | Topic


class Datasets:
    """The datasets of a workspace. The catalog is opened when it is needed: a check needs none."""

    def __init__(self, root: Path, state: Path, tables: DeltaTables, catalog: Callable[[], Catalog]) -> None:
        self.root, self.state, self.tables, self.catalog = root, state, tables, catalog

    def contract(self, name: str) -> ContractSpec:
        """The contract of a dataset. Raises `NotFound` with the names of those that there are, and `InvalidSpec`."""
        folder = self.root / CONTRACTS_FOLDER
        path = folder / f"{name}.toml"
        if path.is_file():
            return read_contract(path)
        known = sorted(one.stem for one in folder.glob("*.toml"))
        near = difflib.get_close_matches(name, known, n=1)
        raise NotFound(
            f"The dataset '{name}' has no contract: there is no {CONTRACTS_FOLDER}/{name}.toml.",
            help=f"Did you mean '{near[0]}'?" if near else "docs/contracts.md shows how to write one.",
        )

    def roles(self, name: str) -> dict[str, str]:
        """What the columns of a dataset that can be counted are called."""
        try:
            contract = self.contract(name)
        except NotFound:
            return {"language": "language", "label": "label", "split": "split"}
        languages, labels = contract.languages, contract.labels
        return {
            "language": languages.column if languages else "language",
            "label": labels.column if labels else "label",
            "split": "split",
        }

    def check(self, name: str, origin: Origin, *, report: Report) -> CheckReport:
        """Hold rows against the contract of a dataset; nothing is written."""
        from dragoman.data.ingesting import check_source  # heavy: pyarrow

        contract = self.contract(name)
        return check_source(origin.open(contract, self.root, None), contract, report=report)

    def hold(self, name: str, patterns: Sequence[str]) -> None:
        """Hold the files of a spec against the contract of their dataset, where it has one.

        Raises `GateFailed` if they break it.
        """
        if not (self.root / CONTRACTS_FOLDER / f"{name}.toml").is_file():
            return
        report = self.check(name, Files(patterns, self.root), report=lambda progress: None)
        if broken := [one.words for one in report.violations]:
            files = " ".join(map(repr, patterns))
            raise GateFailed(
                f"The data break their contract, {CONTRACTS_FOLDER}/{name}.toml: {'; '.join(broken)}.",
                help=f"`dragoman data check {name} {files}` shows the rows. Nothing was trained.",
            )

    def ingest(
        self, name: str, origin: Origin, *, append: bool, quarantine: bool, by: By | None = None, report: Report
    ) -> Ingested:
        """Make rows a version of a dataset. A topic is always appended. Raises as `Ingesting` does."""
        from dragoman.data.ingesting import Ingesting  # heavy: pyarrow

        contract = self.contract(name)
        with Ingesting(name, contract, self._stores(), by=by) as ingesting:
            parent = ingesting.newest if append or isinstance(origin, Topic) else None
            source = origin.open(contract, self.root, parent)
            return ingesting.run(source, parent=parent, quarantine=quarantine, report=report)

    def version(self, uri: str) -> DatasetVersion:
        """`support/3`, `datasets:/support/3`, or `support` for the newest. Raises `NotFound` and `InvalidInput`."""
        name, _, number = uri.removeprefix(URI_PREFIX).partition("/")
        if number and not number.isdecimal():
            raise InvalidInput(f"{uri!r} names no version of a dataset.", help="Write NAME or NAME/NUMBER.")
        return find_version(self.catalog(), name, int(number) if number else None)

    def versions(self, name: str) -> list[DatasetVersion]:
        """All versions of a dataset by number. Raises `NotFound` if there is none."""
        find_version(self.catalog(), name)
        return self.catalog().dataset_versions(name)

    def rows(self, version: DatasetVersion) -> Dataset:
        """The rows of a version, to be read in parts."""
        return self.tables.dataset(version.name, version=version.number)

    def verify(self, version: DatasetVersion) -> None:
        """Compare the rows of a version with its digest. Raises `Untrusted`."""
        from dragoman.data.datasets import load_examples
        from dragoman.data.stored_rows import verify_version  # heavy: pyarrow

        if not version.columns:
            load_examples(version, tables=self.tables)
            return
        with tempfile.TemporaryDirectory() as folder:
            verify_version(version, self.tables, folder=Path(folder))

    def filed(self, name: str, *, last: int) -> list[dict[str, Any]]:
        """The bad rows of a dataset that were filed last, the newest first. Raises `NotFound`."""
        from dragoman.data.quarantine import newest_bad_rows  # heavy: pyarrow

        find_version(self.catalog(), name)
        return newest_bad_rows(self.tables, name, last=last)

    def _stores(self) -> Stores:
        from dragoman.data.ingesting import Stores  # heavy: pyarrow

        return Stores(self.tables, self.catalog(), self.state / INGEST_FOLDER)


def _columns(contract: ContractSpec) -> Columns:
    return {name: column.type for name, column in contract.columns.items()}

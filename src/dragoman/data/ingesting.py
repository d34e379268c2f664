"""From a source to a dataset version, all or nothing.

Rows are judged as they are read, and good ones are written at once to part files that no table knows. Only when all
rows are in and the contract is kept do the parts become a version: they are moved into the table, Delta's commit names
them, the catalog names the version. So what was judged is what is stored, a source is read once, and memory is bounded.

```python
with Ingesting("support", contract, Stores(tables, catalog, folder)) as ingesting:
    done = ingesting.run(source)
done.version  # None: the contract is broken, done.report says where, and nothing was written
```
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
from pathlib import Path
from typing import Self

from dragoman.data.ingest_run import IngestRun
from dragoman.data.ingest_task import Ingested, Stores, Task, contract_digest
from dragoman.data.quarantine import QUARANTINE, quarantine_table
from dragoman.data.sifting import Progress, Report, Sift
from dragoman.data.sources import Source
from dragoman.data.unfinished import settle_unfinished
from dragoman.errors import InvalidInput
from dragoman.records import By, CheckReport, DatasetVersion
from dragoman.spec.contracts import ContractSpec
from dragoman.store.files import FileLock, full_disk_as_error, make_folder
from dragoman.store.refusals import require_table_name

__all__ = ["Ingested", "Ingesting", "Progress", "Report", "Stores", "check_source", "contract_digest"]

RESERVED = ("kpi-events", "labels", "predictions")  # tables that are no datasets


def check_source(source: Source, contract: ContractSpec, *, report: Report, folder: Path | None = None) -> CheckReport:
    """Hold a source against a contract; nothing is written but temporary files, in `folder`."""
    with Sift(contract, folder=folder) as sift:
        for _ in sift.source(source, report):
            pass
        return sift.finish()


class Ingesting:
    """The right to add versions to a dataset: one process at a time has it.

    When the block is entered, what a dead process began is brought to its end or taken back. Raises `Conflict` while
    another one ingests, and `InvalidInput` for a name that no dataset may have.
    """

    def __init__(self, name: str, contract: ContractSpec, stores: Stores, *, by: By | None = None) -> None:
        _require_name(name)
        self.name, self.contract, self.stores, self.by = name, contract, stores, by
        self.folder = stores.folder / name
        self._lock = FileLock(stores.folder / f"{name}.lock")

    def __enter__(self) -> Self:
        self._lock.__enter__()
        try:
            self._settle()
        except BaseException:
            self._lock.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            # After an error there may be something to take back; what cannot be now will be by the next one.
            with contextlib.suppress(Exception) if kind else contextlib.nullcontext():
                self._settle()
        finally:
            self._lock.__exit__(None, None, None)

    @property
    def newest(self) -> DatasetVersion | None:
        """The newest version of the dataset."""
        return max(self.stores.catalog.dataset_versions(self.name), key=lambda one: one.number, default=None)

    def run(
        self,
        source: Source,
        *,
        parent: DatasetVersion | None = None,
        quarantine: bool = False,
        report: Report = lambda progress: None,
    ) -> Ingested:
        """Make the rows of the source a version, or return the one that has the same rows.

        With a `parent` its rows come first, and all rows together must keep the contract. With `quarantine` the good
        rows become the version, and bad rows are filed in the table `NAME-quarantine`. Raises `InvalidData` for what is
        no data, or no row; `StorageFull`; and `Conflict` if somebody else writes the table meanwhile.
        """
        make_folder(self.folder)
        mark = secrets.token_hex(8)
        task = Task(self.name, self.contract, parent, self.by, self.stores, self.folder, mark, report)
        with full_disk_as_error(self.folder), IngestRun(task, quarantine=quarantine) as run:
            return run.run(source)

    def _settle(self) -> None:
        settle_unfinished(self.folder, self.stores.tables, self.stores.catalog)
        if self.folder.is_dir():
            shutil.rmtree(self.folder)


def _require_name(name: str) -> None:
    require_table_name(name)
    require_table_name(quarantine_table(name))
    if name in RESERVED or name.endswith(QUARANTINE):
        raise InvalidInput(f"A dataset cannot be called '{name}': a table has this name.", help="Choose another name.")

"""What a model learns from, and by which pipeline: texts, or rows of a table; with the features of its views.

A model's views are joined to its rows as they were known then. What was joined belongs to the name of the run, so that
a changed view, or new events, train anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec

from dragoman.app.datasets import Datasets
from dragoman.data.datasets import digest_examples, ingest, load_examples
from dragoman.data.served_rows import LABEL_PREFIX, join_beside_served
from dragoman.data.sources import expand_files, read_examples
from dragoman.data.training_examples import find_version, training_examples
from dragoman.records import By, DatasetVersion, Example, PinnedView
from dragoman.spec import ModelSpec
from dragoman.store.base import Catalog
from dragoman.store.tables import DeltaTables

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

    from dragoman.data.table_examples import TableExamples
    from dragoman.training.progress import Report
    from dragoman.training.trained import Trained

__all__ = ["Job", "Join", "Learning", "NoJoin", "Place", "Rows", "Texts", "learning_of", "rests_on"]


class Join(Protocol):
    """Adds the features of views to rows, each as of its own time."""

    pins: list[PinnedView]

    @property
    def digest(self) -> str:
        """Changes with the definitions and with the events; empty without views."""

    def __call__(self, rows: pa.Table, views: Sequence[str], time: str) -> pa.Table: ...


class NoJoin:
    """The join of a model that reads no views."""

    digest = ""

    def __init__(self) -> None:
        self.pins: list[PinnedView] = []

    def __call__(self, rows: pa.Table, views: Sequence[str], time: str) -> pa.Table:
        return rows


class Place(Protocol):
    """What is needed of a workspace."""

    root: Path

    @property
    def tables(self) -> DeltaTables: ...
    @property
    def catalog(self) -> Catalog: ...
    @property
    def datasets(self) -> Datasets: ...


class Job(NamedTuple):
    """One training."""

    run: str
    dataset: DatasetVersion
    folder: Path
    join: Join
    report: Report
    over_budget: By | None = None  # who wants it although its budget has no room


class Learning(Protocol):
    """How a model of some kind learns."""

    def digest(self) -> str:
        """Of the rows as they are now; nothing is stored."""

    def load(self) -> tuple[Any, DatasetVersion]:
        """The rows, and the version that has them: those of files become one, if none has them yet."""

    def read(self, version: DatasetVersion) -> Any:
        """The rows of a version that is stored. Raises `Untrusted` if they are not those that were ingested."""

    def train(self, rows: Any, job: Job) -> Trained:
        """Train with the rows of `load`, or of `read`, and write a bundle."""


def learning_of(place: Place, spec: ModelSpec) -> Learning:
    """How the model of a spec learns."""
    if spec.reads_text:
        return Texts(place, spec)
    return Forecasts(place, spec) if spec.forecast else Rows(place, spec)


def rests_on(version: DatasetVersion, digest: str) -> bool:
    """Whether a version has the rows of the one with this digest, and those of labels beside them."""
    return any(name.startswith("datasets:/") and found == digest for name, found in version.sources.items())


class _OfFiles:
    """What both kinds have in common: data comes from files, or from a version that was ingested."""

    def __init__(self, place: Place, spec: ModelSpec) -> None:
        self.place, self.spec = place, spec

    @property
    def ingested(self) -> DatasetVersion:
        """The version that the spec names instead of files."""
        return find_version(self.place.catalog, self.spec.dataset_name, self.spec.dataset_number)

    @property
    def files(self) -> list[Path]:
        return expand_files(self.place.root, self.spec.data.files)

    @property
    def sources(self) -> dict[str, str]:
        return {_name_of(path, self.place.root): hashlib.sha256(path.read_bytes()).hexdigest() for path in self.files}

    def hold(self) -> None:
        """Raises `GateFailed` if the files break the contract of the dataset."""
        self.place.datasets.hold(self.spec.dataset_name, self.spec.data.files)

    def joined(self, rows: pa.Table, join: Join) -> pa.Table:
        """The rows with the features of the spec's views; those of labels have them as they were served."""
        features, time = self.spec.features, self.spec.data.time
        if not (features and features.views and time):
            return rows
        return join_beside_served(rows, features.views, lambda others: join(others, features.views, time))


class Texts(_OfFiles):
    """Texts, and what is known beside them."""

    def digest(self) -> str:
        return digest_examples(self._of_files()) if self.spec.data.files else self.ingested.digest

    def load(self) -> tuple[list[Example], DatasetVersion]:
        if not self.spec.data.files:
            version = self.ingested
            return training_examples(version, self.spec, self.place.tables), version
        self.hold()
        examples = self._of_files()
        stores: dict[str, Any] = {"tables": self.place.tables, "catalog": self.place.catalog}
        return examples, ingest(examples, name=self.spec.dataset_name, sources=self.sources, **stores)

    def read(self, version: DatasetVersion) -> list[Example]:
        if version.columns:
            return training_examples(version, self.spec, self.place.tables)
        return load_examples(version, tables=self.place.tables)

    def examples(self) -> list[Example]:
        """The examples, without the features of views."""
        return self._of_files() if self.spec.data.files else self.load()[0]

    def with_views(self, examples: list[Example], join: Join) -> list[Example]:
        """The examples with the features of the spec's views; those of labels have them as they were served."""
        if not join.pins:
            return examples
        served = {one.id: one for one in examples if one.id.startswith(LABEL_PREFIX)}
        return [*self._with_views([one for one in examples if one.id not in served], join), *served.values()]

    def _with_views(self, examples: list[Example], join: Join) -> list[Example]:
        import pyarrow as pa  # heavy: serving does without it

        names = list(dict.fromkeys(name for one in examples for name in one.features))
        known = pa.table({name: [one.features.get(name) for one in examples] for name in names})
        found = self.joined(known, join)
        of_views = found.select([name for name in found.column_names if name not in names]).to_pylist()
        return [
            msgspec.structs.replace(one, features=one.features | values)
            for one, values in zip(examples, of_views, strict=True)
        ]

    def train(self, rows: list[Example], job: Job) -> Trained:
        from dragoman.training.environment import TEXT_PACKAGES, environment_state
        from dragoman.training.pipeline import train_bundle  # heavy: torch

        return train_bundle(
            self.spec,
            sorted(self.with_views(rows, job.join), key=lambda example: example.id),
            job.dataset,
            run=job.run,
            environment=environment_state(TEXT_PACKAGES),
            workspace=self.place.root,
            folder=job.folder,
            report=job.report,
            views=job.join.pins,
        )

    def _of_files(self) -> list[Example]:
        features, data = self.spec.features, self.spec.data
        return read_examples(
            self.files,
            labels=data.labels,
            languages=self.spec.languages,
            columns=features.columns if features else None,
            target=data.target,
        )


class Rows(_OfFiles):
    """Rows of a table."""

    def __init__(self, place: Place, spec: ModelSpec) -> None:
        super().__init__(place, spec)
        self._examples: TableExamples | None = None

    def check(self, table: pa.Table) -> None:
        """Refuse rows that cannot be learned from, before they are stored. Raises `InvalidData`."""
        from dragoman.data.table_examples import table_examples  # heavy: pyarrow

        self._examples = table_examples(table, self.spec)

    def digest(self) -> str:
        from dragoman.data.table_versions import digest_table  # heavy: pyarrow

        return digest_table(self._of_files()) if self.spec.data.files else self.ingested.digest

    def load(self) -> tuple[pa.Table, DatasetVersion]:
        from dragoman.data.table_examples import target_of
        from dragoman.data.table_versions import ingest_table, load_table  # heavy: pyarrow

        if not self.spec.data.files:
            version = self.ingested
            return load_table(version, self.place.tables), version
        self.hold()
        table = self._of_files()
        self.check(table)
        stores: dict[str, Any] = {"tables": self.place.tables, "catalog": self.place.catalog}
        label = target_of(self.spec) if self.spec.has_labels else ""
        return table, ingest_table(table, name=self.spec.dataset_name, sources=self.sources, label=label, **stores)

    def read(self, version: DatasetVersion) -> pa.Table:
        from dragoman.data.table_versions import load_table  # heavy: pyarrow

        return load_table(version, self.place.tables)

    def train(self, rows: pa.Table, job: Job) -> Trained:
        from dragoman.data.table_examples import table_examples
        from dragoman.training.environment import TABLE_PACKAGES, environment_state
        from dragoman.training.tabular.pipeline import train_table_bundle  # heavy: the ONNX library

        examples = self._examples or table_examples(rows, self.spec)
        return train_table_bundle(
            self.spec,
            examples._replace(table=self.joined(examples.table, job.join)),
            job.dataset,
            run=job.run,
            environment=environment_state(TABLE_PACKAGES),
            folder=job.folder,
            report=job.report,
            views=job.join.pins,
        )

    def test(self, join: Join) -> pa.Table:
        """The rows of the test split, with the features of the spec's views."""
        from dragoman.data.table_examples import table_examples  # heavy: pyarrow

        table = self._of_files() if self.spec.data.files else self.load()[0]
        return self.joined(table_examples(table, self.spec).of("test").table, join)

    def _of_files(self) -> pa.Table:
        from dragoman.data.table_examples import text_columns
        from dragoman.data.table_files import read_table  # heavy: pyarrow

        return read_table(self.files, root=self.place.root, texts=text_columns(self.spec))


class Forecasts(Rows):
    """Rows of a table that are series."""

    def check(self, table: pa.Table) -> None:
        """Series are judged where they are read."""

    def test(self, join: Join) -> pa.Table:
        """All rows: what is told in the test split rests on those before it."""
        return self.joined(self._of_files() if self.spec.data.files else self.load()[0], join)

    def train(self, rows: pa.Table, job: Job) -> Trained:
        from dragoman.training.environment import TABLE_PACKAGES, environment_state
        from dragoman.training.forecasting.pipeline import train_forecast_bundle  # heavy: the ONNX library

        return train_forecast_bundle(
            self.spec,
            self.joined(rows, job.join),
            job.dataset,
            run=job.run,
            environment=environment_state(TABLE_PACKAGES),
            folder=job.folder,
            report=job.report,
            views=job.join.pins,
        )


def _name_of(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name

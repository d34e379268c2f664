"""The data of a model with labelled rows beside them: what is there, and the dataset version that has both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from dragoman.app.learning import Place, Rows, Texts, learning_of
from dragoman.data.datasets import digest_examples, ingest
from dragoman.data.served_rows import LABEL_PREFIX
from dragoman.feedback.learning import Columns, Known
from dragoman.records import DatasetVersion, Example
from dragoman.spec import ModelSpec

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

    from dragoman.data.table_examples import TableExamples

__all__ = ["Labelled", "labelled_of"]

WITH_LABELS = "-with-labels"  # of a dataset that people ingest, whose newest version stays theirs


class Labelled(Protocol):
    """The data of a model, and rows that labels gave."""

    def known(self) -> Known:
        """The rows of the spec's data."""

    def learned(self, version: DatasetVersion) -> list[Example]:
        """The rows of a version that labels gave."""

    def store(self, rows: Sequence[Example]) -> DatasetVersion:
        """The version with the spec's data and these rows; that of the data alone without any."""


def labelled_of(place: Place, spec: ModelSpec) -> Labelled:
    """How labels become rows of a model's data. A model of numbers learns from none."""
    if spec.reads_text:
        return LabelledTexts(place, spec)
    return LabelledRows(place, spec) if spec.has_labels else Unlabelled(place, spec)


class _Labelled:
    """What all kinds have in common."""

    def __init__(self, place: Place, spec: ModelSpec) -> None:
        self.place, self.spec = place, spec
        self.learning: Any = learning_of(place, spec)

    def sources(self, base: DatasetVersion, rows: Sequence[Example]) -> dict[str, str]:
        """Where the rows come from: files, the version that has those of the files, labels."""
        return {**base.sources, base.uri: base.digest, f"labels:/{self.spec.name}": digest_examples(rows)}

    @property
    def name(self) -> str:
        """Of the dataset. One that people ingest is theirs: what they add to must not have labels in it."""
        return self.spec.dataset_name + ("" if self.spec.data.files else WITH_LABELS)


class Unlabelled(_Labelled):
    """The data of a model of numbers."""

    def known(self) -> Known:
        return Known({}, frozenset(), {})

    def learned(self, version: DatasetVersion) -> list[Example]:
        return []

    def store(self, rows: Sequence[Example]) -> DatasetVersion:
        version: DatasetVersion = self.learning.load()[1]
        return version


class LabelledTexts(_Labelled):
    """Texts."""

    learning: Texts

    def known(self) -> Known:
        return Known.of_examples(self.learning.examples())

    def learned(self, version: DatasetVersion) -> list[Example]:
        return [] if version.columns else [one for one in self.learning.read(version) if _is_labelled(one.id)]

    def store(self, rows: Sequence[Example]) -> DatasetVersion:
        examples, base = self.learning.load()
        if not rows:
            return base
        stores: dict[str, Any] = {"tables": self.place.tables, "catalog": self.place.catalog}
        return ingest([*examples, *rows], name=self.name, sources=self.sources(base, rows), **stores)


class LabelledRows(_Labelled):
    """Rows of a table."""

    learning: Rows

    def known(self) -> Known:
        from dragoman.data.labelled_tables import rows_of  # heavy: pyarrow

        examples = self._examples(self.learning.load()[0])
        return Known.of_rows(rows_of(examples, Columns.of(self.spec).read, self.spec.data.labels))

    def learned(self, version: DatasetVersion) -> list[Example]:
        from dragoman.data.labelled_tables import examples_of  # heavy: pyarrow

        if "id" not in version.columns:
            return []
        return examples_of(self.learning.read(version), Columns.of(self.spec).read, self._target)

    def store(self, rows: Sequence[Example]) -> DatasetVersion:
        from dragoman.data.labelled_tables import with_rows
        from dragoman.data.table_versions import ingest_table  # heavy: pyarrow

        table, base = self.learning.load()
        if not rows:
            return base
        stores: dict[str, Any] = {"tables": self.place.tables, "catalog": self.place.catalog}
        together = with_rows(self._examples(table), rows, target=self._target)
        return ingest_table(together, name=self.name, sources=self.sources(base, rows), label=self._target, **stores)

    @property
    def _target(self) -> str:
        return self.spec.data.target or "label"

    def _examples(self, table: pa.Table) -> TableExamples:
        from dragoman.data.table_examples import table_examples  # heavy: pyarrow

        return table_examples(table, self.spec)


def _is_labelled(id: str) -> bool:
    return id.startswith(LABEL_PREFIX)

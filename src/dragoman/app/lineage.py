"""From a source to a prediction, and back: what the catalog and the prediction log know of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dragoman.data.lineage import Event, LineageEvents, Trained
from dragoman.data.training_examples import find_version
from dragoman.errors import InvalidInput, NotFound
from dragoman.records import DatasetVersion, Version
from dragoman.registry.uri import is_model_uri, parse_model_uri
from dragoman.store.base import Catalog
from dragoman.store.tables import DeltaTables

__all__ = ["Lineage", "Predicted", "Trail"]

DATASET_PREFIX, PREDICTION_PREFIX = "datasets:/", "predictions:/"
PREDICTION_LOG, PREDICTION_TABLE = "prediction-log", "predictions"


class Predicted(NamedTuple):
    """A prediction of the log."""

    id: str
    time: str
    language: str


class Trail(NamedTuple):
    """What leads to something, and what came of it."""

    datasets: Sequence[DatasetVersion]  # the newest first; each is the parent of the one before it
    trained: Sequence[Trained]  # on the first of them
    version: Version | None = None  # that was asked for, or that made the prediction
    prediction: Predicted | None = None


class Lineage:
    """The lineage of a workspace."""

    def __init__(self, root: Path, state: Path, tables: DeltaTables, catalog: Callable[[], Catalog]) -> None:
        self.state, self.tables, self.catalog = state, tables, catalog
        self.events = LineageEvents(root, tables.root)

    def trail(self, uri: str) -> Trail:
        """The trail of `support/3` or `datasets:/support/3`, `models:/support/7`, `predictions:/ID`, or an id alone.

        Raises `NotFound` and `InvalidInput`.
        """
        if is_model_uri(uri):
            return self._of_model(self._model_version(uri))
        if uri.startswith(PREDICTION_PREFIX):
            return self._of_prediction(uri.removeprefix(PREDICTION_PREFIX))
        if uri.startswith(DATASET_PREFIX) or not _is_id(uri):
            return self._of_dataset(uri.removeprefix(DATASET_PREFIX))
        return self._of_prediction(uri)

    def events_of(self, trail: Trail) -> list[Event]:
        """The events of a trail in the order of time, from the first source on."""
        found = [self.events.ingest(version) for version in reversed(trail.datasets)]
        found += [self.events.training(one) for one in trail.trained if one.run.status == "completed"]
        if trail.prediction is not None and trail.version is not None:
            found.append(self.events.prediction(trail.prediction.id, trail.prediction.time, trail.version))
        return found

    def predictions_of(self, version: Version) -> int:
        """How many predictions of a version are in the table of the log."""
        from pyarrow import dataset as ds  # heavy: only this needs it

        if self.tables.latest(PREDICTION_TABLE) is None:
            return 0
        wanted = (ds.field("model") == version.model) & (ds.field("version") == str(version.number))
        return int(self.tables.dataset(PREDICTION_TABLE).count_rows(filter=wanted))

    # Backwards and forwards

    def _of_dataset(self, uri: str) -> Trail:
        name, _, number = uri.partition("/")
        if number and not number.isdecimal():
            raise InvalidInput(f"{uri!r} names no version of a dataset.", help="Write NAME or NAME/NUMBER.")
        version = find_version(self.catalog(), name, int(number) if number else None)
        runs = [
            run for run in self.catalog().runs() if (run.dataset, run.dataset_number) == (version.name, version.number)
        ]
        return Trail(list(self._with_parents(version)), [self._trained(run.id, version) for run in reversed(runs)])

    def _of_model(self, version: Version) -> Trail:
        run = self.catalog().run(version.run)
        known = {one.number: one for one in self.catalog().dataset_versions(run.dataset)}
        dataset = known.get(run.dataset_number)
        return Trail(list(self._with_parents(dataset)), [Trained(run, dataset, [version])], version)

    def _of_prediction(self, id: str) -> Trail:
        row = self._find_prediction(id)
        if row is None:
            raise NotFound(
                f"There is no prediction '{id}' in the log.",
                help="Datasets are NAME/3, model versions models:/NAME/7, predictions their id as it was answered.",
            )
        trail = self._of_model(self._model_version(f"models:/{row['model']}/{row['version']}"))
        time = row["time"].isoformat() if hasattr(row["time"], "isoformat") else str(row["time"])
        return trail._replace(prediction=Predicted(id, time, row["language"]))

    def _with_parents(self, version: DatasetVersion | None) -> Iterator[DatasetVersion]:
        known = {one.number: one for one in self.catalog().dataset_versions(version.name)} if version else {}
        while version is not None:
            yield version
            version = known.get(version.parent) if version.parent is not None else None

    def _trained(self, run: str, dataset: DatasetVersion) -> Trained:
        found = self.catalog().run(run)
        return Trained(found, dataset, [one for one in self.catalog().versions(found.model) if one.run == run])

    def _model_version(self, uri: str) -> Version:
        name, number, alias = parse_model_uri(uri)
        number = self.catalog().alias(name, alias or "") if number is None else number
        if number is None:
            raise NotFound(
                f"'{name}' has no version with the alias '{alias}'.", help="`dragoman models list` shows all."
            )
        return self.catalog().version(name, number)

    def _find_prediction(self, id: str) -> dict[str, Any] | None:
        """In the table, or in what is on its way there."""
        from pyarrow import compute as pc  # heavy: only this needs it
        from pyarrow import dataset as ds

        from dragoman.monitoring.prediction_log.query import read_pending  # heavy: pyarrow

        columns = ["id", "time", "model", "version", "language"]
        if self.tables.latest(PREDICTION_TABLE) is not None:
            found = self.tables.dataset(PREDICTION_TABLE).to_table(columns=columns, filter=ds.field("id") == id)
            if len(found):
                return dict(found.slice(0, 1).to_pylist()[0])
        waiting = read_pending(self.state / PREDICTION_LOG)
        rows = waiting.filter(pc.equal(waiting["id"], id)).select(columns).to_pylist()
        return dict(rows[0]) if rows else None


def _is_id(text: str) -> bool:
    """Whether this may be the id of a prediction: those have upper-case letters, names of datasets have none."""
    return text != text.lower() and "/" not in text

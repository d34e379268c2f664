"""The bundle of a model of a table as parts of a loaded model."""

from __future__ import annotations

from dragoman.errors import InvalidInput, Untrusted
from dragoman.models.forecasting import Head, read_head
from dragoman.models.readouts import PoolReadout
from dragoman.models.tabular import FeatureSchema, Intervals
from dragoman.records import FeatureColumn
from dragoman.registry.bundle import MODEL_FILE, Bundle
from dragoman.runtime.row_session import RowSession
from dragoman.serving.backbone import Backbone
from dragoman.serving.cache import ResultCache
from dragoman.serving.engine import Engine
from dragoman.serving.scheduler import Scheduler
from dragoman.serving.tasks.base import Task
from dragoman.serving.tasks.forecasting import Forecasting
from dragoman.serving.tasks.tabular import TabularClassification, TabularRegression
from dragoman.spec import ServingSpec

__all__ = ["columns_of", "table_backbone", "table_task"]

TRAIN_AGAIN = "train the model again."


def table_task(bundle: Bundle, serving: ServingSpec, task: str | None = None) -> Task:
    """The task of a bundle. Raises `InvalidInput` for another one than its own, `Untrusted` where a part is missing."""
    name = bundle.spec.task
    if task not in (None, name):
        raise InvalidInput(f"'{bundle.spec.name}' is a model for {name}, not for {task}.", help="leave the task out.")
    if bundle.features is None:
        raise Untrusted(f"The bundle in {bundle.folder} has no columns.", help=TRAIN_AGAIN)
    readout = PoolReadout(pooling="cls", normalize=False)  # what the session says of the row
    if name == "tabular-classification":
        return TabularClassification(
            encoder=bundle.features,
            readout=readout,
            labels=bundle.labels,
            serving=serving,
            temperature=bundle.temperature,
        )
    if (intervals := bundle.calibration.intervals) is None:
        raise Untrusted(f"The bundle in {bundle.folder} has no intervals.", help=TRAIN_AGAIN)
    if name == "forecasting":
        return _forecasting(bundle.features, read_head(bundle.folder), readout, intervals)
    return TabularRegression(encoder=bundle.features, readout=readout, intervals=intervals)


def columns_of(bundle: Bundle) -> tuple[FeatureColumn, ...]:
    """The columns that a request gives or a store knows: not those of a history, nor what is known ahead."""
    columns = bundle.features.columns if bundle.features else ()
    if bundle.spec.task != "forecasting":
        return columns
    head = read_head(bundle.folder)
    return tuple(one for one in columns[len(head.shape.columns) :] if one.name not in head.known)


def _forecasting(schema: FeatureSchema, head: Head, readout: PoolReadout, intervals: Intervals) -> Forecasting:
    given = FeatureSchema(schema.columns[len(head.shape.columns) :])
    return Forecasting(head=head, encoder=given, readout=readout, intervals=intervals)


def table_backbone(bundle: Bundle, serving: ServingSpec, *, name: str, digest: str) -> Backbone:
    """An engine over the trees; a row counts as a token."""
    engine = Engine(
        _session(bundle),
        Scheduler(max_batch_tokens=serving.max_batch_tokens, max_queue_tokens=serving.max_queue_tokens),
        first_position=0,
        digest=digest,
        name=name,
        session_factory=lambda: _session(bundle),
        cache=ResultCache(serving.cache_bytes),
    )
    return Backbone(tokenizer=None, engine=engine, digest=digest)


def _session(bundle: Bundle) -> RowSession:
    from dragoman.models.tabular.opening import open_tabular  # heavy: the ONNX runtime

    opened = open_tabular(bundle.folder)
    size = (bundle.folder / MODEL_FILE).stat().st_size
    return RowSession(opened.session.predict, columns=len(opened.schema.columns), stored_bytes=size)

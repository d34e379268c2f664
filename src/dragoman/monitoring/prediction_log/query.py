"""Reading predictions back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dragoman.monitoring.prediction_log.reading import Reading
from dragoman.monitoring.prediction_log.schema import table_of
from dragoman.monitoring.prediction_log.segment import segments_in
from dragoman.monitoring.prediction_log.sink import TABLE
from dragoman.store.tables import DeltaTables

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used
    from pyarrow import dataset as ds

__all__ = ["read_pending", "read_predictions"]


def read_predictions(
    tables: DeltaTables,
    *,
    model: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    language: str | None = None,
    limit: int | None = None,
) -> pa.Table:
    """Predictions of the table, in order of time: the columns are those of `PredictionRow`, and `date`.

    `since` belongs to the span, `until` does not; a time without a zone is in UTC. With a `limit` the newest are kept,
    and older days are not read. Without any prediction the table is empty. Raises `Untrusted` for changed files.
    """
    import pyarrow as pa  # heavy: only reading needs it

    wanted = _filter(model=model, since=since, until=until, language=language)
    pieces = []
    for piece in tables.read_parts(TABLE, by="date", wanted=wanted):
        pieces.append(piece)
        if limit is not None and sum(map(len, pieces)) >= limit:
            break
    found = pa.concat_tables([*pieces, table_of([])[0]], promote_options="default").sort_by("time")
    return found if limit is None else found.slice(max(len(found) - limit, 0))


def read_pending(folder: Path) -> pa.Table:
    """The rows under a log's folder that may not be in the table yet, with the same columns.

    A row that is being moved may be here and in the table; ids tell.
    """
    import pyarrow as pa  # heavy: only reading needs it

    folders = sorted({folder, *(path for path in folder.rglob("*") if path.is_dir())})
    return pa.concat_tables([table_of([])[0], *(_rows(path) for one in folders for path in segments_in(one))])


def _rows(path: Path) -> pa.Table:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        data = b""  # it has just been moved to the table
    return table_of(Reading(path, data).payloads())[0]


def _filter(
    *, model: str | None, since: datetime | None, until: datetime | None, language: str | None
) -> ds.Expression | None:
    from pyarrow import dataset as ds  # heavy: only reading needs it

    conditions: list[Any] = []
    if model is not None:
        conditions.append(ds.field("model") == model)
    if language is not None:
        conditions.append(ds.field("language") == language)
    if since is not None:
        conditions += [ds.field("time") >= _utc(since), ds.field("date") >= _utc(since).date()]
    if until is not None:
        conditions += [ds.field("time") < _utc(until), ds.field("date") <= _utc(until).date()]
    found = None
    for condition in conditions:
        found = condition if found is None else found & condition
    return found


def _utc(time: datetime) -> datetime:
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)

"""Labels joined to the predictions that they are about, however late, repeated or contradicting they come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from dragoman.data.sql import database
from dragoman.errors import StorageFull, Untrusted
from dragoman.feedback.labels import LABEL_TABLE, table_of
from dragoman.monitoring.prediction_log import schema
from dragoman.monitoring.prediction_log.sink import TABLE as PREDICTION_TABLE
from dragoman.records import Judged, LabelCounts
from dragoman.store.tables import DeltaTables

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used
    from duckdb import DuckDBPyConnection
    from pyarrow.dataset import Dataset

__all__ = ["Join", "Span", "answers_of", "count_unknown", "join_labels", "labels_of", "micros", "plain_errors"]

MICROSECONDS = 1_000_000
FETCHED = 10_000  # rows at once
ANSWERS = """
    SELECT id, epoch_us(time) AS moment, version, CASE WHEN language = '' THEN 'und' ELSE language END AS language,
        coalesce(labels[1], '') AS best, coalesce(scores[1], 0.0) AS score,
        NOT coalesce(mirrored, FALSE) AND coalesce(error, '') = '' AND time IS NOT NULL AS counts
    FROM {table}
"""
# A label without a readable time is the oldest of all. An empty one takes back what its source said before.
SAID = """
    CREATE TABLE said AS
    WITH heard AS (
        SELECT prediction_id AS id, label, coalesce(source, '') AS source, coalesce(labeler, '') AS labeler,
            coalesce(epoch_us(TRY_CAST(time AS TIMESTAMPTZ)), 0) AS told,
            coalesce(epoch_us(TRY_CAST(received AS TIMESTAMPTZ)), 0) AS received,
            coalesce(list_position($sources, source), len($sources) + 1) AS rank
        FROM labels
    ), taken_back AS (
        SELECT id, source, max({'a': told, 'b': received}) AS moment FROM heard WHERE label = '' GROUP BY ALL
    )
    SELECT heard.* FROM heard LEFT JOIN taken_back USING (id, source)
    WHERE label <> '' AND (moment IS NULL OR {'a': told, 'b': received} > moment)
"""
# One row for each prediction that a label names. The least of the structs is the truth: of the most trusted source,
# the newest; what follows only makes it the same one every time.
SETTLED = """
    CREATE TABLE settled AS
    WITH told AS (
        SELECT id, count(*) AS labels, count(DISTINCT label) AS kinds, min(told) AS first,
            min({'a': rank, 'b': -told, 'c': -received, 'source': source, 'labeler': labeler, 'label': label})
                AS best_of
        FROM said GROUP BY id
    ), known AS (
        SELECT id, any_value(moment) AS moment, any_value(version) AS version, any_value(language) AS language,
            any_value(best) AS best, any_value(score) AS score, bool_and(counts) AS counts
        FROM (SELECT * FROM log UNION ALL SELECT * FROM waiting) SEMI JOIN said USING (id) GROUP BY id
    )
    SELECT told.id, labels, kinds > 1 AS contradicted, labels - kinds AS repeated, best_of.label AS truth,
        best_of.source AS source, best_of.labeler AS labeler, moment, version, language, best, score,
        greatest(first - moment, 0) / 1e6 AS delay, known.id IS NOT NULL AS is_known, coalesce(counts, FALSE) AS counts,
        audits.inclusion AS inclusion
    FROM told LEFT JOIN known USING (id) LEFT JOIN audits USING (id)
"""
COUNTS = """
    SELECT coalesce(sum(labels), 0), count(*) FILTER (counts), coalesce(sum(repeated), 0),
        count(*) FILTER (contradicted AND counts), coalesce(sum(labels) FILTER (NOT is_known), 0)
    FROM settled
"""
JUDGED = """
    SELECT id, version, language, moment, best, score, truth, source, labeler, delay, inclusion, contradicted
    FROM judged WHERE moment < $before ORDER BY moment, id
"""
UNKNOWN = """
    SELECT count(DISTINCT id) FROM given ANTI JOIN (SELECT id FROM log UNION ALL SELECT id FROM waiting) USING (id)
"""


class Span(NamedTuple):
    """Which predictions are looked at: of a model, or of one version of it, since a time and before another."""

    model: str
    version: str  # empty: all
    since: datetime
    until: datetime

    @property
    def start(self) -> int:
        return micros(self.since)

    @property
    def end(self) -> int:
        return micros(self.until)


class Join:
    """Labels beside predictions, while the database behind them is open.

    Its relations: `said`, the labels of the model that hold; `settled`, each prediction that a label names, with its
    truth; `judged`, those of them that lie in the span and have an answer; `span`, the answers of the span.
    """

    def __init__(self, connection: DuckDBPyConnection, span: Span) -> None:
        self.connection, self.span = connection, span

    def counts(self) -> LabelCounts:
        """What became of the labels of the model, whatever the span; those that were taken back are none."""
        labels, judged, repeated, contradictions, unknown = map(int, self.rows(COUNTS)[0])
        sources = dict(self.rows("SELECT source, count(*) FROM said GROUP BY source ORDER BY count(*) DESC, source"))
        return LabelCounts(
            labels=labels,
            judged=judged,
            repeated=repeated,
            contradictions=contradictions,
            unknown=unknown,
            sources=sources,
        )

    def judged(self, *, before: datetime | None = None) -> Iterator[Judged]:
        """The predictions of the span that have a truth, those from `before` some time, the oldest first."""
        found = self.connection.execute(JUDGED, {"before": micros(before) if before else self.span.end})
        while rows := found.fetchmany(FETCHED):
            yield from (_judged(self.span.model, row) for row in rows)

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """What a query over the relations gives."""
        return self.connection.execute(query, values or None).fetchall()


@contextmanager
def join_labels(
    tables: DeltaTables,
    span: Span,
    *,
    sources: Sequence[str] = (),
    audits: Mapping[str, float] | None = None,
    pending: pa.Table | None = None,
) -> Iterator[Join]:
    """Join the table `labels` to the table `predictions`; copies for the other arm and failures have no truth.

    `sources` are the trusted ones, the most trusted first. `audits` are predictions that were drawn at random, and
    whose labels came of that draw: id → the probability with which it was drawn. `pending` are rows of the prediction
    log that are not in the table yet. Memory is bounded: what does not fit goes to a temporary folder. Raises
    `Untrusted` for changed files.
    """
    import pyarrow as pa  # heavy: serving does without it

    drawn = {} if audits is None else audits
    drawn_table = pa.table({"id": pa.array(drawn, pa.string()), "inclusion": pa.array(drawn.values(), pa.float64())})
    waiting = schema.table_of([])[0] if pending is None else _of_model(pending, span.model)
    inputs = {
        "labels": labels_of(tables, span.model),
        "log_rows": answers_of(tables, span.model),
        "span_rows": answers_of(tables, span.model, span),
        "waiting_rows": waiting,
        "audits": drawn_table,
    }
    with plain_errors("labels", "predictions"), database(inputs) as connection:
        for name in ("log", "waiting"):
            connection.execute(f"CREATE VIEW {name} AS {ANSWERS.format(table=f'{name}_rows')}")
        connection.execute(f"CREATE VIEW span AS {_within(span, ANSWERS.format(table='span_rows'))}")
        connection.execute(SAID, {"sources": list(sources)})
        connection.execute(SETTLED)
        connection.execute(f"CREATE VIEW judged AS {_within(span, 'SELECT * FROM settled')}")  # noqa: S608
        yield Join(connection, span)


def count_unknown(tables: DeltaTables, model: str, ids: Sequence[str], *, pending: pa.Table | None = None) -> int:
    """How many ids are those of no prediction of the model; some may come later, from the log of another replica."""
    import pyarrow as pa  # heavy: serving does without it

    waiting = schema.table_of([])[0] if pending is None else _of_model(pending, model)
    inputs = {
        "given": pa.table({"id": pa.array(ids, pa.string())}),
        "log": answers_of(tables, model),
        "waiting": waiting,
    }
    with plain_errors("labels", "predictions"), database(inputs) as connection:
        return int(connection.execute(UNKNOWN).fetchall()[0][0])


@contextmanager
def plain_errors(*tables: str) -> Iterator[None]:
    """Raise `Untrusted` where the database cannot read the tables, and `StorageFull` without room to sort them."""
    import duckdb  # heavy: serving does without it

    try:
        yield
    except duckdb.Error as error:
        if "reading the stream" in str(error):
            raise Untrusted(
                f"The table {' or '.join(map(repr, tables))} cannot be read: its files were changed.",
                help="Restore it from a backup.",
            ) from None
        if "No space left" in str(error):
            raise StorageFull("The temporary folder is full.", help="Free some space and try again.") from None
        raise


def micros(time: datetime) -> int:
    """Microseconds since 1970 of a time with a zone."""
    return round(time.timestamp() * MICROSECONDS)


def labels_of(tables: DeltaTables, model: str) -> Dataset | pa.Table:
    """The labels of a model's predictions, to be read in parts."""
    from pyarrow import dataset as ds  # heavy: serving does without it

    if tables.latest(LABEL_TABLE) is None:
        return table_of([])
    return tables.dataset(LABEL_TABLE).filter(ds.field("model") == model)


def answers_of(tables: DeltaTables, model: str, span: Span | None = None) -> Dataset | pa.Table:
    """The log of a model, to be read in parts; with a span only the days, and the version, that it is about."""
    from pyarrow import dataset as ds  # heavy: serving does without it

    if tables.latest(PREDICTION_TABLE) is None:
        return schema.table_of([])[0]
    wanted = ds.field("model") == model
    if span is not None:
        wanted &= (ds.field("date") >= span.since.date()) & (ds.field("date") <= span.until.date())
    return tables.dataset(PREDICTION_TABLE).filter(wanted)


def _within(span: Span, query: str) -> str:
    """Answers of the span. The numbers are ours; a version is a number, or nothing matches."""
    version = f" AND version = '{int(span.version)}'" if span.version else ""
    return f"SELECT * FROM ({query}) WHERE counts AND moment >= {span.start} AND moment < {span.end}{version}"  # noqa: S608


def _of_model(table: pa.Table, model: str) -> pa.Table:
    from pyarrow import compute  # heavy: serving does without it

    return table.filter(compute.equal(table["model"], model))


def _judged(model: str, row: tuple[Any, ...]) -> Judged:
    id, version, language, at, best, score, truth, source, labeler, delay, inclusion, contradicted = row
    return Judged(
        prediction_id=id,
        model=model,
        version=version,
        language=language,
        time=datetime.fromtimestamp(at / MICROSECONDS, UTC).isoformat(timespec="milliseconds"),
        label=best,
        score=score,
        truth=truth,
        source=source,
        labeler=labeler,
        delay=delay,
        is_audit=inclusion is not None,
        inclusion=inclusion or 0.0,
        contradicted=contradicted,
    )

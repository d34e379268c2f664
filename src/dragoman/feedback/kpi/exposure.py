"""Which version each subject met first, and what it did in the time after that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.data.sql import database
from dragoman.feedback.joining import Span, answers_of, micros, plain_errors
from dragoman.feedback.kpi.events import EVENT_TABLE, events_of
from dragoman.monitoring.prediction_log import schema
from dragoman.records import Release
from dragoman.spec import KpiSpec
from dragoman.store.tables import DeltaTables

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used
    from duckdb import DuckDBPyConnection

__all__ = ["Cohort", "Exposure", "Outcomes", "expose"]

SECONDS_PER_DAY = 86_400.0
MICROSECONDS = 1_000_000
# Pseudonyms are 64 bits in hexadecimal. A log from before `assigned` and `share` cannot say who was drawn.
ROWS = """
    SELECT TRY_CAST('0x' || subject AS UBIGINT) AS subject, epoch_us(time) AS moment, version,
        CASE WHEN coalesce(language, '') = '' THEN 'und' ELSE language END AS language,
        coalesce(release, '') AS release, {assigned} AS assigned, {share} AS share
    FROM {table}
    WHERE subject <> '' AND NOT coalesce(mirrored, FALSE) AND coalesce(error, '') = '' AND time IS NOT NULL
"""
KINDS = """
    CREATE TABLE kinds AS SELECT *, row_number() OVER (ORDER BY share, assigned, version, language, release) - 1 AS kind
    FROM (SELECT DISTINCT version, language, release, assigned, share FROM met)
"""
# The first answer is found as one number, of a time and a kind of answer: it stays small however many subjects come.
FIRST = """
    CREATE TABLE exposed AS
    WITH found AS (
        SELECT subject, min(moment::HUGEINT * 1048576 + kind) FILTER ({counts}) AS first,
            min(moment) FILTER (version = $champion) AS champion,
            min(moment) FILTER (version = $challenger) AS challenger
        FROM met JOIN kinds USING (version, language, release, assigned, share)
        WHERE subject IS NOT NULL GROUP BY subject
    ), placed AS (
        SELECT subject, (first // 1048576)::BIGINT AS moment, (first % 1048576)::BIGINT AS kind, champion, challenger
        FROM found WHERE first IS NOT NULL
    )
    SELECT subject, moment, {version} AS version, language, assigned = 'challenger' AS treated, share,
        CASE WHEN assigned = 'challenger' THEN champion ELSE challenger END AS crossed
    FROM placed JOIN kinds USING (kind)
"""
COHORTS = """
    CREATE TABLE cohorts AS SELECT *, row_number() OVER (ORDER BY version, language) - 1 AS cohort
    FROM (SELECT DISTINCT version, language FROM exposed)
"""
HAPPENED = """
    CREATE TABLE happened AS
    SELECT name, TRY_CAST('0x' || subject AS UBIGINT) AS subject, epoch_us(time) AS moment, value
    FROM (SELECT DISTINCT ON (id) * FROM told WHERE name IN (SELECT unnest($names)) ORDER BY id, received, time)
    WHERE epoch_us(time) >= $start
"""
NEWEST = "SELECT name, max(moment) FROM happened GROUP BY name"
DONE = """
    SELECT exposed.moment, treated::DOUBLE AS treated, share, cohort, coalesce(done.value, 0)::DOUBLE AS value,
        coalesce(crossed > exposed.moment AND crossed < exposed.moment + $window, FALSE) AS moved
    FROM exposed JOIN cohorts USING (version, language) LEFT JOIN (
        SELECT subject, {value} AS value FROM happened JOIN exposed USING (subject)
        WHERE name = $name AND happened.moment >= exposed.moment AND happened.moment < exposed.moment + $window
        GROUP BY subject
    ) AS done USING (subject)
    WHERE exposed.moment + $window <= $end ORDER BY exposed.moment, subject
"""
WAITING = """
    SELECT cohort, treated, count(*) FROM exposed JOIN cohorts USING (version, language)
    WHERE moment + $window > $end AND {compared} GROUP BY ALL
"""
COMPARED = "share > 0 AND share < 1"
VALUES = {"share": "1.0", "sum": "least(greatest(sum(happened.value), 0), $most) / $most"}


class Cohort(NamedTuple):
    """Subjects with the same first version and language."""

    version: str  # empty in a release: the arms tell
    language: str


class Outcomes(NamedTuple):
    """Subjects whose time is over, in the order of their first answers; arrays `[n]`."""

    treated: NDArray[np.float64]  # 1 where the challenger was drawn
    share: NDArray[np.float64]  # the probability of that
    values: NDArray[np.float64]  # in [0, 1]: of a sum, the part of `most`
    cohorts: NDArray[np.int64]  # places in `Exposure.cohorts`
    moved: NDArray[np.bool_]  # met the other version in their time


class Exposure:
    """Subjects and events, while the database behind them is open."""

    def __init__(self, connection: DuckDBPyConnection, *, is_release: bool, end: datetime) -> None:
        self.connection, self.is_release, self.end = connection, is_release, micros(end)
        self.cohorts = [Cohort(*row) for row in self._rows("SELECT version, language FROM cohorts ORDER BY cohort")]
        self._newest: Mapping[str, int] = dict(self._rows(NEWEST))

    def has_events(self, kpi: KpiSpec) -> bool:
        return kpi.name in self._newest

    def known_until(self, kpi: KpiSpec) -> int:
        """Microseconds since 1970: now, or the newest event of the name. What came later may not be told yet."""
        return min(self.end, self._newest.get(kpi.name, 0))

    def outcomes(self, kpi: KpiSpec) -> Outcomes:
        """What each subject whose time is over did."""
        asked = self._asked(kpi) | {"name": kpi.name} | ({"most": kpi.most} if kpi.kind == "sum" else {})
        found = self.connection.execute(DONE.format(value=VALUES[kpi.kind]), asked).fetchnumpy()
        return Outcomes(
            treated=np.asarray(found["treated"], np.float64),
            share=np.asarray(found["share"], np.float64),
            values=np.asarray(found["value"], np.float64),
            cohorts=np.asarray(found["cohort"], np.int64),
            moved=np.asarray(found["moved"], np.bool_),
        )

    def waiting(self, kpi: KpiSpec) -> dict[tuple[int, bool], int]:
        """Subjects whose time is not over, by the place of their cohort and by whether the challenger was drawn."""
        query = WAITING.format(compared=COMPARED if self.is_release else "TRUE")
        return {(cohort, treated): count for cohort, treated, count in self._rows(query, **self._asked(kpi))}

    def drawn(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Of every subject of a release that was given one of two arms: which one, and the challenger's share."""
        query = f"SELECT treated::DOUBLE AS treated, share FROM exposed WHERE {COMPARED} ORDER BY moment, subject"  # noqa: S608
        found = self.connection.execute(query).fetchnumpy()
        return np.asarray(found["treated"], np.float64), np.asarray(found["share"], np.float64)

    def uncompared(self) -> int:
        """Subjects of a release that came when there was nothing to draw."""
        return int(self._rows(f"SELECT count(*) FROM exposed WHERE NOT ({COMPARED})")[0][0])  # noqa: S608

    def _asked(self, kpi: KpiSpec) -> dict[str, Any]:
        window = round(kpi.window_days * SECONDS_PER_DAY * MICROSECONDS)
        return {"window": window, "end": self.known_until(kpi)}

    def _rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, values or None).fetchall()


@contextmanager
def expose(
    tables: DeltaTables,
    span: Span,
    *,
    names: list[str],
    release: Release | None = None,
    pending: pa.Table | None = None,
) -> Iterator[Exposure]:
    """Find the first answer of each subject in the span, or in a release, and the events of these names.

    Copies for the other arm expose nobody. In a release a subject counts with the arm that it was given first while
    users met the challenger. `pending` are rows of the prediction log that are not in the table yet. Memory is
    bounded: what does not fit goes to a temporary folder. Raises `Untrusted` for changed files.
    """
    inputs = {
        "log_rows": answers_of(tables, span.model, span),
        "waiting_rows": schema.table_of([])[0] if pending is None else _of_model(pending, span.model),
        "told": events_of(tables, span.model),
    }
    with plain_errors("predictions", EVENT_TABLE), database(inputs) as connection:
        both = " UNION ALL ".join(
            ROWS.format(table=name, **_columns(inputs[name].schema.names)) for name in ("log_rows", "waiting_rows")
        )
        within = f"moment >= {span.start} AND moment < {span.end}"
        connection.execute(f"CREATE VIEW met AS SELECT * FROM ({both}) WHERE {within}")  # noqa: S608
        connection.execute(KINDS)
        _find_first(connection, release)
        connection.execute(COHORTS)
        connection.execute(HAPPENED, {"names": names, "start": span.start})
        yield Exposure(connection, is_release=release is not None, end=span.until)


def _find_first(connection: DuckDBPyConnection, release: Release | None) -> None:
    arms = {"champion": "", "challenger": ""} if release is None else _arms(release)
    counts = "TRUE" if release is None else "release = $release AND share > 0"
    query = FIRST.format(counts=counts, version="version" if release is None else "''")
    connection.execute(query, arms if release is None else arms | {"release": release.id})


def _arms(release: Release) -> dict[str, str]:
    return {"champion": str(release.champion), "challenger": str(release.challenger)}


def _columns(names: list[str]) -> dict[str, str]:
    return {
        "assigned": "coalesce(assigned, '')" if "assigned" in names else "''",
        "share": "coalesce(share, 0.0)" if "share" in names else "0.0",
    }


def _of_model(table: pa.Table, model: str) -> pa.Table:
    from pyarrow import compute  # heavy: serving does without it

    return table.filter(compute.equal(table["model"], model))

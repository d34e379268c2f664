"""The labels that a model may learn from, beside what they are about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from dragoman.feedback.joining import Join
from dragoman.feedback.learning.collected import Echo
from dragoman.feedback.learning.echo import Agreements, echo_of

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["BLIND", "Heard", "Said", "heard_labels"]

ROWS_AT_ONCE = 65_536
BLIND = "audit"  # whoever answers these does not see what the model said
# What each source says last of each prediction, of those that may be learned from.
SPOKEN = """
    CREATE TABLE spoken AS
    SELECT said.id, said.source, judged.version, judged.language, judged.best, judged.moment,
        judged.inclusion IS NOT NULL AS is_drawn,
        min({'a': rank, 'b': -told, 'c': -received, 'source': said.source, 'labeler': said.labeler, 'label': label})
            AS last
    FROM said JOIN judged ON said.id = judged.id WHERE list_contains($sources, said.source)
    GROUP BY said.id, said.source, judged.version, judged.language, judged.best, judged.moment, judged.inclusion
"""
ANSWERED = """
    CREATE TABLE answered AS
    SELECT id, any_value(coalesce(text, '')) AS text, any_value(coalesce(features, '')) AS features
    FROM (SELECT id, text, features FROM log_rows UNION ALL SELECT id, text, features FROM waiting_rows)
    SEMI JOIN spoken USING (id) GROUP BY id
"""
# Whoever labels one text again and again has said only once whether it agrees with a version.
AGREEMENTS = """
    WITH once AS (
        SELECT source, version, language, text, features, arg_min(last.label = best, {'a': moment, 'b': id}) AS agrees
        FROM spoken JOIN answered USING (id) WHERE source <> $blind OR is_drawn
        GROUP BY source, version, language, text, features
    )
    SELECT source, version, language, count(*) FILTER (agrees), count(*) FROM once GROUP BY source, version, language
"""
ECHOED = (
    "SELECT source, count(*) FROM spoken WHERE list_contains($echoes, source) AND last.label = best GROUP BY source"
)
HEARD = """
    WITH mine AS (
        SELECT id, min(last) AS last FROM spoken
        WHERE NOT (list_contains($echoes, source) AND last.label = best) GROUP BY id
    )
    SELECT id, moment, language, mine.last.label AS label, text, features,
        mine.last.label <> truth AND NOT list_contains($sources, judged.source) AS is_overruled
    FROM mine JOIN judged USING (id) JOIN answered USING (id) ORDER BY moment, id
"""
OTHERS = "SELECT count(*) FROM judged ANTI JOIN spoken USING (id)"
UNLOGGED = """
    SELECT count(DISTINCT said.id) FROM said JOIN settled ON said.id = settled.id
    WHERE NOT is_known AND list_contains($sources, said.source)
"""
LOGGED_STILL = """
    SELECT given.id FROM given
    SEMI JOIN (SELECT id FROM log_rows UNION ALL SELECT id FROM waiting_rows) AS logged USING (id)
"""
TAKEN_BACK = """
    SELECT given.id FROM given SEMI JOIN labels ON given.id = labels.prediction_id ANTI JOIN said ON given.id = said.id
"""


class Said(NamedTuple):
    """What is said of one prediction."""

    id: str
    moment: int  # of the prediction, in microseconds since 1970
    language: str
    label: str
    text: str
    features: str  # as JSON
    is_overruled: bool


class Heard(NamedTuple):
    """Labels of the sources that a model may learn from, one for each prediction, the oldest prediction first."""

    table: pa.Table  # columns as the fields of `Said`
    others: int  # predictions of which only other sources have told
    unlogged: int  # those that are not in the log
    echoes: list[Echo]
    gone: frozenset[str]  # of the predictions asked about: no longer in the log, and no label was taken back

    def rows(self) -> Iterator[Said]:
        for batch in self.table.to_batches(max_chunksize=ROWS_AT_ONCE):
            yield from map(Said._make, zip(*(column.to_pylist() for column in batch.columns), strict=True))


def heard_labels(join: Join, *, sources: Sequence[str], learned: Sequence[str] = ()) -> Heard:
    """What a join of all predictions of a model gives to learn from: what people in `sources` say.

    Where they contradict each other about one prediction the most trusted source counts, as in live quality.
    `is_overruled` says that a still more trusted one, which is not to be learned from, says otherwise. Labels by which
    an echo agrees are left out. `learned` are predictions that were learned from before.
    """
    import pyarrow as pa  # heavy: serving does without it

    connection = join.connection
    connection.execute(SPOKEN, {"sources": list(sources)})
    connection.execute(ANSWERED)
    connection.register("given", pa.table({"id": pa.array(learned, pa.string())}))
    echoes = _echoes(join)
    names = [one.source for one in echoes]
    table = connection.sql(HEARD, params={"echoes": names, "sources": list(sources)}).to_arrow_table()
    back = {id for query in (LOGGED_STILL, TAKEN_BACK) for (id,) in join.rows(query)}
    return Heard(
        table,
        others=join.rows(OTHERS)[0][0],
        unlogged=join.rows(UNLOGGED, sources=list(sources))[0][0],
        echoes=echoes,
        gone=frozenset(learned) - back,
    )


def _echoes(join: Join) -> list[Echo]:
    """The sources that echo the model, by name, with the number of labels by which they agree."""
    agreements: dict[str, dict[tuple[str, str], tuple[int, int]]] = {}
    for source, version, language, agreeing, labels in join.rows(AGREEMENTS, blind=BLIND):
        agreements.setdefault(source, {})[version, language] = (agreeing, labels)
    audits = Agreements(agreements.pop(BLIND, {}))
    tested = (echo_of(source, Agreements(own), audits) for source, own in sorted(agreements.items()))
    found = [one for one in tested if one]
    held = dict(join.rows(ECHOED, echoes=[one.source for one in found])) if found else {}
    return [msgspec.structs.replace(one, held=held.get(one.source, 0)) for one in found]

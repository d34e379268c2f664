"""What a model was asked lately, for two versions to answer again before one of them is released."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING

import msgspec

from dragoman import clock
from dragoman.app.collecting import dataset_of
from dragoman.app.labelled import labelled_of
from dragoman.app.monitor import LOG_FOLDER
from dragoman.app.workspace import Workspace
from dragoman.monitoring.prediction_log.query import read_pending
from dragoman.monitoring.prediction_log.schema import rows_of
from dragoman.monitoring.prediction_log.sink import TABLE
from dragoman.records import PredictionRow, RowInput, TextInput
from dragoman.release.outcome import UNKNOWN
from dragoman.spec import ModelSpec

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

    from dragoman.release.cases import Case

__all__ = ["has_learned_labels", "recent_cases"]

MOST_INPUTS = 300  # of a language
MOST_ROWS = 200_000  # of the log that are looked at
SLICE = 10_000  # rows that become records at once


def has_learned_labels(workspace: Workspace, model: str, version: int) -> bool:
    """Whether labels of the prediction log are among the rows that a version was trained on."""
    dataset = dataset_of(workspace, model, version)
    return dataset is not None and bool(labelled_of(workspace, workspace.spec(model)).learned(dataset))


def recent_cases(workspace: Workspace, spec: ModelSpec) -> list[Case]:
    """The newest inputs of each language in the window of live quality, each once; copies and failures are left out.

    Texts are as the log keeps them, with personal data replaced; none where it keeps no texts. The truth of these cases
    is not known. Raises `Untrusted` for a log whose files were changed.
    """
    from dragoman.release.cases import Case  # heavy: the profiles

    counts = Counter[str]()
    found: dict[str, Case] = {}
    for row in _newest(workspace, spec):
        language = row.language or UNKNOWN if spec.languages else UNKNOWN
        given = _input_of(row, spec)
        key = given and msgspec.json.encode(given, order="sorted").decode()
        if given and key not in found and counts[language] < MOST_INPUTS:
            found[str(key)] = Case(language, given, truth="")
            counts[language] += 1
        if all(counts[name] >= MOST_INPUTS for name in spec.counted_languages):
            break
    return list(found.values())


def _newest(workspace: Workspace, spec: ModelSpec) -> Iterator[PredictionRow]:
    """Answers of the window, about the newest first: what is not in the table yet, then day by day."""
    since = clock.utc() - timedelta(days=spec.feedback.window_days)
    text = since.isoformat(timespec="milliseconds")
    for part in _parts(workspace, spec.name, since):
        rows = sorted(rows_of(part), key=attrgetter("time"), reverse=True)
        yield from (row for row in rows if row.model == spec.name and row.time >= text and _counts(row))


def _parts(workspace: Workspace, model: str, since: datetime) -> Iterator[pa.Table]:
    """At most `MOST_ROWS` of the table, the newest of a day first."""
    from pyarrow import dataset as ds  # heavy: serving does without it

    yield read_pending(workspace.state / LOG_FOLDER)
    read = 0
    wanted = (ds.field("model") == model) & (ds.field("time") >= since) & (ds.field("date") >= since.date())
    for day in workspace.tables.read_parts(TABLE, by="date", wanted=wanted):
        ordered = day.sort_by([("time", "descending")])
        for start in range(0, len(ordered), SLICE):
            yield ordered.slice(start, SLICE)
            read += SLICE
            if read >= MOST_ROWS:
                return


def _counts(row: PredictionRow) -> bool:
    return not row.mirrored and not row.error


def _input_of(row: PredictionRow, spec: ModelSpec) -> TextInput | RowInput | None:
    """What was asked; None where the log has not kept it."""
    language = row.language if row.language in spec.languages else None
    if not spec.reads_text:
        return RowInput(features=row.features, language=language) if row.features else None
    if not row.text:
        return None
    return TextInput(text=row.text, language=language, features=row.features or None)

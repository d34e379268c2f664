"""A candidate beside its champion: what it forgot of the old rows, and what it learned of the new ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from dragoman.app.candidate import test_cases
from dragoman.app.collecting import dataset_of
from dragoman.app.learning import Rows, Texts
from dragoman.app.workspace import Workspace
from dragoman.data.served_rows import LABEL_PREFIX
from dragoman.errors import NotFound
from dragoman.records import DatasetVersion, Example, GateResult
from dragoman.spec import ModelSpec, RetrainingSpec

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

    from dragoman.release.cases import Case
    from dragoman.release.language_comparison import LanguageComparison

__all__ = ["Remembered", "remember"]

Splits = Mapping[str, str]  # id of a row → split


class Remembered(NamedTuple):
    """What both versions made of the test split. Counts are by language; "*" is all."""

    old: dict[str, dict[str, Any]]  # rows that the champion was evaluated on, or could have been
    learned: dict[str, dict[str, Any]]  # rows of labels that it has not learned from
    gates: list[GateResult]  # of forgetting

    @property
    def forgot(self) -> list[str]:
        """The languages in which the candidate is worse than the spec allows; "*" without languages."""
        return sorted(gate.language or "*" for gate in self.gates if gate.verdict == "fail")


def remember(
    workspace: Workspace, spec: ModelSpec, dataset: DatasetVersion, *, champion: int, candidate: int
) -> Remembered:
    """Let both versions answer the test split of the candidate's data. Raises what loading a version raises."""
    from dragoman.release.before import check_forgetting
    from dragoman.release.comparison import compare_answers  # heavy: the serving parts

    old, new = _cases(workspace, spec, dataset, champion)
    uris = [f"models:/{spec.name}/{number}" for number in (champion, candidate)]
    with workspace.load(uris[0]) as one, workspace.load(uris[1]) as other:
        before = compare_answers(one, other, old) if old else None
        learned = compare_answers(one, other, new) if new else None
    margin = (spec.retraining or RetrainingSpec()).forgetting
    by_language = before[1] if before and spec.languages else []
    gates = check_forgetting(before[0], by_language, margin=margin) if before else []
    return Remembered(_counts(before), _counts(learned), gates)


def _counts(found: tuple[LanguageComparison, list[LanguageComparison]] | None) -> dict[str, dict[str, Any]]:
    if found is None:
        return {}
    total, languages = found
    rows = [total, *sorted(languages, key=lambda row: row.language)]
    return {
        row.language: {
            "n": row.n,
            "champion": round(row.champion.value, 4),
            "candidate": round(row.challenger.value, 4),
            "lost": row.lost,
            "gained": row.gained,
        }
        for row in rows
    }


# Rows ---------------------------------------------------------------------------------------------------------------


def _cases(
    workspace: Workspace, spec: ModelSpec, dataset: DatasetVersion, champion: int
) -> tuple[list[Case], list[Case]]:
    """Old ones and new ones. A row that the champion was trained with measures nothing, and is none of both."""
    if not spec.has_labels:
        return test_cases(workspace, spec), []
    before = _splits_of(workspace, dataset_of(workspace, spec.name, champion))
    cases = _text_cases if spec.reads_text else _row_cases
    return cases(workspace, spec, dataset, before)


def _text_cases(
    workspace: Workspace, spec: ModelSpec, dataset: DatasetVersion, before: Splits
) -> tuple[list[Case], list[Case]]:
    from dragoman.release.cases import cases_of  # heavy: the serving parts

    learning = Texts(workspace, spec)
    test = [row for row in learning.read(dataset) if row.split == "test"]
    rows = learning.with_views(test, workspace.join(spec))
    old: list[Example] = [row for row in rows if _is_old(row.id, before)]
    return cases_of(old), cases_of(row for row in rows if _is_new(row.id, before))


def _row_cases(
    workspace: Workspace, spec: ModelSpec, dataset: DatasetVersion, before: Splits
) -> tuple[list[Case], list[Case]]:
    from dragoman.app.candidate import cases_of_table
    from dragoman.data.table_examples import table_examples  # heavy: pyarrow

    learning = Rows(workspace, spec)
    table = table_examples(learning.read(dataset), spec).of("test").table
    joined = learning.joined(table, workspace.join(spec))
    ids: Sequence[str | None] = _ids(joined)
    old = [place for place, id in enumerate(ids) if _is_old(id or "", before)]
    new = [place for place, id in enumerate(ids) if _is_new(id or "", before)]
    return cases_of_table(spec, joined.take(old)), cases_of_table(spec, joined.take(new))


def _ids(table: pa.Table) -> list[str | None]:
    if "id" not in table.column_names:
        return [None] * len(table)
    found: list[str | None] = table["id"].cast("string").to_pylist()
    return found


def _is_new(id: str, before: Splits) -> bool:
    return id.startswith(LABEL_PREFIX) and id not in before


def _is_old(id: str, before: Splits) -> bool:
    return not _is_new(id, before) and before.get(id, "test") == "test"


def _splits_of(workspace: Workspace, version: DatasetVersion | None) -> Splits:
    """The splits of the rows that a version knows by an id; of a dataset that is gone, or has no ids, nothing."""
    if version is None:
        return {}
    try:
        table = workspace.tables.read(version.name, version=version.number)
    except NotFound:
        return {}
    if not {"id", "split"} <= set(table.column_names):
        return {}
    pairs = zip(_ids(table), table["split"].to_pylist(), strict=True)
    return {id: split for id, split in pairs if id is not None}

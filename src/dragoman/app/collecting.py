"""What a model of a workspace would learn from its labels now."""

from __future__ import annotations

from datetime import UTC, datetime

from dragoman.app.labelled import Labelled, labelled_of
from dragoman.app.quality import Quality
from dragoman.app.review import Review
from dragoman.app.workspace import Workspace
from dragoman.data.served_rows import LABEL_PREFIX
from dragoman.errors import NotFound
from dragoman.feedback.joining import Span
from dragoman.feedback.learning import Collected, Columns, Heard, Terms, collected_of, heard_labels
from dragoman.records import DatasetVersion, Example
from dragoman.registry.uri import CHAMPION
from dragoman.spec import ModelSpec, RetrainingSpec

__all__ = ["champion_of", "collect", "dataset_of"]

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


def collect(workspace: Workspace, model: str) -> Collected:
    """The labelled rows that a training of a model now would learn from, and which of them are new to its champion.

    Without `[retraining]` in the spec, that of its defaults. Empty for a model of numbers: a number that is told is no
    row of the data. Raises `NotFound` for an unknown model and for one without a champion.
    """
    spec = workspace.spec(model)
    champion = champion_of(workspace, model)
    if not spec.has_labels:
        return Collected(model=model, champion=champion)
    data, terms = labelled_of(workspace, spec), _terms(spec, champion)
    learned = _learned(workspace, data, dataset_of(workspace, model, champion))
    return collected_of(_heard(workspace, spec, learned), data.known(), learned, terms)


def champion_of(workspace: Workspace, model: str) -> int:
    """Raises `NotFound`."""
    number = workspace.catalog.alias(model, CHAMPION)
    if number is None:
        raise NotFound(f"'{model}' has no champion.", help="`dragoman train` makes its first version.")
    return number


def dataset_of(workspace: Workspace, model: str, number: int) -> DatasetVersion | None:
    """The rows that a version has learned from; None where nobody knows any more."""
    catalog = workspace.catalog
    try:
        run = catalog.run(catalog.version(model, number).run)
        return catalog.dataset_version(run.dataset, run.dataset_number)
    except NotFound:
        return None


def _terms(spec: ModelSpec, champion: int) -> Terms:
    return Terms(
        model=spec.name,
        champion=champion,
        labels=frozenset(spec.data.labels),
        languages=frozenset(spec.languages),
        columns=Columns.of(spec),
        reads_text=spec.reads_text,
        replay=(spec.retraining or RetrainingSpec()).replay,
    )


def _learned(workspace: Workspace, data: Labelled, version: DatasetVersion | None) -> list[Example]:
    return data.learned(version) if version else []


def _heard(workspace: Workspace, spec: ModelSpec, learned: list[Example]) -> Heard:
    quality = Quality(workspace, audits=Review(workspace).audits)
    with quality.join(Span(spec.name, "", *ALWAYS)) as join:
        return heard_labels(
            join,
            sources=(spec.retraining or RetrainingSpec()).sources,
            learned=[one.id.removeprefix(LABEL_PREFIX) for one in learned],
        )

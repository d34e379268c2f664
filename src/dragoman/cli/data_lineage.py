"""`dragoman data lineage`."""

from __future__ import annotations

from collections.abc import Iterator

import click

from dragoman.app import Workspace, open_workspace
from dragoman.app.lineage import Trail
from dragoman.cli.data_words import short
from dragoman.cli.options import as_json, print_json, workspace
from dragoman.data.lineage import Trained
from dragoman.records import DatasetVersion, Version

__all__ = ["lineage"]


@click.command("lineage")
@click.argument("subject")
@as_json
@workspace
def lineage(subject: str, *, as_json: bool, path: str) -> None:
    """Follow a dataset version, a model version or a prediction back to its sources, and on to what came of it.

    SUBJECT is NAME/3 (a dataset version; NAME is the newest), models:/NAME/7 or models:/NAME@champion, or the id of a
    prediction. With --json it is a list of OpenLineage run events in the order of time.
    """
    place = open_workspace(path)
    trail = place.lineage.trail(subject)
    if as_json:
        print_json(place.lineage.events_of(trail))
        return
    for depth, line in _lines(place, trail):
        click.echo(f"{'  ' * depth}{line}")


def _lines(place: Workspace, trail: Trail) -> Iterator[tuple[int, str]]:
    """Depth and words of each line: sources first, then what came of them."""
    if not trail.datasets:
        yield 0, "the record of the dataset version is gone"
    for number, version in enumerate(reversed(trail.datasets)):
        before = trail.datasets[len(trail.datasets) - number].sources if number else {}
        yield from _dataset_lines(version, known=before)
    for one in trail.trained:
        yield from _trained_lines(place, one)
    if trail.prediction is not None and trail.version is not None:
        asked = trail.prediction
        yield 3, f"prediction {asked.id}, {asked.time}, language {asked.language}"


def _dataset_lines(version: DatasetVersion, *, known: dict[str, str]) -> Iterator[tuple[int, str]]:
    for name, digest in version.sources.items():
        if known.get(name) != digest:
            yield 0, f"source {name}, sha256 {short(digest)}"
    contract = f", contract {short(version.contract)}" if version.contract else ""
    added = "" if version.parent is None else f", added to {version.name}/{version.parent}"
    told = f"dataset {version.name}/{version.number}, {version.created}, {version.rows:,} rows{added}"
    yield 0, f"└ {told}, digest {short(version.digest)}{contract}"


def _trained_lines(place: Workspace, trained: Trained) -> Iterator[tuple[int, str]]:
    run = trained.run
    code = f"dragoman {run.code['dragoman']}" if "dragoman" in run.code else "unknown code"
    yield 1, f"└ run {run.id} of '{run.model}', {run.status}, {run.started}, seed {run.seed}, {code}"
    for version in trained.versions:
        yield 2, f"└ {_model_words(version)}, {place.lineage.predictions_of(version):,} predictions in the log"


def _model_words(version: Version) -> str:
    aliases = f", {', '.join(version.aliases)}" if version.aliases else ""
    return f"{version.uri}, bundle {short(version.bundle)}{aliases}"

"""`dragoman models diff`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click
import msgspec

from dragoman.app import Workspace, open_workspace
from dragoman.cli.options import as_json, print_json, print_table, workspace
from dragoman.records import Interval

if TYPE_CHECKING:
    from dragoman.registry.diff import Change, Score, Side, VersionDiff

__all__ = ["diff"]

SECTIONS = {
    "spec": "Spec",
    "data": "Data",
    "environment": "Packages",
    "code": "Code",
    "form": "Form",
    "tokenizer": "Tokenizer",
    "files": "Files, bytes",
}
DIGEST_LENGTH, DIGEST_SHOWN = 64, 12
UNPAIRED = {
    True: "Each interval is of one version alone. Both answered the same texts: a paired comparison sees smaller "
    "differences, and the gates of a release make one.",
    False: "Each interval is of one version alone, and the two were evaluated on different data.",
}


@click.command("diff")
@click.argument("a")
@click.argument("b")
@as_json
@workspace
def diff(a: str, b: str, *, as_json: bool, path: str) -> None:
    """Compare two versions: spec, data, results per language, packages, code, form, tokenizer, files.

    A and B are each a name (its champion), NAME@ALIAS, or NAME/NUMBER. Only what differs is shown.
    """
    from dragoman.registry.diff import diff_versions  # heavy: the ONNX library

    place = open_workspace(path)
    found = diff_versions(_side(place, a), _side(place, b))
    if as_json:
        print_json(found)
    else:
        _show(found)


def _side(place: Workspace, uri: str) -> Side:
    from dragoman.registry.diff import Side  # heavy: the ONNX library

    version = place.registry.resolve(uri, retired=True)
    run = place.catalog.run(version.run)
    datasets = place.catalog.dataset_versions(run.dataset)
    dataset = next((one for one in datasets if one.number == run.dataset_number), None)
    return Side(version, run, dataset, place.registry.look(version))


def _show(found: VersionDiff) -> None:
    click.echo(f"a: {found.a}\nb: {found.b}")
    if found.scores:
        _title("Results")
        columns = ("of", "language", "a", "b", "b - a", "intervals")
        print_table(columns, [_score_row(score) for score in found.scores])
        click.echo(UNPAIRED[found.same_texts])
    for field, title in SECTIONS.items():
        if changes := getattr(found, field):
            _title(title)
            print_table(("", "a", "b"), [_row(change, found) for change in changes])
    if same := ", ".join(_same(found)):
        click.echo(f"\nThe same: {same}.")


def _title(text: str) -> None:
    click.echo(f"\n{text}\n")


def _same(found: VersionDiff) -> Iterator[str]:
    sections = {"scores": "Results", **SECTIONS}
    return (title.partition(",")[0].lower() for field, title in sections.items() if not getattr(found, field))


def _score_row(score: Score) -> tuple[str, ...]:
    difference = "" if score.difference is None else f"{score.difference:+.3f}"
    overlap = {None: "", True: "overlap", False: "apart"}[score.overlap]
    mine, other = _number(score.a, score.a_interval), _number(score.b, score.b_interval)
    return score.name.replace("_", " "), score.language or "all", mine, other, difference, overlap


def _number(value: float | None, interval: Interval | None) -> str:
    if value is None:
        return "no texts"
    return f"{value:.3f}" + (f" ({interval.low:.3f} to {interval.high:.3f})" if interval else "")


def _row(change: Change, found: VersionDiff) -> tuple[str, ...]:
    is_same_size = change in found.files and change.a == change.b
    return change.name, _text(change.a), "other content" if is_same_size else _text(change.b)


def _text(value: Any) -> str:
    """As in JSON, without quotes; a digest by its first digits."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value[:DIGEST_SHOWN] if len(value) == DIGEST_LENGTH else value
    if isinstance(value, Sequence):
        return ", ".join(map(_text, value)) or "-"
    return msgspec.json.encode(value).decode()

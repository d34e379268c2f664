"""`dragoman data`."""

from __future__ import annotations

import click

from dragoman.app import open_workspace
from dragoman.cli.data_compare import diff, report
from dragoman.cli.data_ingest import check, ingest, watch
from dragoman.cli.data_lineage import lineage
from dragoman.cli.data_words import short
from dragoman.cli.options import as_json, print_json, print_table, workspace
from dragoman.records import DatasetVersion

__all__ = ["command"]

QUARANTINE_COLUMNS = ("time", "place", "rule", "reason", "row")
SHOWN_CHARACTERS = 60


@click.group("data")
def command() -> None:
    """Check, ingest, compare and trace datasets under contract."""


for one in (check, ingest, watch, diff, report, lineage):
    command.add_command(one)


@command.command("log")
@click.argument("name")
@as_json
@workspace
def log(name: str, *, as_json: bool, path: str) -> None:
    """List the versions of a dataset."""
    versions = open_workspace(path).datasets.versions(name)
    if as_json:
        print_json(versions)
        return
    columns = ("version", "created", "rows", "added to", "sources", "languages", "labels", "bad", "contract", "digest")
    print_table(columns, [_row(one) for one in versions])


@command.command("quarantine")
@click.argument("name")
@click.option("--last", default=50, show_default=True, type=click.IntRange(min=1), help="How many rows, the newest.")
@as_json
@workspace
def quarantine(name: str, *, last: int, as_json: bool, path: str) -> None:
    """List the bad rows of a dataset that were filed instead of ingested."""
    rows = open_workspace(path).datasets.filed(name, last=last)
    if as_json:
        print_json(rows)
        return
    cells = [(f"{one['time']:%F %T}", f"{one['source']}:{one['line']}", one["rule"], one["reason"]) for one in rows]
    texts = [ascii(one["row"])[1:-1] if not one["row"].isprintable() else one["row"] for one in rows]
    print_table(QUARANTINE_COLUMNS, [(*row, text[:SHOWN_CHARACTERS]) for row, text in zip(cells, texts, strict=True)])


@command.command("verify")
@click.argument("version")
@workspace
def verify(version: str, *, path: str) -> None:
    """Compare the rows of a version with its digest. VERSION is NAME/3, or NAME for the newest.

    The exit code is 1 if they are not those that were ingested.
    """
    place = open_workspace(path)
    found = place.datasets.version(version)
    place.datasets.verify(found)
    click.echo(f"{found.name}/{found.number}: {found.rows:,} rows, digest {found.digest}")


def _row(version: DatasetVersion) -> tuple[str, ...]:
    parent = "" if version.parent is None else f"{version.name}/{version.parent}"
    counts = (version.languages, version.labels)
    return (
        f"{version.name}/{version.number}",
        version.created,
        f"{version.rows:,}",
        parent,
        str(len(version.sources)),
        *(str(len(one) or "") for one in counts),
        f"{version.quarantined:,}" if version.quarantined else "",
        short(version.contract),
        short(version.digest),
    )

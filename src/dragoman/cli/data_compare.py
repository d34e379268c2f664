"""`dragoman data diff` and `dragoman data report`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from dragoman.app import open_workspace
from dragoman.cli.options import as_json, print_json, workspace
from dragoman.store.files import write_atomically

__all__ = ["diff", "report"]

text_option = click.option(
    "--text", default="text", show_default=True, metavar="COLUMN", help="The column of the texts."
)


@click.command("diff")
@click.argument("name")
@click.argument("before", type=click.IntRange(min=0))
@click.argument("after", type=click.IntRange(min=0))
@click.option("--key", multiple=True, metavar="COLUMN", help="What makes two rows the same one. Default: id.")
@text_option
@as_json
@workspace
def diff(name: str, before: int, after: int, *, key: Sequence[str], text: str, as_json: bool, path: str) -> None:
    """Show what changed between two versions of a dataset: rows, languages, labels, distributions.

    BEFORE and AFTER are numbers of versions.
    """
    from dragoman.data.diff import diff_text, diff_versions  # heavy: DuckDB

    datasets = open_workspace(path).datasets
    versions = [datasets.version(f"{name}/{number}") for number in (before, after)]
    found = diff_versions(
        *(datasets.rows(one) for one in versions),
        names=(f"{name}/{before}", f"{name}/{after}"),
        key=list(key) or None,
        categories=list(datasets.roles(name).values()),
        texts=[text],
    )
    print_json(found) if as_json else click.echo(diff_text(found))


@click.command("report")
@click.argument("version")
@text_option
@click.option(
    "--html", type=click.Path(path_type=Path), metavar="FILE", help="Write one HTML page that needs nothing else."
)
@as_json
@workspace
def report(version: str, *, text: str, html: Path | None, as_json: bool, path: str) -> None:
    """Show what is in a version of a dataset, per language. VERSION is NAME/3, or NAME for the newest."""
    from dragoman.data.report import report_of, report_page, report_text  # heavy: the parts that find duplicates

    datasets = open_workspace(path).datasets
    found = datasets.version(version)
    roles = datasets.roles(found.name)
    made = report_of(
        datasets.rows(found),
        name=f"{found.name}/{found.number}",
        text=text,
        language=roles["language"],
        label=roles["label"],
        split=roles["split"],
    )
    if html is not None:
        write_atomically(html, report_page(made).encode())
        click.echo(f"The report is in {html}.", err=as_json)
    if as_json:
        print_json(made)
    elif html is None:
        click.echo(report_text(made))

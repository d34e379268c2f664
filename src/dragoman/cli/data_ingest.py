"""`dragoman data check`, `ingest` and `watch`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dragoman.app import open_workspace
from dragoman.cli.data_source import Given, csv_options, source_options
from dragoman.cli.data_words import version_words
from dragoman.cli.options import as_json, by_user, print_json, reason, workspace
from dragoman.cli.progress import rows_progress
from dragoman.records import CheckReport

if TYPE_CHECKING:
    from dragoman.app.ingesting import Took
    from dragoman.data.ingesting import Ingested

__all__ = ["check", "ingest", "watch"]

quarantine_option = click.option(
    "--quarantine", is_flag=True, help="Good rows become the version; bad rows are filed with their reasons."
)


@click.command("check")
@click.argument("name")
@click.argument("files", nargs=-1)
@source_options
@as_json
@workspace
@click.pass_context
def check(
    context: click.Context, /, name: str, files: Sequence[str], *, as_json: bool, path: str, **given: Any
) -> None:
    """Hold rows against the contract of a dataset; nothing is written.

    NAME is the dataset; FILES are JSONL, CSV or Parquet files, patterns of them, or folders of Delta tables. The exit
    code is 1 if the contract is broken.
    """
    place = open_workspace(path)
    with rows_progress(name) as show:
        report = place.datasets.check(name, Given(files, **given).origin(), report=show)
    print_json(report) if as_json else _print_report(report)
    if not report.passed:
        context.exit(1)


@click.command("ingest")
@click.argument("name")
@click.argument("files", nargs=-1)
@click.option("--append", is_flag=True, help="Add the rows to those of the newest version instead of replacing them.")
@quarantine_option
@source_options
@reason
@as_json
@workspace
@click.pass_context
def ingest(
    context: click.Context,
    /,
    name: str,
    files: Sequence[str],
    *,
    append: bool,
    quarantine: bool,
    reason: str,
    as_json: bool,
    path: str,
    **given: Any,
) -> None:
    """Make rows a version of a dataset: all of them, or none if they break its contract.

    NAME is the dataset; FILES are JSONL, CSV or Parquet files, patterns of them, or folders of Delta tables. Rows that
    a version has already are that version. The exit code is 1 if the contract is broken.

    \b
    dragoman data ingest support 'data/*.jsonl'
    dragoman data ingest support new.csv --append --quarantine
    dragoman data ingest support --sql sqlite:///shop.db --query "SELECT id, text FROM messages"
    dragoman data ingest support --kafka localhost:9092 --topic chat
    """  # noqa: D301 (the mark is click's: lines that are not joined)
    from dragoman.app.ingesting import Way  # heavy: the parts that ingest
    from dragoman.app.ingesting import ingest as ingest_rows

    place, origin = open_workspace(path), Given(files, **given).origin()
    with rows_progress(name) as show:
        done = ingest_rows(place, name, origin, Way(append, quarantine, by_user(reason)), report=show)
    print_json(done._asdict()) if as_json else _print_done(done)
    if done.version is None:
        context.exit(1)


@click.command("watch")
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--pattern", default="*", show_default=True, help="Which files; `**/*` looks into folders.")
@click.option(
    "--every",
    default=5.0,
    show_default=True,
    type=click.FloatRange(min=0.1),
    metavar="SECONDS",
    help="How often to look.",
)
@click.option("--once", is_flag=True, help="Take what is there, and stop. The exit code is 1 if a file was refused.")
@quarantine_option
@csv_options
@reason
@workspace
@click.pass_context
def watch(
    context: click.Context,
    /,
    name: str,
    folder: Path,
    *,
    pattern: str,
    every: float,
    once: bool,
    quarantine: bool,
    reason: str,
    path: str,
    **given: Any,
) -> None:
    """Append files to a dataset as they appear in a folder: each once, when it is whole.

    A file is whole when its size and time have not changed between two looks. Names that begin with a dot or `_`, or
    end with .tmp, .part, .partial, .crdownload or ~, are left alone: write under such a name, and rename at the end.
    """
    from dragoman.app.ingesting import Watching, Way, open_watch  # heavy: the parts that ingest

    place, source = open_workspace(path), Given.of_files(**given)
    place.datasets.contract(name)
    watched = open_watch(place, name, folder, pattern, settle_seconds=every)
    refused: list[str] = []
    with rows_progress(name) as show:
        watching = Watching(place, name, watched, source.files, Way(True, quarantine, by_user(reason)), show)
        watching.run(lambda took: _tell(took, refused), every=every, once=once)
    if refused:
        context.exit(1)


def _print_report(report: CheckReport) -> None:
    from dragoman.data.rules import report_text  # heavy: pyarrow

    click.echo(report_text(report))


def _print_done(done: Ingested) -> None:
    if done.version is None:
        _print_report(done.report)
        click.echo("Nothing was written.", err=True)
        return
    if done.quarantined:
        _print_report(done.report)
    click.echo(version_words(done.version, is_new=done.is_new))
    if done.quarantined:
        name = done.version.name
        click.echo(f"{done.quarantined:,} bad rows are filed: `dragoman data quarantine {name}` lists them.")


def _tell(took: Took, refused: list[str]) -> None:
    names = ", ".join(path.name for path in took.files)
    if took.refused:
        refused.append(names)
        click.echo(f"{names}: refused. {took.refused}", err=True)
    elif took.done is not None and took.done.version is not None:
        click.echo(f"{names}: {version_words(took.done.version, is_new=took.done.is_new)}")

"""`dragoman audit`."""

from __future__ import annotations

import json
import sys
from collections import deque
from pathlib import Path

import click

from dragoman.app import open_workspace
from dragoman.cli.options import as_json, print_json, print_table, workspace
from dragoman.errors import InvalidInput
from dragoman.records import AuditRow
from dragoman.store.audit import Head
from dragoman.store.exports import write_export
from dragoman.store.files import atomic_file
from dragoman.store.verification import AuditCheck, check_audit, check_export, rows_of

__all__ = ["command"]


@click.group("audit")
def command() -> None:
    """Show the log of all changes, and check that nobody altered it."""


@command.command("list")
@click.option("--action", default="", help="Only rows of this action; `release.` means all that begin so.")
@click.option("--subject", default="", help="Only rows about this, such as models:/support@champion.")
@click.option("--last", default=50, show_default=True, type=click.IntRange(min=1), help="How many rows, the newest.")
@as_json
@workspace
def list_rows(*, action: str, subject: str, last: int, as_json: bool, path: str) -> None:
    """List the newest changes, in the order in which they were made."""
    catalog = open_workspace(path).catalog
    rows = list(deque(rows_of(catalog, action=action, subject=subject), maxlen=last))
    if as_json:
        print_json(rows)
        return
    print_table(("row", "time", "actor", "action", "subject", "detail"), [_cells(row) for row in rows])


@command.command("verify")
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Check this exported file instead; it needs no workspace.",
)
@click.option("--head", metavar="ROW:HASH", help="A head that was noted earlier: the log must contain it.")
@as_json
@workspace
@click.pass_context
def verify(context: click.Context, *, file: Path | None, head: str | None, as_json: bool, path: str) -> None:
    """Check the log from its first row, and the catalog against what the log says.

    The exit code is 1 if something was altered.
    """
    check = _check(file, path, [] if head is None else [_parsed(head)])
    if as_json:
        print_json({"rows": check.rows, "head": check.head, "problems": check.problems})
    elif check.problems:
        click.echo("\n".join(check.problems))
    else:
        click.echo(f"{check.rows} rows, chain whole, head {check.head.number}:{check.head.hash}")
    if check.problems:
        context.exit(1)


@command.command("export")
@click.option("--output", default="-", metavar="FILE", help="Where to write; by default the standard output.")
@workspace
def export(*, output: str, path: str) -> None:
    """Write the whole log as JSON, one row a line: it can be kept elsewhere and checked without a workspace."""
    rows = rows_of(open_workspace(path).catalog)
    if output == "-":
        write_export(rows, sys.stdout.buffer)
        return
    with atomic_file(Path(output)) as file:
        count = write_export(rows, file)
    click.echo(f"{count} rows written to {output}")


def _check(file: Path | None, path: str, known: list[Head]) -> AuditCheck:
    if file is not None:
        return check_export(file, known=known)
    catalog = open_workspace(path).catalog
    return check_audit(catalog, catalog.anchor, known=known)


def _parsed(head: str) -> Head:
    number, _, digest = head.partition(":")
    if not number.isdecimal() or len(digest) != 64:
        raise InvalidInput(f"{head!r} is no head of an audit log.", help="Write ROW:HASH as `audit verify` prints it.")
    return Head(number=int(number), hash=digest)


def _cells(row: AuditRow) -> tuple[str, ...]:
    detail = {key: _short(value) for key, value in row.detail.items() if key != "record"}
    told = " ".join(f"{key}={value}" for key, value in detail.items())
    return str(row.number), row.time, row.actor, row.action, row.subject, told


def _short(value: object) -> str:
    """Digests are cut: the rows are for people; `--json` has them whole."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) < 64 else f"{text[:12]}…"

"""Options and output that several verbs share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click
import msgspec

from dragoman.records import By
from dragoman.store.audit import this_user

__all__ = ["Command", "as_json", "by_user", "print_json", "print_table", "reason", "workspace"]

Command = TypeVar("Command", bound=Callable[..., Any])


def workspace(command: Command) -> Command:
    """The option that names the workspace."""
    return click.option(
        "-w", "--workspace", "path", default=".", show_default=True, metavar="FOLDER", help="The workspace's folder."
    )(command)


def as_json(command: Command) -> Command:
    """The option that prints JSON instead of a table."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def reason(command: Command) -> Command:
    """The option that says why."""
    return click.option("--reason", default="", metavar="TEXT", help="Why; it stands in the audit log.")(command)


def by_user(reason: str) -> By:
    """Who runs the command, and why."""
    return msgspec.structs.replace(this_user(), reason=reason)


def print_json(value: Any) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A plain table as wide as its contents: it can be read by people and cut by tools."""
    from rich.console import Console  # heavy: only tables need it
    from rich.table import Table

    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*row)
    console = Console(soft_wrap=False, markup=False, emoji=False)  # texts in brackets or colons are shown as they are
    if not console.is_terminal:
        console = Console(width=max(200, console.width), markup=False, emoji=False)
    console.print(table)

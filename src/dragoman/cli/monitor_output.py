"""Where the commands below `dragoman monitor` read and print."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterable

import click
from rich.console import Console, RenderableType

from dragoman.api.monitor_desk import MonitorDesk
from dragoman.app import open_workspace
from dragoman.errors import Unavailable

__all__ = ["WATCH_SECONDS", "open_desk", "print_parts", "watch"]

WATCH_SECONDS = 5.0
PIPE_WIDTH = 200  # tools cut lines themselves
CLEAR = "\x1b[H\x1b[2J\x1b[3J"

Parts = Iterable[RenderableType]


def open_desk(path: str) -> MonitorDesk:
    """The monitor of a workspace: no server is needed."""
    from dragoman.app.monitor_desk import CatalogMonitor  # heavy: the parts that judge

    return CatalogMonitor(open_workspace(path))


def print_parts(parts: Parts) -> None:
    click.echo(_drawn(parts), nl=False)


def watch(draw: Callable[[], Parts]) -> None:
    """Draw again and again until Ctrl-C. A catalog that cannot be read for a moment ends nothing."""
    try:
        while True:
            try:
                screen = _drawn(draw())
            except Unavailable as error:
                screen = f"{error.message}\n"
            click.echo(f"{CLEAR if sys.stdout.isatty() else ''}{screen}")
            time.sleep(WATCH_SECONDS)
    except KeyboardInterrupt:
        return


def _drawn(parts: Parts) -> str:
    """The parts as text, coloured on a terminal."""
    real, page = Console(), io.StringIO()
    is_terminal = real.is_terminal
    width = real.width if is_terminal else max(PIPE_WIDTH, real.width)
    console = Console(file=page, width=width, force_terminal=is_terminal, markup=False, emoji=False, highlight=False)
    for part in parts:
        console.print(part)
    return "".join(f"{line.rstrip()}\n" for line in page.getvalue().splitlines())

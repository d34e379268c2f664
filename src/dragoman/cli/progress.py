"""Progress of a training, as a bar on a terminal and as lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from dragoman.training.loop import Progress

__all__ = ["training_progress"]

LINE_SECONDS = 10.0


@contextmanager
def training_progress(title: str) -> Iterator[Callable[[Progress], None]]:
    """A function that shows where a training stands, while the block runs."""
    from rich.console import Console  # heavy: only long work needs it

    console = Console(stderr=True)
    if console.is_terminal:
        with _bar(title, console) as show:
            yield show
    else:
        yield _lines(title)


@contextmanager
def _bar(title: str, console: object) -> Iterator[Callable[[Progress], None]]:
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"))
    times = (TimeElapsedColumn(), TimeRemainingColumn(), TextColumn("{task.fields[note]}"))
    with Bars(*columns, *times, console=console) as bars:  # type: ignore[arg-type]
        task = bars.add_task(title, total=None, note="")

        def show(progress: Progress) -> None:
            total = progress.total if progress.stage == "train" else None
            description = f"{title}: {progress.stage}"
            bars.update(task, completed=progress.done, total=total, note=progress.note, description=description)

        yield show


def _lines(title: str) -> Callable[[Progress], None]:
    last: dict[str, float] = {}

    def show(progress: Progress) -> None:
        now = time.monotonic()
        if now - last.get(progress.stage, -LINE_SECONDS) >= LINE_SECONDS:
            last[progress.stage] = now
            share = f" {progress.done / progress.total:.0%}" if progress.stage == "train" else ""
            click.echo(f"{title}: {progress.stage}{share} {progress.note}".rstrip(), err=True)

    return show

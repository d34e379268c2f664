"""Progress of long work, as a bar on a terminal and as lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from dragoman.data.ingesting import Progress as RowsProgress
    from dragoman.features.online import Progress as ViewProgress
    from dragoman.records import AppliedView
    from dragoman.runtime.tuning import Step
    from dragoman.training.loop import Progress

__all__ = ["rows_progress", "training_progress", "tuning_progress", "view_progress"]

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
def tuning_progress(title: str) -> Iterator[Callable[[Step], None]]:
    """A function that shows which form of a model is measured, while the block runs."""
    from rich.console import Console  # heavy: only long work needs it

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda step: click.echo(f"{title}: {step.done + 1} of {step.total}, {_doing(step)}", err=True)
        return
    with _bars(console) as bars:
        task = bars.add_task(title, total=None, note="")
        yield lambda step: bars.update(task, completed=step.done, total=step.total, note=_doing(step))


@contextmanager
def rows_progress(title: str) -> Iterator[Callable[[RowsProgress], None]]:
    """A function that shows how far rows were read, while the block runs; off a terminal, of long work only."""
    from rich.console import Console  # heavy: only long work needs it

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _row_lines(title)
        return
    with _bars(console) as bars:
        task = bars.add_task(title, total=None, note="")

        def show(progress: RowsProgress) -> None:
            total = None if progress.share is None else 1.0
            bars.update(
                task,
                completed=progress.share or 0,
                total=total,
                description=f"{title}: {progress.doing}",
                note=f"{progress.rows:,} rows",
            )

        yield show


@contextmanager
def view_progress() -> Iterator[Callable[[AppliedView, ViewProgress], None]]:
    """A function that shows how far the rows of each view have come, while the block runs."""
    from rich.console import Console  # heavy: only long work needs it

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _view_lines()
        return
    with _bars(console) as bars:
        task = bars.add_task("", total=None, note="")

        def show(view: AppliedView, progress: ViewProgress) -> None:
            bars.update(
                task,
                completed=progress.share or 0,
                total=None if progress.share is None else 1.0,
                description=f"{view.name}: {progress.doing}",
                note=_view_note(progress),
            )

        yield show


def _view_lines() -> Callable[[AppliedView, ViewProgress], None]:
    last = time.monotonic()

    def show(view: AppliedView, progress: ViewProgress) -> None:
        nonlocal last
        if (now := time.monotonic()) - last >= LINE_SECONDS:
            last = now
            share = "" if progress.share is None else f" {progress.share:.0%}"
            click.echo(f"{view.name}: {progress.doing}{share}, {_view_note(progress)}", err=True)

    return show


def _view_note(progress: ViewProgress) -> str:
    return f"{progress.keys:,} keys" if progress.keys else f"{progress.rows:,} rows"


def _row_lines(title: str) -> Callable[[RowsProgress], None]:
    last = time.monotonic()

    def show(progress: RowsProgress) -> None:
        nonlocal last
        if (now := time.monotonic()) - last >= LINE_SECONDS:
            last = now
            share = "" if progress.share is None else f" {progress.share:.0%}"
            click.echo(f"{title}: {progress.doing}{share}, {progress.rows:,} rows", err=True)

    return show


def _doing(step: Step) -> str:
    return f"{step.doing} of {step.form.name}"


def _bars(console: Any) -> Any:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn  # heavy: as above

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"))
    times = (TimeElapsedColumn(), TimeRemainingColumn(), TextColumn("{task.fields[note]}"))
    return Progress(*columns, *times, console=console)


@contextmanager
def _bar(title: str, console: Any) -> Iterator[Callable[[Progress], None]]:
    with _bars(console) as bars:
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

"""Objectives on the screens of `dragoman monitor`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from dragoman.cli.monitor_words import UNDECIDED, bar, compact, goal_words, percent, span
from dragoman.records import SloView

__all__ = ["is_short", "slo_part", "slo_table", "worst_slo"]

LITTLE = 0.25  # of a budget: little is left


def slo_part(slos: Sequence[SloView], *, every: bool) -> Iterator[RenderableType]:
    """Objectives, the emptiest budget first; without `every`, those of single languages only where little is left."""
    worst_first = sorted(slos, key=_rank)
    shown = [one for one in worst_first if every or not one.language or is_short(one)]
    if shown:
        yield slo_table(shown, with_language=True, with_model=len({one.model for one in slos}) > 1)
    if left_out := len(worst_first) - len(shown):
        yield Text(f"{left_out} more of single languages have budget left, or too few events: --all", style="dim")
    if not slos:
        yield Text("There is no objective; `[slo]` in a spec sets them.")


def is_short(slo: SloView) -> bool:
    """Whether little of the budget is left, or a rule fires."""
    return slo.verdict == "fail" or (slo.verdict == "pass" and slo.budget is not None and slo.budget <= LITTLE)


def worst_slo(slos: Sequence[SloView]) -> SloView | None:
    """The objective with the least of its budget left; None if none has events enough to say."""
    return min((one for one in slos if one.verdict != "not enough evidence"), key=_rank, default=None)


def _rank(slo: SloView) -> tuple[int, float]:
    return ("fail", "pass", "not enough evidence").index(slo.verdict), 1.0 if slo.budget is None else slo.budget


def slo_table(slos: Sequence[SloView], *, with_language: bool = False, with_model: bool = False) -> Table:
    """Objectives with their budgets, and the burn rates of each window: 1 uses the budget up just in time."""
    windows = sorted({rate.hours for slo in slos for rate in slo.burn_rates})
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    lead = [("model", with_model), ("objective", True), ("language", with_language)]
    for name in [name for name, is_shown in lead if is_shown]:
        table.add_column(name, no_wrap=True)
    for name in ("goal", "budget left", ""):
        table.add_column(name, justify="right" if name == "goal" else "left", no_wrap=True)
    for place, hours in enumerate(windows):
        table.add_column(f"{'burn ' if place == 0 else ''}{span(hours)}", justify="right", no_wrap=True)
    table.add_column("bad of all", justify="right", no_wrap=True)
    table.add_column("fires" if any(slo.firing for slo in slos) else "")
    for slo in slos:
        names = [slo.model, _objective(slo), slo.language or "all"]
        shown = [name for name, (_, is_shown) in zip(names, lead, strict=True) if is_shown]
        table.add_row(*shown, *_slo_cells(slo, windows), style="red" if slo.verdict == "fail" else None)
    return table


def _slo_cells(slo: SloView, windows: Sequence[float]) -> Iterator[str]:
    yield goal_words(slo.goal)
    is_known = slo.budget is not None and slo.verdict != "not enough evidence"
    yield bar(slo.budget or 0.0) if is_known else ""
    yield percent(slo.budget) if is_known else UNDECIDED if slo.total else "no events"
    rates = {one.hours: one.rate for one in slo.burn_rates}
    for hours in windows:
        rate = rates.get(hours)
        yield "-" if rate is None else f"{rate:.1f}"
    yield f"{compact(slo.bad)} of {compact(slo.total)}"
    yield ", ".join(f"{severity}: {rule}" for rule, severity in slo.firing.items())


def _objective(slo: SloView) -> str:
    return slo.objective if slo.seconds is None else f"{slo.objective} {slo.seconds:g} s"

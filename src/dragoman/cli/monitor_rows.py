"""The table of versions and languages on the overview of `dragoman monitor`: the worst language first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.table import Table
from rich.text import Text

from dragoman.cli.monitor_slo import is_short, worst_slo
from dragoman.cli.monitor_words import (
    compact,
    drift_words,
    percent,
    quality_words,
    spark,
    trend_words,
)
from dragoman.records import Alert, ModelView, SloView, StateView, VersionView

__all__ = ["Row", "rows_table", "version_rows"]

COLUMNS = ("texts", "trend", "course", "errors", "p95 ms", "abst.", "score", "right", "drift", "budget left")
LEFT = ("course", "drift", "budget left")
SHORT = {"availability": "avail."}
MARKS = {"page": "!!", "ticket": "!"}
COLOURS = {"page": "bold red", "ticket": "yellow"}


class Row(NamedTuple):
    """A line of the table."""

    name: str
    state: StateView
    alerts: Sequence[Alert]
    slos: Sequence[SloView] | None  # None: they stand at another version
    is_version: bool = False

    @property
    def urgency(self) -> str:
        """That of its most urgent alert which is not silenced; empty without one."""
        found = {one.severity for one in self.alerts if not one.silence}
        return next((severity for severity in MARKS if severity in found), "")

    @property
    def is_quiet(self) -> bool:
        """Whether nobody needs to look."""
        drifted = self.state.drift is not None and self.state.drift.verdict == "fail"
        return not (self.alerts or drifted or any(slo.verdict == "fail" for slo in self.slos or ()))

    @property
    def rank(self) -> tuple[int, bool, int, float, int]:
        """Smaller is worse."""
        order = {"page": 0, "ticket": 1, "": 2}
        drifted = self.state.drift.drifted if self.state.drift else 0
        worst = worst_slo(self.slos or ())
        left = worst.budget if worst is not None and worst.verdict == "fail" and worst.budget is not None else 1.0
        return order[self.urgency], self.is_quiet, -drifted, left, -self.state.texts


def version_rows(model: ModelView, version: VersionView, *, quiet: int) -> tuple[list[Row], int]:
    """A version and its languages, the worst first; and how many quiet ones beyond `quiet` are left out.

    What is known of a model, not of one of its versions, stands at the first one, which has the most traffic.
    """
    head = _row_of(model, version, "", version)
    rows = (_row_of(model, version, one.language, one) for one in version.languages)
    languages = sorted(rows, key=lambda row: row.rank)
    loud = [row for row in languages if not row.is_quiet]
    calm = [row for row in languages if row.is_quiet]
    return [head, *loud, *calm[:quiet]], len(calm[quiet:])


def rows_table(groups: Sequence[Sequence[Row]]) -> Table:
    """Versions, each above its languages."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("", no_wrap=True)
    for column in COLUMNS:
        table.add_column(column, justify="left" if column in LEFT else "right", no_wrap=True)
    for rows in groups:
        for row in rows:
            table.add_row(_name(row), *_cells(row), style="bold" if row.is_version else None)
    return table


def _row_of(model: ModelView, version: VersionView, language: str, state: StateView) -> Row:
    is_first = version is model.versions[0]
    versions = ("", version.version) if is_first else (version.version,)
    alerts = [one for one in model.alerts if one.language == language and one.version in versions]
    slos = [one for one in model.slos if one.language == language] if is_first else None
    return Row(language or f"v{version.version}", state, alerts, slos, is_version=not language)


def _name(row: Row) -> Text:
    return Text(f"{MARKS.get(row.urgency, ''):>2} {row.name}", style=COLOURS.get(row.urgency, ""))


def _cells(row: Row) -> Iterator[Text]:
    state = row.state
    yield Text(compact(state.texts))
    yield Text(trend_words(state.trend, state.texts), style="yellow" if (state.trend or 0) <= -0.5 else "")
    yield Text(spark(state.course), style="cyan")
    if not state.requests:
        yield from (Text("-", style="dim") for _ in range(4))
    else:
        yield Text(percent(state.error_share))
        yield Text("-" if state.p95_ms is None else f"{state.p95_ms:.0f}")
        yield Text(percent(state.abstained, none="-"))
        yield Text("-" if state.score is None else f"{state.score:.2f}")
    yield _dimmed(quality_words(state.quality), state.quality is None)
    yield _drift(state)
    yield _budget(row.slos)


def _drift(state: StateView) -> Text:
    words = drift_words(state.drift)
    if state.drift is not None and state.drift.verdict == "fail":
        return Text(words, style="yellow")
    return _dimmed(words, words != "steady")


def _budget(slos: Sequence[SloView] | None) -> Text:
    """The worst objective: what is left of its budget, and its name where that is little."""
    if slos is None:
        return Text("see above", style="dim")
    worst = worst_slo(slos)
    if worst is None:
        return Text("too few events" if slos else "no objectives", style="dim")
    left, name = percent(worst.budget), SHORT.get(worst.objective, worst.objective)
    words = f"{left} {name}" if is_short(worst) else left
    return Text(words, style="red" if worst.verdict == "fail" else "")


def _dimmed(words: str, is_dim: bool) -> Text:  # noqa: FBT001 (a choice of style)
    return Text(words, style="dim" if is_dim else "")

"""The overview of `dragoman monitor`: what fires, then objectives, then every version and language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from dragoman.cli.monitor_rows import COLOURS, rows_table, version_rows
from dragoman.cli.monitor_slo import slo_table, worst_slo
from dragoman.cli.monitor_words import compact, moment, percent, span
from dragoman.records import Alert, LanguageView, ModelView, MonitorView, StateView

__all__ = ["screen"]

QUIET_ROWS = 40  # of the first version: more quiet languages are counted, not listed
EVERY = 1_000_000
NO_SERVER = "Drift and objectives are not judged: no server of the workspace has done it yet."


def screen(view: MonitorView, *, language: str | None = None, every: bool = False) -> Iterator[RenderableType]:
    """The overview, top to bottom; of one language where only that was asked for.

    With `every` all languages are listed, however many are quiet.
    """
    yield Text(_headline(view), style="bold")
    if not view.checked:
        yield Text(NO_SERVER, style="yellow")
    if view.alerts:
        yield Text()
        yield alerts_table(view.alerts, today=view.end)
    if not view.models:
        yield Text("There is no model yet: `dragoman train` makes the first version.")
    alone = len(view.models) == 1
    quiet = EVERY if every or language else QUIET_ROWS if alone else 0
    for model in sorted(view.models, key=_urgency):
        yield Text()
        yield from _model_part(_about(model, language), view, language)
        if alone:
            yield from _sums_part(model, view, language)
        yield Text()
        yield from _table_part(_about(model, language), quiet=quiet)


def _model_part(model: ModelView, view: MonitorView, language: str | None) -> Iterator[RenderableType]:
    about = f"{model.model}, {language}" if language else model.model
    yield Text.assemble((about, "bold"), "  ", "  ".join(filter(None, (model.owner, _versions(model)))))
    if model.alerts:
        yield alerts_table(model.alerts, today=view.end)
    if not model.requests:
        yield Text(f"No requests in {span(view.hours)}.", style="dim")


def _sums_part(model: ModelView, view: MonitorView, language: str | None) -> Iterator[RenderableType]:
    states = _languages(model) if language else [model]
    yield Text()
    yield from (Text(line) for state in states[:1] for line in summary(state, view.currency))
    if slos := [one for one in model.slos if one.language == (language or "")]:
        yield Text()
        yield slo_table(slos)


def _table_part(model: ModelView, *, quiet: int) -> Iterator[RenderableType]:
    """Quiet languages are cut short, and listed of the first version only: the others answer few texts, or copies."""
    groups, hidden = [], 0
    for place, version in enumerate(model.versions):
        rows, left_out = version_rows(model, version, quiet=quiet if place == 0 or quiet == EVERY else 0)
        groups.append(rows)
        hidden += left_out
    if groups:
        yield rows_table(groups)
    if hidden:
        what = "1 quiet row" if hidden == 1 else f"{hidden} quiet rows"
        yield Text(f"   and {what}: dragoman monitor {model.model} --all", style="dim")


def summary(state: StateView, currency: str) -> Iterator[str]:
    """Traffic, speed and answers in three lines."""
    hits = "" if state.cache_hits is None else f", {percent(state.cache_hits)} from the cache"
    yield (
        f"traffic   {compact(state.texts)} texts, {compact(state.texts_per_hour)} an hour{hits}; "
        f"{compact(state.tokens)} tokens; {compact(state.errors)} of {compact(state.requests)} requests failed"
    )
    if state.p50_ms is not None and state.p95_ms is not None and state.p99_ms is not None:
        cost = "" if state.cost_per_1000 is None else f", {state.cost_per_1000:.3g} {currency}".rstrip()
        per = "" if state.seconds_per_1000 is None else f"; 1,000 predictions: {state.seconds_per_1000:.3g} s{cost}"
        yield (
            f"speed     p50 {state.p50_ms:.0f}, p95 {state.p95_ms:.0f}, p99 {state.p99_ms:.0f} ms; "
            f"{compact(state.compute_seconds)} s of compute{per}"
        )
    if state.texts:
        right = "no labels"
        if state.quality is not None:
            share = state.quality.share
            right = f"{share.value:.1%} right ({100 * share.low:.1f} to {share.high:.1%}, {share.n:,} labels)"
        score = "" if state.score is None else f"score {state.score:.2f}, "
        yield (
            f"answers   {score}{percent(state.abstained, none='none')} abstained, "
            f"{percent(state.truncated, none='none')} cut; {right}"
        )


def alerts_table(alerts: Sequence[Alert], *, today: str) -> Table:
    """What fires: pages first, then the oldest."""
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    for one in sorted(alerts, key=lambda one: (bool(one.silence), one.severity, one.started)):
        style = "dim" if one.silence else COLOURS[one.severity]
        urgency = "silenced" if one.silence else one.severity.upper()
        since = f"since {moment(one.since or one.started, today=today)}"
        table.add_row(Text(urgency, style=style), f"{one.kind} {one.name}".rstrip(), since, one.summary)
    return table


def _headline(view: MonitorView) -> str:
    judged = f", judged at {moment(view.checked, today=view.end)}" if view.checked else ""
    return f"{span(view.hours)} to {view.end[:10]} {moment(view.end, today=view.end)} UTC{judged}"


def _urgency(model: ModelView) -> tuple[int, int, float, int]:
    """Smaller is more urgent."""
    told = [one.severity for one in model.alerts if not one.silence]
    worst = worst_slo(model.slos)
    left = worst.budget if worst is not None and worst.budget is not None else 1.0
    return -told.count("page"), -len(told), left, -model.texts


def _versions(model: ModelView) -> str:
    """Which version answers how much: "v7 champion 95%"."""
    if not model.texts:
        return ", ".join(" ".join((f"v{one.version}", *one.aliases)) for one in model.versions)
    return ", ".join(" ".join((f"v{one.version}", *one.aliases, percent(one.share))) for one in model.versions)


def _about(model: ModelView, language: str | None) -> ModelView:
    """Without the alerts of other languages than the one that is asked for."""
    if language is None:
        return model
    mine = [one for one in model.alerts if one.language in ("", language)]
    return msgspec.structs.replace(model, alerts=mine)


def _languages(model: ModelView) -> list[LanguageView]:
    return [row for version in model.versions for row in version.languages]

"""What the commands below `dragoman monitor` list: signals, the parts of a change, alerts, silences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from dragoman import clock
from dragoman.cli.monitor_rows import COLOURS
from dragoman.cli.monitor_words import UNDECIDED, bar, compact, evidence_words, moment, percent, span
from dragoman.records import Alert, DriftView, Silence, SplitPart, SplitView

__all__ = ["alert_part", "alerts_list", "drift_part", "silence_words", "silences_list", "split_part"]

VERDICTS = {"fail": "drifted", "pass": "steady", "not enough evidence": UNDECIDED}
EVERYTHING = "all alerts"


def plain_table(*columns: str, right: Sequence[str] = ()) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left")
    return table


# Drift --------------------------------------------------------------------------------------------------------------


def drift_part(views: Sequence[DriftView], *, every: bool) -> Iterator[RenderableType]:
    """Signals that drifted, the largest change first; with `every` all others too, else only how many they are."""
    order = ("fail", "not enough evidence", "pass")
    rows = sorted(views, key=lambda view: (order.index(view.verdict), -(view.effect or 0)))
    shown = [view for view in rows if every or view.verdict == "fail"]
    if shown:
        yield _drift_table(shown)
    quiet = {verdict: sum(view.verdict == verdict for view in rows) for verdict in order[1:]}
    if not every:
        told = f"{quiet['pass']} signals are steady, of {quiet['not enough evidence']} there is {UNDECIDED}"
        yield Text(f"{told}{': --all lists them' if any(quiet.values()) else ''}.", style="dim")


def _drift_table(views: Sequence[DriftView]) -> Table:
    columns = ("language", "signal", "window", "texts", "moved", "evidence", "before", "now", "since")
    table = plain_table(*columns, "verdict", right=("window", "texts", "moved"))
    today = clock.utc().isoformat()
    for view in views:
        table.add_row(
            view.language or "all",
            view.signal,
            span(view.window_hours),
            compact(view.n),
            percent(view.effect, none="-"),
            evidence_words(view),
            view.before,
            view.after,
            moment(view.since, today=today) if view.since else "",
            VERDICTS[view.verdict],
            style={"fail": "yellow", "not enough evidence": "dim"}.get(view.verdict),
        )
    return table


# Split --------------------------------------------------------------------------------------------------------------


def split_part(split: SplitView) -> Iterator[RenderableType]:
    """The change, its two parts, and what each language adds to them."""
    if split.before is None or split.after is None:
        when = "before" if split.before is None else "in"
        yield Text(f"{split.metric} of {split.model}: {UNDECIDED}; no texts {when} the last {span(split.hours)}.")
        return
    change = split.after - split.before
    yield Text(
        f"{split.metric} of {split.model}: {split.before:.4g} to {split.after:.4g} ({change:+.2g}), "
        f"the last {span(split.hours)} against those before",
        style="bold",
    )
    yield Text(f"  {split.mix:+.2g}  because languages have other shares of the texts")
    yield Text(f"  {split.within:+.2g}  because languages changed themselves")
    moved = [part for part in split.languages if part.before_n or part.after_n]
    if moved:
        yield Text()
        yield _split_table(moved)


def _split_table(parts: Sequence[SplitPart]) -> Table:
    columns = ("language", "texts before", "now", "share before", "now", "value before", "now", "by mix", "within")
    table = plain_table(*columns, "", right=columns[1:])
    most = max(abs(part.mix + part.within) for part in parts)
    for part in parts:
        table.add_row(
            part.language,
            compact(part.before_n),
            compact(part.after_n),
            percent(part.before_share),
            percent(part.after_share),
            "-" if part.before is None else f"{part.before:.3g}",
            "-" if part.after is None else f"{part.after:.3g}",
            f"{part.mix:+.2g}",
            f"{part.within:+.2g}",
            bar(abs(part.mix + part.within) / most, width=8).rstrip("░") if most else "",
        )
    return table


# Alerts -------------------------------------------------------------------------------------------------------------


def alerts_list(alerts: Sequence[Alert]) -> Table:
    """A row for each alert."""
    table = plain_table("alert", "", "model", "language", "what", "since", "until", "summary")
    today = clock.utc().isoformat()
    for one in alerts:
        fires = one.status == "firing"
        urgency = Text(
            "silenced" if fires and one.silence else one.severity, style=COLOURS[one.severity] if fires else ""
        )
        since = moment(one.since or one.started, today=today)
        until = "fires" if fires else moment(one.ended, today=today)
        model = f"{one.model}/{one.version}" if one.version else one.model or "-"
        what = f"{one.kind} {one.name}".rstrip()
        table.add_row(one.id, urgency, model, one.language or "all", what, since, until, one.summary)
    return table


def alert_part(alert: Alert) -> Iterator[RenderableType]:
    """One alert with its evidence, whom to ask and what to do."""
    model = f"{alert.model}/{alert.version}" if alert.version else alert.model
    state = f"silenced by {alert.silence}" if alert.silence and alert.status == "firing" else alert.status
    yield Text(f"{alert.severity.upper()}  {alert.summary}", style=COLOURS[alert.severity])
    rows = {
        "alert": alert.id,
        "state": state,
        "about": " ".join(filter(None, (model, alert.kind, alert.name, alert.region))),
        "language": alert.language or "all",
        "began": alert.since or alert.started,
        "fired": alert.started,
        "resolved": alert.ended,
        "owner": alert.owner,
        "runbook": alert.runbook,
    }
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    evidence = {f"  {key}": _evidence(value) for key, value in alert.evidence.items()}
    for key, value in {**rows, "evidence": " " if evidence else "", **evidence}.items():
        if value:
            table.add_row(key, value)
    yield table


def _evidence(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else msgspec.json.encode(value).decode().strip('"')


# Silences -----------------------------------------------------------------------------------------------------------


def silences_list(silences: Sequence[Silence]) -> Table:
    """A row for each silence."""
    table = plain_table("silence", "what is silent", "from", "until", "by", "reason")
    for one in silences:
        table.add_row(one.id, silence_words(one), one.starts, one.ends, one.actor, one.reason)
    return table


def silence_words(silence: Silence) -> str:
    """What fits: "all alerts of support/7 in th"."""
    about = " ".join(filter(None, (silence.kind, silence.severity)))
    what = f"{about} alerts" if about else EVERYTHING
    model = f"{silence.model}/{silence.version}" if silence.version else silence.model
    return f"{what} of {model or 'all models'}{f' in {silence.language}' if silence.language else ''}"

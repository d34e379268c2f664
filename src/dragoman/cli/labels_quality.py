"""`dragoman labels quality` and `dragoman labels delays`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from dragoman.app import open_workspace
from dragoman.cli.options import as_json, print_json, print_table, workspace
from dragoman.records import DelayCurve, Interval, LanguageQuality, LiveQuality

__all__ = ["delays", "quality"]

COLUMNS = (
    "language", "predictions", "mature", "labelled", "audited", "accuracy", "sample", "given", "expected", "evaluated"
)  # fmt: skip
DELAY_DAYS = (1, 3, 7, 14, 30, 90)


@click.command("quality")
@click.argument("model")
@click.option("--version", type=click.IntRange(min=1), metavar="N", help="A version. Default: the champion.")
@as_json
@workspace
def quality(model: str, *, version: int | None, as_json: bool, path: str) -> None:
    """Show how good a version of MODEL is in use, language by language, the worst first.

    `accuracy` comes from labels of a random sample and from the scores of all predictions, `sample` from those labels
    alone, `given` from all labels that came, `expected` from scores before any label; `evaluated` was measured at
    registration. Labels count of predictions that are old enough to have them.
    """
    from dragoman.app.quality import Quality  # heavy: pyarrow
    from dragoman.app.review import Review

    place = open_workspace(path)
    found = Quality(place, audits=Review(place).audits).live(model, version=version)
    if as_json:
        print_json(found)
        return
    _print_quality(found)


def _print_quality(found: LiveQuality) -> None:
    click.echo(
        f"{found.model}/{found.version}: predictions from {found.since} to {found.until}, mature after "
        f"{found.maturity_days:g} days, intervals at {found.level:.0%}"
    )
    if found.languages:
        print_table(COLUMNS, [_row(one) for one in _worst_first(found.languages)])
    labels = found.labels
    click.echo(
        f"Labels of {found.model}: {labels.labels:,}; {labels.judged:,} predictions have a truth; {labels.repeated:,} "
        f"labels repeated, {labels.contradictions:,} predictions contradicted, {labels.unknown:,} labels of unknown "
        "predictions."
    )
    for note in found.notes:
        click.echo(f"note: {note}")


def _worst_first(languages: Sequence[LanguageQuality]) -> list[LanguageQuality]:
    """All together first; then by what is known best of each."""
    total, *others = languages
    return [total, *sorted(others, key=lambda one: (_known(one), one.language))]


def _known(one: LanguageQuality) -> float:
    best = one.accuracy or one.sample or one.expected
    return best.value if best else 1.0


def _row(one: LanguageQuality) -> tuple[str, ...]:
    return (
        one.language,
        f"{one.predictions:,}",
        f"{one.mature:,}",
        f"{one.labelled:,}",
        f"{one.audited:,}",
        *(_share(share) for share in (one.accuracy, one.sample, one.given, one.expected)),
        "" if one.evaluated is None else f"{one.evaluated:.1%}",
    )


def _share(share: Interval | None) -> str:
    """`93.1% 90.2-95.4`."""
    return "" if share is None else f"{share.value:.1%} {100 * share.low:.1f}-{100 * share.high:.1f}"


@click.command("delays")
@click.argument("model")
@click.option(
    "--days", default=90.0, show_default=True, type=click.FloatRange(min=0, min_open=True),
    help="Predictions of so many days, the newest.",
)  # fmt: skip
@as_json
@workspace
def delays(model: str, *, days: float, as_json: bool, path: str) -> None:
    """Show how long the labels of MODEL take, source by source.

    The share of predictions whose label has come by an age; predictions that are younger, and whose label may still
    come, count for as long as they have been waiting.
    """
    from dragoman.app.quality import Quality  # heavy: pyarrow

    curves = Quality(open_workspace(path)).delays(model, days=days)
    if as_json:
        print_json(curves)
    elif not curves:
        click.echo(f"No prediction of '{model}' in the last {days:g} days has a label.")
    else:
        shown = [f"by day {day}" for day in DELAY_DAYS]
        print_table(("source", "labels", "waiting", "median", *shown), [_delay_row(curve) for curve in curves])


def _delay_row(curve: DelayCurve) -> tuple[str, ...]:
    by_day = dict(zip(curve.days, curve.arrived, strict=True))
    median = "" if curve.median_days is None else f"{curve.median_days:.3g} d"
    shares = [f"{by_day[day]:.1%}" if day in by_day else "" for day in DELAY_DAYS]
    return (curve.source or "(none)", f"{curve.labels:,}", f"{curve.waiting:,}", median, *shares)

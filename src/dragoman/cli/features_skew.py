"""`dragoman features skew`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from dragoman.app import open_workspace
from dragoman.cli.features_words import short, value_words
from dragoman.cli.monitor_words import percent
from dragoman.cli.options import as_json, print_json, print_table, workspace
from dragoman.errors import InvalidInput

if TYPE_CHECKING:
    from dragoman.app.skew import SkewReport
    from dragoman.features.skew import FeatureSkew
    from dragoman.monitoring.feature_shift import FeatureShift

__all__ = ["skew"]

COLUMNS = ("feature", "n", "equal", "differ", "missing online", "missing offline", "largest", "late", "largest late")
SHIFT_COLUMNS = ("column", "language", "n", "moved", "interval", "p", "what", "verdict")


@click.command("skew")
@click.argument("model")
@click.option("--since", metavar="TIME", help="Only predictions since then, in ISO 8601; without a zone it is UTC.")
@click.option("--version", "version", default="", metavar="V", help="Only this version of the model.")
@click.option(
    "--last", default=10_000, show_default=True, type=click.IntRange(min=1), help="How many predictions, the newest."
)
@as_json
@workspace
@click.pass_context
def skew(
    context: click.Context, model: str, *, since: str | None, version: str, last: int, as_json: bool, path: str
) -> None:
    """Compare the features that a model was served with those that the events give.

    Each prediction of the log is computed again from the source, as it was known at that moment: what differs is a
    defect, a row that had fallen behind, or one that somebody changed, and the exit code is 1. Events that came to be
    known later are told apart. The second table says whether columns are spread as in the model's held-out rows.
    """
    from dragoman.app.skew import Span, skew_of  # heavy: pyarrow

    span = Span(None if since is None else _time(since), last, version)
    reports = skew_of(open_workspace(path).features, model, span)
    if as_json:
        print_json(reports)
    else:
        for report in reports:
            _print_report(report)
    if any(report.differs for report in reports):
        context.exit(1)


def _print_report(report: SkewReport) -> None:
    views = ", ".join(f"{view.name} {short(view.digest)}" for view in report.views)
    click.echo(
        f"{report.model}/{report.version}: {report.rows:,} predictions from {report.first} to {report.newest}, {views}"
    )
    print_table(COLUMNS, [_row(one) for one in report.features])
    for line in _example_lines(report):
        click.echo(line)
    if report.strangers:
        click.echo(f"{report.strangers:,} predictions were about keys of which the source has no event.")
    if seen := [one for one in report.shifts if one.n]:
        click.echo()
        print_table(SHIFT_COLUMNS, [_shift_row(one) for one in seen])


def _row(one: FeatureSkew) -> tuple[str, ...]:
    return (
        one.feature,
        f"{one.n:,}",
        percent(one.equal_share),
        f"{one.differing:,}",
        f"{one.missing_online:,}",
        f"{one.missing_offline:,}",
        _number(one.largest),
        f"{one.late:,}",
        _number(one.largest_late),
    )


def _example_lines(report: SkewReport) -> list[str]:
    return [
        f"  {one.feature}: {value_words(example.served)} was served, the events give {value_words(example.replayed)} "
        f"(at {example.time}, prediction {example.id})"
        for one in report.features
        for example in one.examples
    ]


def _shift_row(one: FeatureShift) -> tuple[str, ...]:
    if one.p_value is None:
        return (one.feature, one.language, f"{one.n:,}", "", "", "", "", one.verdict)
    return (
        one.feature,
        one.language,
        f"{one.n:,}",
        f"{100 * one.effect:+.1f}%",
        f"{100 * one.low:+.1f}% to {100 * one.high:+.1f}%",
        f"{one.p_value:.2g}",
        one.what,
        one.verdict,
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"--since {text!r} is no time.", help="Write 2026-11-23T05:00:00Z.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)

"""`dragoman tune`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from dragoman.app import Workspace, open_workspace
from dragoman.cli.options import as_json, by_user, print_json, print_table, workspace
from dragoman.cli.progress import tuning_progress
from dragoman.errors import Conflict
from dragoman.records import FormReport, TuningReport, Version
from dragoman.registry.uri import CHAMPION

if TYPE_CHECKING:
    from dragoman.text.trimming import Keep

__all__ = ["command"]

COLUMNS = ("form", "agreement", "worst language", "score distance", "accuracy", "tokens/s", "one text ms", "gates")


@click.command("tune")
@click.argument("model")
@click.option(
    "--trim",
    "keep",
    type=click.Choice(["scripts", "seen"]),
    help="Drop pieces of the tokenizer: keep those in the scripts of the model's texts, or those that the texts use.",
)
@click.option("--champion", is_flag=True, help="Make the new version the champion, which MODEL must be.")
@as_json
@workspace
def command(model: str, *, keep: Keep | None, champion: bool, as_json: bool, path: str) -> None:
    """Find the fastest form of a version that answers like its fp32 form.

    MODEL is a name (its champion), NAME@ALIAS, or NAME/NUMBER. Each form (precision, back end, threads) is measured on
    this machine, on its CUDA device too if it has one, and compared with fp32 on the test split of the model's data,
    language by language. The fastest that passes the gates of the spec, on the device of the spec, becomes a new
    version.
    """
    place = open_workspace(path)
    before = place.registry.resolve(model)
    if champion and CHAMPION not in before.aliases:
        raise Conflict(f"{before.uri} is not the champion.", help="Leave --champion out, or tune the champion.")
    with tuning_progress(before.uri) as report:
        version, found = place.tune(before.uri, keep=keep, report=report)
    if champion:
        version = _crown(place, version, before)
    if as_json:
        print_json({"version": version, "tuning": found})
        return
    print_table(COLUMNS, [_row(one) for one in found.forms])
    click.echo()
    for line in _outcome(version, found):
        click.echo(line)


def _crown(place: Workspace, version: Version, before: Version) -> Version:
    """Move the alias, unless somebody has moved it meanwhile."""
    by = by_user(f"dragoman tune: the fastest form of {before.uri} that passes the gates.")
    place.registry.promote(version.model, version.number, expected=before.number, by=by)
    return place.registry.resolve(version.uri)


def _row(report: FormReport) -> tuple[str, ...]:
    agreement, worst = report.agreement, report.agreement.worst_language
    return (
        report.form.name,
        f"{agreement.labels:.2%}",
        f"{worst} {agreement.languages[worst]:.2%}",
        f"{agreement.score_distance:.4f}",
        "" if report.accuracy is None else f"{report.accuracy:.3f}",
        f"{report.tokens_per_second:.0f}",
        f"{report.single_ms:.2f}",
        "; ".join(report.missed) or "passed",
    )


def _outcome(version: Version, found: TuningReport) -> Iterator[str]:
    reference, best = found.forms[0], found.best
    if found.trimming and found.kept_pieces == found.pieces:
        yield f"Trimming would drop no piece ({found.trimming}): the model is left whole."
    elif found.trimming:
        yield f"Trimming keeps {found.kept_pieces} of {found.pieces} pieces ({found.trimming})."
    if best == reference:
        yield f"Chosen: {best.form.name}. No other form is faster and passes the gates."
    else:
        ratio = best.tokens_per_second / reference.tokens_per_second
        yield f"Chosen: {best.form.name}. It is the fastest that passes the gates, {ratio:.2f} times fp32 on all cores."
    for form in found.elsewhere:
        ratio = found.measured(form).tokens_per_second / reference.tokens_per_second
        yield f"On {form.device} it would be {form.name}, {ratio:.2f} times fp32 on all cores: serving.device decides."
    champion = ", the champion" if CHAMPION in version.aliases else ""
    yield f"Registered as {version.uri}{champion}."

"""`dragoman features get`, `freshness` and `verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dragoman.app import open_workspace
from dragoman.cli.features_words import byte_words, short, value_words
from dragoman.cli.options import as_json, print_json, print_table, workspace
from dragoman.errors import DragomanError, InvalidInput
from dragoman.features.times import moment_of

if TYPE_CHECKING:
    from dragoman.app.feature_rows import FeatureRows, Verified
    from dragoman.monitoring.freshness import ViewFreshness
    from dragoman.records import Key

__all__ = ["freshness", "get", "verify"]

FRESHNESS_COLUMNS = ("view", "definition", "newest event", "age", "rows", "size", "target", "ok", "read by")


@click.command("get")
@click.argument("view")
@click.argument("key")
@click.option("--at", metavar="TIME", help="The moment in ISO 8601; without a zone it is UTC. Default: now.")
@click.option("--offline", is_flag=True, help="Compute the values from the source, as they were known at that moment.")
@as_json
@workspace
def get(view: str, key: str, *, at: str | None, offline: bool, as_json: bool, path: str) -> None:
    """Show the features of a key as a model would get them.

    KEY is a value, or `customer_id=a,shop=3` where the entity has several columns. Online rows know the past only as
    far back as their newest event; --offline knows all of it.
    """
    rows, moment = _rows(path), None if at is None else _moment(at)
    found = None if offline else rows.get(view, parse_key(key), at=moment)
    values = found.values if found else rows.offline(view, parse_key(key), at=moment)
    if as_json:
        print_json(
            {"values": values} | ({"known": found.known[view], "age_seconds": found.ages[view]} if found else {})
        )
        return
    print_table(("feature", "value"), [(name, value_words(value)) for name, value in values.items()])
    if found:
        click.echo(_state_words(known=found.known[view], age=found.ages[view]))


def _state_words(*, known: bool, age: float | None) -> str:
    key = "The key is known" if known else "The key is not known: these are the values of one without events"
    return f"{key}; {_rows_words(age)}."


def _rows_words(age: float | None) -> str:
    from dragoman.monitoring.freshness import length_words

    if age is None:
        return "the rows know no event"
    return f"the rows know events up to {length_words(age)} ago" if age >= 0 else "the rows know events of days to come"


@click.command("freshness")
@as_json
@workspace
@click.pass_context
def freshness(context: click.Context, *, as_json: bool, path: str) -> None:
    """List how old what the online rows know is, and whether that is allowed.

    The target is the strictest `slo.freshness_seconds` of the models that read the rows. The exit code is 1 if rows
    are older.
    """
    from dragoman.app.freshness_watch import FreshnessWatch  # heavy: the parts that watch

    found = FreshnessWatch(open_workspace(path).features).freshness(sizes=True)
    if as_json:
        print_json([{**_plain(one), "stale": one.is_stale} for one in found])
    else:
        print_table(FRESHNESS_COLUMNS, [_freshness_row(one) for one in found])
    if any(one.is_stale for one in found):
        context.exit(1)


def _plain(one: ViewFreshness) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__struct_fields__}


def _freshness_row(one: ViewFreshness) -> tuple[str, ...]:
    from dragoman.monitoring.freshness import length_words

    return (
        one.view,
        short(one.digest) + ("" if one.applied else " (before)"),
        one.available or "none",
        "" if one.age is None else length_words(one.age),
        f"{one.rows:,}",
        byte_words(one.bytes),
        "" if one.target is None else length_words(one.target),
        "" if one.target is None else "stale" if one.is_stale else "ok",
        ", ".join(one.models),
    )


@click.command("verify")
@click.argument("view")
@click.option(
    "--keys", default=100, show_default=True, type=click.IntRange(min=1), help="How many keys, spread over all."
)
@as_json
@workspace
@click.pass_context
def verify(context: click.Context, view: str, *, keys: int, as_json: bool, path: str) -> None:
    """Compare online values with what the source gives now, for a sample of keys.

    The exit code is 1 if they differ. Events that were pushed and are not ingested yet make a difference, and so do
    those that are ingested and not materialized yet.
    """
    found = _rows(path).verify(view, keys=keys)
    if as_json:
        print_json(found._asdict() | {"view": found.view.name, "digest": found.view.digest})
    else:
        _print_verified(found)
    if found.differs:
        context.exit(1)


def _print_verified(found: Verified) -> None:
    if found.differs:
        rows = [
            (one.feature, example.id, value_words(example.served), value_words(example.replayed))
            for one in found.features
            for example in one.examples
        ]
        print_table(("feature", "key", "online", "source"), rows)
    wrong = sum(one.differing for one in found.features)
    values = sum(one.n for one in found.features)
    click.echo(f"{found.view.name}: {wrong:,} of {values:,} values of {found.keys:,} keys differ at {found.at}.")
    if found.made_from != found.newest:
        click.echo(
            f"The rows were made from version {found.made_from} of the dataset; the newest is {found.newest}: "
            f"`dragoman features materialize {found.view.name}`."
        )


def _rows(path: str) -> FeatureRows:
    from dragoman.app.feature_rows import FeatureRows  # heavy: pyarrow

    return FeatureRows(open_workspace(path).features)


def _moment(text: str) -> int | None:
    try:
        return moment_of(text)
    except DragomanError as error:
        raise InvalidInput(f"--at: {error.message}", help=error.help) from None


def parse_key(text: str) -> Key:
    """`a` is a value, `customer_id=a,shop=3` values by column. Raises `InvalidInput` for a mixture."""
    if "=" not in text:
        return text
    parts = [part.partition("=") for part in text.split(",")]
    if any(not sign or not name.strip() for name, sign, _ in parts):
        raise InvalidInput(f"The key {text!r} has a part without a column.", help="Write customer_id=a,shop=3.")
    return {name.strip(): value for name, _, value in parts}

"""The difference of two versions as text, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from dragoman.records import CategoryShift, DatasetDiff, NumberShift, Spread, ValueShift

__all__ = ["diff_text"]

NO_VALUE = "(none)"
SHOWN_VALUES = 20  # of a category: those that moved most


def diff_text(diff: DatasetDiff) -> str:
    """The difference in a few lines, for the terminal."""
    return "\n".join(_lines(diff))


def _lines(diff: DatasetDiff) -> Iterator[str]:
    yield f"{diff.before} → {diff.after}: {diff.rows_before:,} → {diff.rows_after:,} rows"
    by = f", by {', '.join(diff.key)}" if diff.key else ", whole rows"
    changed = f", {diff.changed:,} changed" if diff.key else ""
    yield f"  {diff.added:,} added, {diff.removed:,} removed{changed}, {diff.unchanged:,} unchanged{by}"
    if diff.is_same:
        yield "  nothing changed"
    for kind, keys in diff.examples.items():
        yield f"  {kind}: {', '.join(keys)}{' …' if getattr(diff, kind) > len(keys) else ''}"
    yield from _columns(diff)
    for category in diff.categories:
        yield from _category(category)
    if diff.numbers or diff.lengths:
        yield f"numbers{'min':>27}{'5%':>11}{'median':>11}{'95%':>11}{'max':>11}{'mean':>11}{'missing':>9}  moved"
    for number in diff.numbers:
        yield from _number(number, number.column)
    for number in diff.lengths:
        yield from _number(number, f"length of {number.column}")


def _columns(diff: DatasetDiff) -> Iterator[str]:
    if diff.new_columns:
        yield f"  new columns: {', '.join(diff.new_columns)}"
    if diff.lost_columns:
        yield f"  lost columns: {', '.join(diff.lost_columns)}"
    for name, (old, new) in diff.retyped_columns.items():
        yield f"  {name}: {old} → {new}"
    if diff.changed_columns:
        yield "  values changed: " + ", ".join(
            f"{name} in {rows:,} rows" for name, rows in diff.changed_columns.items()
        )


def _category(shift: CategoryShift) -> Iterator[str]:
    """The values whose shares moved most; those with as many rows as before are only counted."""
    rows = [*shift.values, *([shift.others] if shift.others else [])]
    totals = sum(row.before for row in rows), sum(row.after for row in rows)
    yield f"{shift.column}  (moved {shift.distance:.1%})"
    moved = [row for row in shift.values if row.before != row.after]
    moved.sort(key=lambda row: -abs(_share(row.after, totals[1]) - _share(row.before, totals[0])))
    shown = {row.value for row in moved[:SHOWN_VALUES]}
    yield from (_value(row, totals) for row in shift.values if row.value in shown)
    others = int(shift.others.value or 0) if shift.others else 0
    if hidden := len(shift.values) - len(shown) + others:
        same = "" if others or moved[SHOWN_VALUES:] else " as before"
        yield f"  {hidden:,} {'other values' if shown else 'values'}{same}"


def _value(row: ValueShift, totals: tuple[int, int]) -> str:
    name = NO_VALUE if row.value is None else row.value
    before, after = _share(row.before, totals[0]), _share(row.after, totals[1])
    moved = round(after - before, 3) + 0.0
    return f"  {name:<20} {row.before:>10,} → {row.after:<10,} {before:>6.1%} → {after:>6.1%}  {moved:+.1%}"


def _number(shift: NumberShift, name: str) -> Iterator[str]:
    yield _spread(f"  {name}", shift.before)
    yield f"{_spread('    →', shift.after)}  {shift.distance:.1%}"


def _spread(name: str, spread: Spread) -> str:
    numbers = (spread.min, spread.p05, spread.p50, spread.p95, spread.max, spread.mean)
    return f"{name:<23}" + "".join(f"{number:>11.6g}" for number in numbers) + f"{spread.missing:>9,}"


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0

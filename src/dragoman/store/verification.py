"""Whether the audit log is whole, and whether the catalog says what the log says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from dragoman.errors import Untrusted
from dragoman.records import AuditRow
from dragoman.store.anchors import Anchor
from dragoman.store.audit import ChainCheck, Head
from dragoman.store.base import Catalog
from dragoman.store.exports import read_export
from dragoman.store.facts import Replay, compare, facts_of

__all__ = ["AuditCheck", "check_audit", "check_export", "rows_of", "verify_audit"]

PAGE = 1000


class AuditCheck(NamedTuple):
    """What was looked at, and what is wrong with it."""

    rows: int
    head: Head
    problems: list[str]


def verify_audit(catalog: Catalog, anchor: Path | None = None, *, known: Sequence[Head] = ()) -> list[str]:
    """What is wrong with the catalog's audit log, or with the catalog beside it; empty if nothing is.

    Everything is read, page by page: the chain from its first row, its head, the file `anchor`, the rows `known` from
    earlier, and the state that the rows lead to, which must be the one in the catalog's tables. Others may write
    meanwhile.
    """
    return check_audit(catalog, anchor, known=known).problems


def check_audit(catalog: Catalog, anchor: Path | None = None, *, known: Sequence[Head] = ()) -> AuditCheck:
    """The same, with what was looked at."""
    noted, problems = _noted(anchor)
    check, replay = ChainCheck([*noted, *known]), Replay()
    try:
        differences = _read(catalog, check, replay)
    except Untrusted as error:
        differences = [error.message]
    if anchor is not None and not noted and not problems and check.rows:
        problems.append(f"there is no {anchor}, which keeps the newest row outside of the catalog")
    return AuditCheck(check.rows, check.last, [*problems, *check.problems(), *differences])


def check_export(path: Path, *, known: Sequence[Head] = ()) -> AuditCheck:
    """Look at the chain in an exported file. Its end cannot be judged, unless `known` has a row from later on."""
    check, problems = ChainCheck(known), []
    try:
        for row in read_export(path):
            check.add(row)
    except Untrusted as error:
        problems.append(error.message)
    return AuditCheck(check.rows, check.last, [*check.problems(), *problems])


def rows_of(catalog: Catalog, *, after: int = 0, action: str = "", subject: str = "") -> Iterator[AuditRow]:
    """The rows of the log in order, read a page at a time."""
    while page := catalog.audit_rows(after=after, limit=PAGE, action=action, subject=subject):
        yield from page
        after = page[-1].number


def _read(catalog: Catalog, check: ChainCheck, replay: Replay) -> list[str]:
    """Read log, head and state; returns where state and log differ.

    Rows may be written all the time. What is read after one row and before another is right if it was so after any of
    the rows in between.
    """
    _add_rows(catalog, check, replay)
    check.mark(catalog.audit_head())
    replay.remember()
    facts = facts_of(catalog, replay.facts)
    _add_rows(catalog, check, replay)
    return compare(facts, replay)


def _add_rows(catalog: Catalog, check: ChainCheck, replay: Replay) -> None:
    for row in rows_of(catalog, after=check.last.number):
        check.add(row)
        replay.add(row)


def _noted(anchor: Path | None) -> tuple[list[Head], list[str]]:
    """What the file outside of the catalog says, and what is wrong with it."""
    if anchor is None:
        return [], []
    try:
        kept = Anchor(anchor).read()
    except Untrusted as error:
        return [], [error.message]
    return ([] if kept is None else [kept]), []

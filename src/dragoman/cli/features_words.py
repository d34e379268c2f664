"""Views, their changes and their values in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dragoman.features.planning import FeatureChange, ViewChange, ViewUse

__all__ = ["byte_words", "plan_lines", "short", "use_words", "value_words"]

SIGNS = {"new": "+", "changed": "~", "relabelled": "~", "retired": "-", "unchanged": " "}
SERVING = ("champion", "challenger", "release")
UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
DIGEST_LENGTH = 12


def plan_lines(changes: Sequence[ViewChange]) -> Iterator[str]:
    """A plan as lines: a block for each view that changes, and a sum at the end."""
    for change in changes:
        yield _head(change)
        if change.kind != "unchanged":
            yield from (f"    {line}" for line in _body(change))
    yield _sum(changes)


def _head(change: ViewChange) -> str:
    of = f" of {change.entity} from {change.source}" if change.kind == "new" else ""
    digests = f" {short(change.before)} → {short(change.digest)}" if change.kind == "changed" else ""
    readers = ", ".join(dict.fromkeys(use_words(use) for use in change.uses))
    return f"{SIGNS[change.kind]} {change.view}: {change.kind}{of}{digests}{f', read by {readers}' if readers else ''}"


def _body(change: ViewChange) -> Iterator[str]:
    yield from change.words
    yield from map(_feature_line, change.features)
    for use in change.pinned if change.kind in ("changed", "retired") else ():
        if set(use.role.split(", ")) & set(SERVING):
            yield (
                f"! {use.model}/{use.version}, the {use.role}, answers from {short(use.digest)}, and goes on with it "
                "until another version takes its place"
            )


def _feature_line(change: FeatureChange) -> str:
    if not change.before:
        return f"+ {change.feature} = {change.after}  ({change.type_after})"
    if not change.after:
        return f"- {change.feature} = {change.before}"
    types = "" if change.type_before == change.type_after else f"  ({change.type_before} → {change.type_after})"
    if change.before == change.after:
        return f"~ {change.feature} = {change.after}{types}"
    return f"~ {change.feature} = {change.before}  →  {change.after}{types}"


def _sum(changes: Sequence[ViewChange]) -> str:
    kinds = [change.kind for change in changes]
    counts = [f"{kinds.count(kind)} {kind}" for kind in SIGNS if kind in kinds]
    if not counts:
        return "There are no views: write them in features/*.py."
    if set(kinds) == {"unchanged"}:
        return f"Nothing to do: {counts[0]}."
    return f"{', '.join(counts)}."


def use_words(use: ViewUse) -> str:
    """`churn` by its spec, `churn/3 (champion)` as a version."""
    return use.model if use.version is None else f"{use.model}/{use.version} ({use.role})"


def short(digest: str) -> str:
    """A digest for people; `--json` has all of it."""
    return digest[:DIGEST_LENGTH]


def value_words(value: Any) -> str:
    """A value of a feature as people read it."""
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def byte_words(count: int | None) -> str:
    """A size with three digits."""
    if count is None:
        return ""
    for size, unit in UNITS:
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} B"

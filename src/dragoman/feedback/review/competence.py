"""Who can answer which tasks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dragoman.errors import NotFound
from dragoman.records import Reviewer

__all__ = ["find_reviewer", "knows"]

NO_LANGUAGE = ("", "und")


def knows(reviewer: Reviewer, language: str) -> bool:
    """Regions and scripts do not matter: who knows "pt" knows "pt-BR". What has no language anybody can answer."""
    return language in NO_LANGUAGE or _base(language) in map(_base, reviewer.languages)


def find_reviewer(reviewers: Sequence[Reviewer], name: str) -> Reviewer:
    """Raises `NotFound`, naming those that there are."""
    for one in reviewers:
        if one.name == name:
            return one
    raise NotFound(f"There is no reviewer {name!r}.", help=_help(one.name for one in reviewers))


def _help(names: Iterable[str]) -> str:
    listed = ", ".join(names)
    return (
        f"reviewers.toml has {listed}." if listed else "Write a table [[reviewers]] in reviewers.toml: docs/review.md."
    )


def _base(language: str) -> str:
    return language.lower().replace("_", "-").partition("-")[0]

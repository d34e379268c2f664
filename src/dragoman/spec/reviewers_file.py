"""The workspace's `reviewers.toml`: who answers review tasks, in which languages.

```toml
[[reviewers]]
name = "ana"
languages = ["es", "pt"]
per_day = 40
```
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from dragoman.errors import InvalidSpec
from dragoman.records import Reviewer
from dragoman.spec.base import Language, Section
from dragoman.spec.toml_file import in_toml_words, read_text, refuse_same_names, tables_of

__all__ = ["REVIEWERS_FILE", "parse_reviewers", "read_reviewers"]

REVIEWERS_FILE = "reviewers.toml"
HELP = "docs/review.md lists the keys: name, languages, per_day."
ReviewerName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$(?!\n)")]


class ReviewerTable(Section, frozen=True, kw_only=True):
    """One table of the file."""

    name: ReviewerName
    languages: Annotated[list[Language], Meta(min_length=1)]
    per_day: Annotated[int, Meta(ge=0)] = 0


def read_reviewers(path: Path) -> list[Reviewer]:
    """The reviewers in a file, by name; none without the file. Raises `InvalidSpec` for everything wrong in it."""
    text = read_text(path)
    return [] if text is None else parse_reviewers(text, source=str(path))


def parse_reviewers(text: str, *, source: str = REVIEWERS_FILE) -> list[Reviewer]:
    """Turn TOML text into reviewers; `source` names it in errors. Raises `InvalidSpec`."""
    tables = tables_of(text, "reviewers", source=source, help="Write one table [[reviewers]] for each person.")
    found = [_reviewer(table, place) for place, table in tables]
    refuse_same_names([one.name for one in found], "reviewers", source)
    return sorted(found, key=lambda one: one.name)


def _reviewer(table: dict[str, Any], place: str) -> Reviewer:
    names = [field.name for field in msgspec.structs.fields(ReviewerTable)]
    for key in table:
        if key not in names:
            near = difflib.get_close_matches(key, names, n=1)
            raise InvalidSpec(f"{place}: unknown key '{key}'.", help=f"did you mean '{near[0]}'?" if near else HELP)
    try:
        read = msgspec.convert(table, ReviewerTable)
    except msgspec.ValidationError as error:
        raise InvalidSpec(f"{place}: {in_toml_words(str(error))[1]}.", help=HELP) from None
    return Reviewer(name=read.name, languages=read.languages, per_day=read.per_day)

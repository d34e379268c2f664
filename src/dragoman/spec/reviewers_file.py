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
import tomllib
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from dragoman.errors import InvalidSpec
from dragoman.records import Reviewer
from dragoman.spec.base import Language, Section

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
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except UnicodeDecodeError as error:
        raise InvalidSpec(f"{path} is not UTF-8: byte {error.start}.", help="Save the file as UTF-8.") from None
    except OSError as error:
        raise InvalidSpec(f"{path} cannot be read: {error.strerror}.", help="It must be a TOML file.") from None
    return parse_reviewers(text, source=str(path))


def parse_reviewers(text: str, *, source: str = REVIEWERS_FILE) -> list[Reviewer]:
    """Turn TOML text into reviewers; `source` names it in errors. Raises `InvalidSpec`."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidSpec(f"{source} is not TOML: {error}.", help="https://toml.io shows the syntax.") from None
    tables = raw.pop("reviewers", [])
    if raw or not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        strange = f"unknown key '{next(iter(raw))}'" if raw else "'reviewers' is no list of tables"
        raise InvalidSpec(f"{source}: {strange}.", help="Write one table [[reviewers]] for each person.")
    found = [_reviewer(table, f"{source}: reviewer {number}") for number, table in enumerate(tables, 1)]
    names = [one.name for one in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidSpec(f"{source}: two reviewers are called '{twice[0]}'.", help="Each needs a name of its own.")
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
        raise InvalidSpec(f"{place}: {_in_toml_words(str(error))}.", help=HELP) from None
    return Reviewer(name=read.name, languages=read.languages, per_day=read.per_day)


def _in_toml_words(message: str) -> str:
    """`Expected `int`, got `str` - at `$.per_day`` → `'per_day': expected `int`, got `str``."""
    what, _, where = message.partition(" - at ")
    what = what.replace("Object missing required field", "the table lacks the required key", 1)
    what = what.partition(" matching regex ")[0]
    key = where.strip("`").removeprefix("$").removeprefix(".")
    return f"'{key}': {what[:1].lower()}{what[1:]}" if key else what

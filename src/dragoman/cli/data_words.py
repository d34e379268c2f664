"""Dataset versions in words."""

from __future__ import annotations

from dragoman.records import DatasetVersion

__all__ = ["short", "version_words"]


def version_words(version: DatasetVersion, *, is_new: bool) -> str:
    """What an ingest made, or found."""
    languages = f", {len(version.languages)} languages" if version.languages else ""
    since = "" if version.parent is None else f", added to those of {version.name}/{version.parent}"
    made = f"{version.name}/{version.number}: {version.rows:,} rows{since}{languages}, digest {short(version.digest)}"
    return made if is_new else f"{made}. These rows are not new: they were ingested at {version.created}."


def short(digest: str) -> str:
    """A digest for people; `--json` has all of it."""
    return digest[:12]

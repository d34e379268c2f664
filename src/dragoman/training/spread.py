"""Some examples of every language."""

from __future__ import annotations

from collections.abc import Sequence

from dragoman.records import Example

__all__ = ["spread_over_languages"]


def spread_over_languages(examples: Sequence[Example], limit: int) -> list[Example]:
    """At most `limit` examples, every language in turn; the same ones whatever order they come in."""
    place: dict[str, int] = {}
    ranked = []
    for example in sorted(examples, key=lambda one: one.id):
        place[example.language] = place.get(example.language, 0) + 1
        ranked.append((place[example.language], example.id, example))
    return [example for *_, example in sorted(ranked, key=lambda row: row[:2])[:limit]]

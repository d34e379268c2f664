"""From labelled tokens to the named spans of a text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from dragoman.serving.tasks.tags import Tag
from dragoman.text.graphemes import Graphemes

__all__ = ["Group", "Marked", "group_marked", "place_groups", "span_of"]


class Marked(NamedTuple):
    """A token, or a word, with its label and score. Without text, `start` is `end`."""

    start: int
    end: int
    label: int
    score: float


class Group(NamedTuple):
    """An entity: where it stands in the text, its kind, and its score."""

    start: int
    end: int
    kind: str
    score: float


def group_marked(marked: Iterable[Marked], tags: Sequence[Tag]) -> list[Group]:
    """What belongs together, in the order of the tokens, without what is outside of entities.

    A label goes on with the entity before it if that is of the same kind and has not ended; otherwise it begins one,
    whatever its prefix says: what a model answers need not be well formed. The score is the mean of the members'.
    """
    groups: list[tuple[str, list[Marked]]] = []
    last = Tag("")
    for one in marked:
        tag = tags[one.label]
        if tag.kind and tag.kind == last.kind and not tag.begins and not last.ends:
            groups[-1][1].append(one)
        elif tag.kind:
            groups.append((tag.kind, [one]))
        last = tag
    return [Group(*span_of(members), kind, mean_score(members)) for kind, members in groups]


def span_of(members: Iterable[tuple[int, int, *tuple[object, ...]]]) -> tuple[int, int]:
    """From where the first begins to where the last ends, of those that hold text; empty without any."""
    held = [(one[0], one[1]) for one in members if one[0] < one[1]]
    return (min(start for start, _ in held), max(end for _, end in held)) if held else (0, 0)


def mean_score(members: Sequence[Marked]) -> float:
    return sum(one.score for one in members) / len(members)


def place_groups(groups: Iterable[Group], graphemes: Graphemes) -> Iterator[Group]:
    """The groups that hold text, in its order: without blank edges, of whole characters, one beginning after another.

    A character that two groups claim belongs to the first.
    """
    taken = 0
    for group in sorted(groups, key=lambda one: one[:2]):
        start, end = graphemes.tidy(max(group.start, taken), group.end)
        if start < end:
            yield group._replace(start=start, end=end)
            taken = end

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from dragoman.serving.tasks.entities import Group, Marked, group_marked, place_groups
from dragoman.serving.tasks.tags import read_tags
from dragoman.text.graphemes import Graphemes

BIOES = ["O", *(f"{place}-{kind}" for kind in "XY" for place in "BIES")]


def marked(labels: list[int]) -> list[Marked]:
    return [Marked(place, place + 1, label, 0.5) for place, label in enumerate(labels)]


def runs(labels: list[str]) -> list[tuple[int, int, str]]:
    """By a regular expression over each kind's places: alone; or a begin, what goes on, and perhaps an end."""
    found = []
    for kind in {label[2:] for label in labels if label != "O"}:
        places = "".join(label[0] if label[2:] == kind else "-" for label in labels)
        found += [(*match.span(), kind) for match in re.finditer(r"S|E|[BI]I*E?", places)]
    return sorted(found)


@given(st.lists(st.integers(0, len(BIOES) - 1), max_size=12))
def test_groups_are_the_runs_that_a_pattern_finds(labels: list[int]) -> None:
    groups = group_marked(marked(labels), read_tags(BIOES))
    assert [group[:3] for group in groups] == runs([BIOES[label] for label in labels])


def test_neighbours_of_one_kind_without_prefixes_are_one_entity() -> None:
    groups = group_marked(marked([1, 1, 2, 0, 2]), read_tags(["O", "PER", "LOC"]))
    assert [group[:3] for group in groups] == [(0, 2, "PER"), (2, 3, "LOC"), (4, 5, "LOC")]


def test_the_score_of_an_entity_is_the_mean_of_its_members() -> None:
    members = [Marked(0, 2, 0, 0.5), Marked(2, 4, 0, 0.75), Marked(4, 4, 0, 1.0)]
    assert group_marked(members, read_tags(["PER"])) == [Group(0, 4, "PER", 0.75)]


def test_a_character_that_two_entities_claim_belongs_to_the_first() -> None:
    groups = [Group(0, 2, "X", 1.0), Group(1, 6, "Y", 1.0), Group(3, 5, "Z", 1.0)]
    placed = place_groups(groups, Graphemes("abc def"))
    assert [group[:3] for group in placed] == [(0, 2, "X"), (2, 6, "Y")]


def test_an_entity_of_nothing_but_space_is_left_out() -> None:
    assert list(place_groups([Group(1, 3, "X", 1.0)], Graphemes("a \u200bb"))) == []

from __future__ import annotations

from pathlib import Path

from tests.feedback.world import said, write_labels

from dragoman.feedback.repeats import new_labels
from dragoman.records import Label
from dragoman.store.tables import DeltaTables


def fresh(folder: Path, kept: list[Label], given: list[Label], *, timed: bool = True) -> list[Label]:
    tables = DeltaTables(folder)
    if kept:
        write_labels(tables, kept)
    return new_labels(tables, "support", given, [timed] * len(given))


def test_the_same_labels_are_kept_once(tmp_path):
    given = [said("p"), said("q", "b")]
    assert fresh(tmp_path, given, given) == []
    assert fresh(tmp_path / "new", [], [*given, *given]) == given


def test_when_it_came_does_not_matter(tmp_path):
    assert fresh(tmp_path, [said("p", received="2020")], [said("p", received="2021")]) == []


def test_another_label_source_labeler_or_time_is_new(tmp_path):
    given = [said("p", "b"), said("p", source="x"), said("p", labeler="ana"), said("p", days=2), said("q")]
    assert fresh(tmp_path, [said("p"), said("q", model="intents")], given) == given


def test_a_label_without_a_time_says_again_what_was_said_at_any_time(tmp_path):
    assert fresh(tmp_path, [said("p", days=9)], [said("p", days=0), said("p", "b", days=0)], timed=False) == [
        said("p", "b", days=0)
    ]


def test_who_changes_their_mind_and_back_in_one_file_says_three_things(tmp_path):
    given = [said("p", "a", days=3), said("p", "b", days=2), said("p", "a", days=1), said("p", "a", days=0)]
    assert fresh(tmp_path, [], given, timed=False) == given[:3]

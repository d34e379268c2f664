from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.feedback.world import answer, said, span, write_answers, write_labels

from dragoman.feedback.joining import join_labels
from dragoman.feedback.learning import Collected, Columns, Known, Terms, collected_of, heard_labels
from dragoman.records import Example, Label, PredictionRow

SOURCES = ["audit", "review"]


def example(id: str, text: str, *, split: str = "train", label: str = "refund", **fields: Any) -> Example:
    return Example(id=id, text=text, label=label, split=split, **{"language": "de", **fields})


def asked(id: str, text: str | None, **fields: Any) -> PredictionRow:
    return answer(id, text=text, **fields)


def reviewed(id: str, label: str = "refund", *, source: str = "review", **fields: Any) -> Label:
    return said(id, label, source=source, **fields)


def collect(
    folder: Path,
    answers: Iterable[PredictionRow],
    labels: Iterable[Label],
    *,
    data: Sequence[Example] = (),
    learned: Sequence[Example] = (),
    audits: Mapping[str, float] | None = None,
    trusted: Sequence[str] = SOURCES,
    **changes: Any,
) -> Collected:
    tables = write_labels(write_answers(folder, answers), labels)
    terms = Terms("support", 1, {"refund", "invoice"}, {"de", "en"}, Columns(frozenset(), frozenset()), True, 0)
    with join_labels(tables, span(), sources=trusted, audits=audits) as join:
        heard = heard_labels(join, sources=SOURCES, learned=[one.id.removeprefix("label:") for one in learned])
    return collected_of(heard, Known.of_examples(data), learned, terms._replace(**changes))


def test_a_label_becomes_a_row_that_its_prediction_names(tmp_path: Path) -> None:
    found = collect(tmp_path, [asked("p1", "geld zurück")], [reviewed("p1", "invoice")])
    assert found.rows == [example("label:p1", "geld zurück", label="invoice", split=found.rows[0].split)]
    assert (found.new, found.refused, found.total) == ({"de": 1}, {}, 1)


@pytest.mark.parametrize(
    ("row", "label", "reason"),
    [
        (asked("p1", "a"), reviewed("p1", source="agents"), "source"),
        (asked("p1", "a"), reviewed("p1", "complaint"), "unknown label"),
        (asked("p1", "a", language="th"), reviewed("p1"), "language"),
        (asked("p1", None), reviewed("p1"), "nothing kept"),
        (asked("p2", "a"), reviewed("p1"), "not in the log"),
    ],
)
def test_what_cannot_be_learned_is_refused_and_counted(
    tmp_path: Path, row: PredictionRow, label: Label, reason: str
) -> None:
    found = collect(tmp_path, [row], [label])
    assert (found.rows, found.new, found.refused) == ([], {}, {reason: 1})


def test_a_region_is_its_language(tmp_path: Path) -> None:
    assert collect(tmp_path, [asked("p1", "a", language="de-AT")], [reviewed("p1")]).new == {"de": 1}


def test_copies_and_failures_are_not_learned_from(tmp_path: Path) -> None:
    answers = [asked("p1", "a", mirrored=True), asked("p2", "b", error="Overloaded")]
    assert collect(tmp_path, answers, [reviewed("p1"), reviewed("p2")]).rows == []


def test_the_same_text_counts_once_by_its_oldest_prediction_and_the_majority(tmp_path: Path) -> None:
    answers = [asked(f"p{number}", text, days=20 - number) for number, text in enumerate(["Geld!", "geld", "GELD"])]
    labels = [reviewed("p0"), reviewed("p1", "invoice"), reviewed("p2", "invoice")]
    found = collect(tmp_path, answers, labels)
    assert [(row.id, row.text, row.label) for row in found.rows] == [("label:p0", "Geld!", "invoice")]
    assert found.refused == {"repeated": 2}


def test_a_text_whose_labels_contradict_each_other_evenly_is_refused(tmp_path: Path) -> None:
    found = collect(tmp_path, [asked("p1", "a"), asked("p2", "A")], [reviewed("p1"), reviewed("p2", "invoice")])
    assert (found.rows, found.refused) == ([], {"contradicted": 1, "repeated": 1})


def test_the_same_words_in_another_language_are_another_text_in_the_same_split(tmp_path: Path) -> None:
    answers = [asked("p1", "ok"), asked("p2", "ok", language="en")]
    found = collect(tmp_path, answers, [reviewed("p1"), reviewed("p2", "invoice")])
    assert found.new == {"de": 1, "en": 1}
    assert len({row.split for row in found.rows}) == 1


def test_a_more_trusted_source_overrules_those_that_may_be_learned_from(tmp_path: Path) -> None:
    labels = [reviewed("p1"), reviewed("p1", "invoice", source="court")]
    found = collect(tmp_path, [asked("p1", "a")], labels, trusted=["court", *SOURCES])
    assert found.refused == {"overruled": 1}


def test_a_text_of_the_data_is_not_learned_again(tmp_path: Path) -> None:
    data = [example("d1", "geld zurück", split="test")]
    assert collect(tmp_path, [asked("p1", "geld zurück")], [reviewed("p1")], data=data).refused == {"in the data": 1}


@pytest.mark.parametrize("split", ["train", "dev", "test"])
def test_a_text_like_one_of_the_data_takes_its_split(tmp_path: Path, split: str) -> None:
    found = collect(
        tmp_path, [asked("p1", "Geld zurück!")], [reviewed("p1")], data=[example("d1", "geld zurück", split=split)]
    )
    assert [row.split for row in found.rows] == [split]


def test_rows_beyond_the_share_of_the_old_ones_wait(tmp_path: Path) -> None:
    answers = [asked(f"p{number}", f"text {number}", days=20 - number) for number in range(9)]
    data = [example(f"d{number}", f"alt {number}") for number in range(4)]
    found = collect(tmp_path, answers, [reviewed(row.id) for row in answers], data=data, replay=2.0)
    train = [row for row in found.rows if row.split == "train"]
    assert (len(train), found.new["de"] + found.held["de"]) == (2, 9)


def test_the_order_in_which_answers_and_labels_came_changes_nothing(tmp_path: Path) -> None:
    answers = [asked(f"p{number}", f"text {number % 7}", days=20 - number) for number in range(20)]
    labels = [reviewed(f"p{number}", "invoice" if number % 3 else "refund", days=number) for number in range(20)]
    data = [example(f"d{number}", f"alt {number}") for number in range(5)]
    one = collect(tmp_path / "one", answers, labels, data=data, replay=2.0)
    other = collect(tmp_path / "other", answers[::-1], labels[::-1], data=data[::-1], replay=2.0)
    assert one == other


# What was learned before --------------------------------------------------------------------------------------------


def test_what_the_champion_has_learned_from_is_not_new(tmp_path: Path) -> None:
    learned = [example("label:p1", "a", split="dev")]
    found = collect(tmp_path, [asked("p1", "a")], [reviewed("p1", "invoice")], learned=learned)
    assert (found.rows, found.new) == ([example("label:p1", "a", label="invoice", split="dev")], {})


def test_what_the_log_has_no_longer_stays_learned(tmp_path: Path) -> None:
    learned = [example("label:p0", "lange her")]
    found = collect(tmp_path, [asked("p1", "a")], [reviewed("p1")], learned=learned)
    assert [row.id for row in found.rows] == ["label:p0", "label:p1"]
    assert found.new == {"de": 1}


@pytest.mark.parametrize("is_logged", [True, False])
def test_a_label_that_was_taken_back_is_learned_no_longer(tmp_path: Path, *, is_logged: bool) -> None:
    labels = [reviewed("p1", days=10), reviewed("p1", "", days=9)]
    answers = [asked("p1" if is_logged else "p2", "a")]
    assert collect(tmp_path, answers, labels, learned=[example("label:p1", "a")]).rows == []


def test_what_has_come_into_the_data_is_no_longer_a_row_of_labels(tmp_path: Path) -> None:
    old = example("label:p0", "lange her")
    found = collect(tmp_path, [asked("p1", "a")], [], learned=[old], data=[example("d1", "lange her")])
    assert found.rows == []


# Echoes -------------------------------------------------------------------------------------------------------------


def echoed(folder: Path, *, audits: int) -> Collected:
    """Reviewers agree with every answer but one; of the audits every third one says that it is wrong."""
    answers = [asked(f"r{number}", f"review {number}") for number in range(300)]
    answers += [asked(f"a{number}", f"audit {number}") for number in range(audits)]
    labels = [reviewed(f"r{number}", "invoice" if number == 7 else "refund") for number in range(300)]
    labels += [
        reviewed(f"a{number}", "refund" if number % 3 else "invoice", source="audit") for number in range(audits)
    ]
    return collect(folder, answers, labels, audits={f"a{number}": 0.1 for number in range(audits)})


def test_labels_by_which_an_echo_agrees_do_not_train_and_its_corrections_do(tmp_path: Path) -> None:
    found = echoed(tmp_path, audits=60)
    assert [(one.source, one.labels, one.held) for one in found.echoes] == [("review", 300, 299)]
    assert found.refused == {"echo": 299}
    assert [row.id for row in found.rows if row.id.startswith("label:r")] == ["label:r7"]
    assert found.total == 61


def test_without_enough_audits_nobody_is_called_an_echo(tmp_path: Path) -> None:
    found = echoed(tmp_path, audits=10)
    assert (found.echoes, found.total) == ([], 310)


def test_the_summary_is_plain(tmp_path: Path) -> None:
    found = echoed(tmp_path, audits=60).summary()
    assert found["rows"] == 61
    assert found["echoes"][0]["source"] == "review"


# Columns ------------------------------------------------------------------------------------------------------------


def test_rows_of_a_table_are_told_apart_by_what_the_model_reads(tmp_path: Path) -> None:
    columns = Columns(frozenset({"age"}), frozenset({"orders"}))
    answers = [
        asked("p1", None, features={"age": 3, "name": "x", "orders.count": 2}),
        asked("p2", None, features={"age": 3.0, "name": "y", "orders.count": 2}),
        asked("p3", None, features={"age": 3, "orders.count": 5}),
        asked("p4", None, features={"name": "z"}),
    ]
    labels = [reviewed(f"p{number}") for number in range(1, 5)]
    found = collect(tmp_path, answers, labels, columns=columns, reads_text=False)
    assert [row.features for row in found.rows] == [{"age": 3, "orders.count": 2}, {"age": 3, "orders.count": 5}]
    assert found.refused == {"nothing kept": 1, "repeated": 1}


def test_rows_of_a_table_that_are_in_it_with_another_label_are_learned_in_their_split() -> None:
    known = Known.of_rows([({"age": 3}, "refund", "test", "de")])
    assert known.train == {"de": 0}
    assert list(known.splits.values()) == ["test"]

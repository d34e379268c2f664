from __future__ import annotations

import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.feedback.world import NOW, answer, at, said, span, write_answers, write_labels

from dragoman.errors import Untrusted
from dragoman.feedback.joining import count_unknown, join_labels
from dragoman.monitoring.prediction_log.schema import encode_row, table_of
from dragoman.records import Judged, Label, LabelCounts, PredictionRow
from dragoman.store.tables import DeltaTables

SOURCES = ["review", "form"]


def joined(
    folder: Path, rows: list[PredictionRow], labels: list[Label], *, version: str = "1", **how: Any
) -> tuple[dict[str, Judged], LabelCounts]:
    tables = write_answers(folder, rows)
    if labels:
        write_labels(tables, labels)
    with join_labels(tables, span(version=version), **{"sources": SOURCES, **how}) as join:
        return {one.prediction_id: one for one in join.judged()}, join.counts()


def truth(folder: Path, *labels: Label) -> tuple[str, bool]:
    judged, _ = joined(folder, [answer("p")], list(labels))
    return judged["p"].truth, judged["p"].contradicted


def test_of_one_source_the_newest_label_counts(tmp_path):
    assert truth(tmp_path, said("p", "a", days=3), said("p", "b", days=2), said("p", "c", days=9)) == ("b", True)


def test_a_trusted_source_counts_more_than_a_newer_label(tmp_path):
    old = said("p", "a", days=9, source="review")
    assert truth(tmp_path, old, said("p", "b", days=1), said("p", "c", days=0, source="bot")) == ("a", True)


def test_sources_without_a_name_come_last_and_the_newest_of_them_counts(tmp_path):
    assert truth(tmp_path, said("p", "a", days=2, source="x"), said("p", "b", days=1, source="")) == ("b", True)


def test_of_labels_told_at_one_time_the_one_that_came_last_counts(tmp_path):
    labels = [said("p", label, days=2, received=at(came)) for label, came in (("a", 2), ("b", 1), ("c", 1.5))]
    assert truth(tmp_path, *labels) == ("b", True)


def test_a_label_without_a_readable_time_is_the_oldest(tmp_path):
    odd = said("p", "a", received=at(0))
    assert truth(tmp_path, Label(**{**_fields(odd), "time": "yesterday"}), said("p", "b", days=19)) == ("b", True)


def _fields(label: Label) -> dict[str, Any]:
    return {name: getattr(label, name) for name in label.__struct_fields__}


def test_the_delay_is_that_of_the_first_label_and_never_below_zero(tmp_path):
    rows = [answer("p", days=10), answer("q", days=10)]
    labels = [said("p", days=8), said("p", days=9, source="review"), said("q", days=11)]
    judged, _ = joined(tmp_path, rows, labels)
    assert [judged[id].delay for id in "pq"] == [86_400.0, 0.0]


def test_times_in_other_zones_are_the_same_times(tmp_path):
    late = Label(
        prediction_id="p", model="support", label="b", source="form", time="2026-05-30T01:00:00+05:00", received=""
    )
    assert truth(tmp_path, late, Label(**{**_fields(late), "label": "a", "time": "2026-05-29T20:30:00Z"})) == (
        "a",
        True,
    )


def test_copies_failures_other_versions_and_other_models_have_no_truth(tmp_path):
    rows = [
        answer("copy", mirrored=True),
        answer("failed", error="Overloaded"),
        answer("other", version="2"),
        answer("foreign", model="intents"),
        answer("p"),
    ]
    judged, counts = joined(tmp_path, rows, [said(row.id) for row in rows])
    assert set(judged) == {"p"}
    assert (counts.labels, counts.judged, counts.unknown) == (5, 2, 1)  # of the model, whatever the version


def test_all_versions_are_looked_at_where_none_is_named(tmp_path):
    judged, _ = joined(tmp_path, [answer("p"), answer("q", version="2")], [said("p"), said("q")], version="")
    assert {one.version for one in judged.values()} == {"1", "2"}


def test_an_empty_label_takes_back_what_its_source_said_before(tmp_path):
    review = {"source": "review"}
    labels = [said("p", "a", days=9, **review), said("p", "", days=8, **review), said("p", "b", days=9)]
    labels += [said("q", "a", days=9, **review), said("q", "", days=8, **review), said("q", "c", days=7, **review)]
    labels += [said("r", "a", days=9, **review), said("r", "", days=9, received=at(8), **review)]
    judged, counts = joined(tmp_path, [answer("p"), answer("q"), answer("r")], labels)
    assert {id: (one.truth, one.contradicted) for id, one in judged.items()} == {"p": ("b", False), "q": ("c", False)}
    assert counts.labels == 2


def test_labels_are_counted_with_what_became_of_them(tmp_path):
    labels = [
        said("p"),
        said("p", source="review"),
        said("q", "a"),
        said("q", "b"),
        said("nobody"),
        said("nobody", "b"),
    ]
    _, counts = joined(tmp_path, [answer("p"), answer("q")], labels)
    assert (counts.labels, counts.judged, counts.repeated, counts.contradictions, counts.unknown) == (6, 2, 1, 1, 2)
    assert counts.sources == {"form": 5, "review": 1}


def test_audits_carry_the_probability_with_which_they_were_drawn(tmp_path):
    judged, _ = joined(tmp_path, [answer("p"), answer("q")], [said("p"), said("q")], audits={"p": 0.25, "z": 1.0})
    assert [(judged[id].is_audit, judged[id].inclusion) for id in "pq"] == [(True, 0.25), (False, 0.0)]


def test_a_prediction_on_its_way_to_the_table_is_known(tmp_path):
    pending, _ = table_of([encode_row(answer(id)) for id in ("p", "q")] + [encode_row(answer("r", model="intents"))])
    judged, counts = joined(tmp_path, [answer("p")], [said("p"), said("q"), said("r")], pending=pending)
    assert set(judged) == {"p", "q"}
    assert counts.unknown == 1


def test_without_tables_there_is_nothing(tmp_path):
    with join_labels(DeltaTables(tmp_path), span()) as join:
        assert list(join.judged()) == []
        assert join.counts().labels == 0


def test_a_table_whose_files_were_changed_is_refused(tmp_path):
    tables = write_answers(tmp_path, [answer("p")])
    for path in tmp_path.glob("predictions/**/*.parquet"):
        path.write_bytes(b"no")
    write_labels(tables, [said("p")])
    with pytest.raises(Untrusted), join_labels(tables, span()):
        pass


def test_ids_that_are_not_in_the_log_are_counted_once(tmp_path):
    tables = write_answers(tmp_path, [answer("p"), answer("foreign", model="intents")])
    pending, _ = table_of([encode_row(answer("q"))])
    assert count_unknown(tables, "support", ["p", "q", "foreign", "x", "x"], pending=pending) == 2


# A brute-force oracle

HOURS = st.sampled_from([0, 1, 2, 3])
ANSWERS = st.lists(st.tuples(HOURS, st.booleans(), st.sampled_from(["1", "2"])), max_size=4)
LABELS = st.lists(
    st.tuples(
        st.integers(0, 5),  # of which prediction; the last ones do not exist
        st.sampled_from(["a", "b"]),
        st.sampled_from(["review", "form", "bot", ""]),
        HOURS,
        HOURS,
        st.sampled_from(["ana", "bo"]),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(ANSWERS, LABELS)
def test_every_truth_is_what_a_plain_search_finds(answers, labels):
    rows = [
        answer(str(n), days=10 - hour / 24, mirrored=is_copy, version=version)
        for n, (hour, is_copy, version) in enumerate(answers)
    ]
    told = [
        said(str(id), label, source=source, days=10 - time / 24, received=at(10 - came / 24), labeler=who)
        for id, label, source, time, came, who in labels
    ]
    with tempfile.TemporaryDirectory() as folder:
        judged, counts = joined(Path(folder), rows, told)
    assert {id: (one.truth, one.source, one.labeler, one.contradicted) for id, one in judged.items()} == {
        row.id: found for row in rows if row.version == "1" and not row.mirrored and (found := searched(row.id, told))
    }
    assert counts.unknown == sum(one.prediction_id not in {row.id for row in rows} for one in told)
    said_by: defaultdict[str, list[str]] = defaultdict(list)
    for one in told:
        said_by[one.prediction_id].append(one.label)
    assert counts.repeated == sum(len(found) - len(set(found)) for found in said_by.values())


def searched(id: str, labels: list[Label]) -> tuple[str, str, str, bool] | None:
    own = [one for one in labels if one.prediction_id == id]
    if not own:
        return None
    ranks = {"review": 0, "form": 1}
    own.sort(key=lambda one: (one.source, one.labeler, one.label))
    own.sort(key=lambda one: one.received, reverse=True)
    own.sort(key=lambda one: one.time, reverse=True)
    own.sort(key=lambda one: ranks.get(one.source, 2))
    best = own[0]
    return best.label, best.source, best.labeler, len({one.label for one in own}) > 1


def test_the_newest_end_of_a_span_is_left_out(tmp_path):
    judged, _ = joined(tmp_path, [answer("p", days=0), answer("q", days=1)], [said("p"), said("q")])
    assert set(judged) == {"q"}
    assert NOW.isoformat() == at(0)

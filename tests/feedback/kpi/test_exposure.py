from __future__ import annotations

from datetime import timedelta

import msgspec
import numpy as np
import pytest
from tests.feedback.kpi.world import PULSE, RELEASE, RESOLVED, SPENT, asked, did, exposed, written
from tests.feedback.world import NOW

from dragoman.errors import Untrusted
from dragoman.feedback.joining import Span
from dragoman.feedback.kpi.exposure import Cohort, expose
from dragoman.monitoring.prediction_log.schema import PARTITIONS, encode_row, table_of
from dragoman.store.tables import DeltaTables

SPAN = Span("support", "", NOW - timedelta(days=60), NOW)


def nameless(row, subject=""):
    return msgspec.structs.replace(row, subject=subject)


def values(exposure, kpi=RESOLVED):
    return exposure.outcomes(kpi).values.tolist()


def test_what_a_subject_did_in_its_time_counts_and_nothing_else(tmp_path):
    rows = [asked(n, days=20 - n / 100) for n in range(1, 6)]
    events = [did(1, days=15), did(2, days=12.9), did(3, days=21), did(4, "spent"), did(9), *PULSE]
    with exposed(tmp_path, rows, events) as exposure:
        assert values(exposure) == [1, 0, 0, 0, 0]


def test_a_sum_is_cut_and_a_share_counts_a_subject_once(tmp_path):
    spent = [did(1, "spent", value=4, days=19), did(1, "spent", value=1, days=18), did(2, "spent", value=99)]
    with exposed(
        tmp_path, [asked(1, days=20), asked(2, days=19.5)], [*spent, did(1), did(1, days=18), *PULSE]
    ) as found:
        assert values(found, SPENT) == [0.5, 1.0]
        assert values(found) == [1, 0]


def test_an_event_that_is_told_twice_counts_once(tmp_path):
    events = [did(1, "spent", value=2, id="a"), did(1, "spent", value=2, id="a"), did(1, "spent", value=3, id="b")]
    with exposed(tmp_path, [asked(1)], [*events, *PULSE]) as exposure:
        assert values(exposure, SPENT) == [0.5]


def test_a_subject_belongs_to_the_arm_that_it_was_given_first(tmp_path):
    rows = [asked(1, days=20), asked(1, days=18, share=0.8, treated=True), asked(2, days=19, treated=True)]
    with exposed(tmp_path, rows, PULSE) as exposure:
        found = exposure.outcomes(RESOLVED)
    assert (found.treated.tolist(), found.share.tolist(), found.moved.tolist()) == ([0, 1], [0.5, 0.5], [True, False])


def test_where_the_challenger_failed_its_subject_stays_its_own(tmp_path):
    fallen = asked(1, treated=True, version="1", arm="champion")
    with exposed(tmp_path, [fallen], PULSE) as exposure:
        assert exposure.outcomes(RESOLVED).treated.tolist() == [1]


def test_copies_and_shadow_and_other_releases_and_nameless_ones_expose_nobody(tmp_path):
    rows = [
        asked(1, mirrored=True),
        asked(2, share=0.0),
        asked(3, release="older"),
        asked(4, release="", arm="", assigned=""),
        nameless(asked(5)),
        asked(6, error="Overloaded"),
        asked(7, model="other"),
    ]
    with exposed(tmp_path, rows, PULSE) as exposure:
        assert values(exposure) == []
        assert exposure.waiting(RESOLVED) == {}


def test_a_subject_of_shadow_counts_from_its_first_answer_of_the_canary(tmp_path):
    rows = [asked(1, days=30, share=0.0), asked(1, days=20, treated=True)]
    with exposed(tmp_path, rows, [did(1, days=28), *PULSE]) as exposure:
        assert (values(exposure), exposure.outcomes(RESOLVED).treated.tolist()) == ([0], [1])


def test_those_whose_time_is_not_over_wait(tmp_path):
    rows = [asked(1, days=8), asked(2, days=6), asked(3, days=1, treated=True, language="th")]
    with exposed(tmp_path, rows, [did(1, days=7), did(2, days=5), *PULSE]) as exposure:
        assert values(exposure) == [1]
        assert exposure.cohorts == [Cohort("", "de"), Cohort("", "th")]
        assert exposure.waiting(RESOLVED) == {(0, False): 1, (1, True): 1}


def test_time_is_over_only_as_far_as_events_of_the_name_are_known(tmp_path):
    rows = [asked(1, days=30), asked(2, days=20)]
    with exposed(tmp_path, rows, [did(1, days=22), *PULSE[1:]]) as exposure:
        assert (values(exposure), sum(exposure.waiting(RESOLVED).values())) == ([0], 1)
        assert len(values(exposure, SPENT)) == 2


def test_without_events_of_a_name_all_its_subjects_wait(tmp_path):
    with exposed(tmp_path, [asked(1)], []) as exposure:
        assert not exposure.has_events(RESOLVED)
        assert (values(exposure), exposure.waiting(RESOLVED)) == ([], {(0, False): 1})


def test_steps_of_everybody_compare_nothing(tmp_path):
    rows = [asked(1, share=1.0, treated=True), asked(2)]
    with exposed(tmp_path, rows, PULSE) as exposure:
        assert exposure.uncompared() == 1
        assert [one.tolist() for one in exposure.drawn()] == [[0], [0.5]]


def test_subjects_come_in_the_order_of_their_first_answers(tmp_path):
    rows = [asked(n, days=40 - (n * 7) % 20, treated=n % 2 == 0) for n in range(20)]
    with exposed(tmp_path, rows, PULSE) as exposure:
        treated = exposure.outcomes(RESOLVED).treated
    assert treated.tolist() == [float(row.arm == "challenger") for row in sorted(rows, key=lambda row: row.time)]


def test_rows_that_are_not_in_the_table_yet_count_once(tmp_path):
    rows = [asked(1), asked(2, treated=True)]
    pending, _ = table_of([encode_row(row) for row in [rows[0], asked(3)]])
    with exposed(tmp_path, rows, PULSE, pending=pending) as exposure:
        assert len(values(exposure)) == 3


def test_a_log_from_before_arms_were_kept_compares_nobody(tmp_path):
    old = table_of([encode_row(asked(1))])[0].drop_columns(["assigned", "share"])
    tables = DeltaTables(tmp_path)
    tables.append_once("predictions", old, app="test", number=1, partition_by=PARTITIONS)
    with expose(tables, SPAN, names=[], release=RELEASE) as exposure:
        assert exposure.cohorts == []


def test_a_pseudonym_that_is_none_is_left_out(tmp_path):
    with exposed(tmp_path, [nameless(asked(1), "nobody"), asked(2)], PULSE) as exposure:
        assert len(values(exposure)) == 1


def test_without_any_log_there_is_nobody(tmp_path):
    with exposed(tmp_path, [], []) as exposure:
        assert (values(exposure), exposure.waiting(RESOLVED), exposure.uncompared()) == ([], {}, 0)


def test_files_that_were_changed_are_noticed(tmp_path):
    tables = written(tmp_path, [asked(1)], PULSE)
    (path,) = (tmp_path / "kpi-events").glob("*.parquet")
    path.write_bytes(b"no parquet")
    with pytest.raises(Untrusted, match="'predictions' or 'kpi-events'"), expose(tables, SPAN, names=["resolved"]):
        pass


def test_the_same_rows_give_the_same_outcomes_however_they_lie(tmp_path):
    rows = [asked(n % 50, days=30 - n / 10, share=0.1 + 0.2 * (n // 60), treated=n % 3 == 0) for n in range(200)]
    events = [*(did(n, days=24) for n in range(0, 50, 7)), *PULSE]
    found = []
    for order in (rows, rows[::-1]):
        with exposed(tmp_path / str(len(found)), order, events) as exposure:
            found.append(exposure.outcomes(RESOLVED))
    assert all(np.array_equal(a, b) for a, b in zip(*found, strict=True))

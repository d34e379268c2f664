"""What every catalog keeps of the loop: jobs, decisions to retrain, snapshots of quality."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest

from dragoman.errors import Conflict, InvalidInput, NotFound
from dragoman.records import (
    Block,
    By,
    Interval,
    Job,
    LabelCounts,
    LanguageQuality,
    LiveQuality,
    RetrainDecision,
    Spent,
    Trigger,
)
from dragoman.store.base import Catalog

__all__ = ["LOOP_CHECKS", "live_quality", "loop_job", "retrain_decision"]

replace = msgspec.structs.replace


def loop_job(**changes: Any) -> Job:
    job = Job(
        id="evaluate:support:2026-01-02T09",
        kind="evaluate",
        model="support",
        input={"hours": 1},
        due="2026-01-02T09:00:00.000Z",
        created="2026-01-02T09:00:00.000Z",
    )
    return replace(job, **changes)


def retrain_decision(**changes: Any) -> RetrainDecision:
    decision = RetrainDecision(
        id="d1",
        model="support",
        champion=3,
        time="2026-01-02T09:00:00.000Z",
        verdict="wait",
        triggers=[Trigger(kind="labels", text="620 new labels; 500 are worth a training.", value=620.0, limit=500.0)],
        blocks=[Block(kind="cooldown", text="The last training was 2 days ago.", until="2026-01-07T00:00:00.000Z")],
        evidence={"labels": {"hi": 300, "pt": 320}, "quality": None},
        estimate=Spent(seconds=600.0),
    )
    return replace(decision, **changes)


def live_quality(**changes: Any) -> LiveQuality:
    language = LanguageQuality(
        language="hi",
        predictions=120,
        mature=100,
        labelled=60,
        audited=40,
        accuracy=Interval(value=0.8, low=0.7, high=0.9, n=40),
        sample=None,
        given=None,
        expected=None,
        evaluated=0.9,
    )
    quality = LiveQuality(
        model="support",
        version="3",
        since="2025-12-26T09:00:00.000Z",
        until="2026-01-02T09:00:00.000Z",
        maturity_days=1.0,
        level=0.95,
        languages=[language],
        delays=[],
        labels=LabelCounts(labels=60, judged=60, repeated=0, contradictions=0, unknown=0, sources={"audit": 60}),
        notes=["no audit sample"],
    )
    return replace(quality, **changes)


# Jobs ---------------------------------------------------------------------------------------------------------------


def jobs_come_back_as_they_were_added(catalog: Catalog) -> None:
    job = loop_job(output={"rows": [1, 2.5, None]}, spent=Spent(seconds=1.5, cpu_seconds=3.0))
    added = catalog.add_job(job)
    assert added == catalog.job(job.id) == replace(job, revision=1)
    assert catalog.jobs() == [added]
    with pytest.raises(NotFound, match="no job 'retrain:support'"):
        catalog.job("retrain:support")


def a_job_that_is_there_is_not_added_again(catalog: Catalog) -> None:
    done = catalog.save_job(replace(catalog.add_job(loop_job()), status="done"))
    assert catalog.add_job(loop_job(input={"hours": 2})) == done
    assert catalog.jobs() == [done]


def jobs_are_chosen_by_model_kind_status_and_time(catalog: Catalog) -> None:
    catalog.add_job(loop_job(id="b", created="2026-01-02T10:00:00.000Z"))
    catalog.add_job(loop_job(id="c", kind="compact", model="", status="running"))
    catalog.add_job(loop_job(id="a"))
    assert [job.id for job in catalog.jobs()] == ["a", "c", "b"]
    assert [job.id for job in catalog.jobs(model="support")] == ["a", "b"]
    assert [job.id for job in catalog.jobs(model="")] == ["c"]
    assert [job.id for job in catalog.jobs(kinds=["compact", "queue"])] == ["c"]
    assert [job.id for job in catalog.jobs(statuses=["waiting"])] == ["a", "b"]
    assert [job.id for job in catalog.jobs(since="2026-01-02T09:30")] == ["b"]
    assert catalog.jobs(model="nobody") == catalog.jobs(model="\ud800") == []


def a_job_is_replaced_only_from_its_revision(catalog: Catalog) -> None:
    job = catalog.add_job(loop_job())
    begun = catalog.save_job(replace(job, status="running", attempts=1))
    assert begun.revision == 2
    assert catalog.job(job.id) == begun
    with pytest.raises(Conflict, match="has revision 2; expected was 1"):
        catalog.save_job(replace(job, status="done"))
    assert catalog.job(job.id) == begun
    with pytest.raises(NotFound):
        catalog.save_job(loop_job(id="other", revision=1))


def of_many_who_begin_a_job_one_does(catalog: Catalog) -> None:
    job = catalog.add_job(loop_job())

    def begin(number: int) -> int:
        try:
            catalog.save_job(replace(job, status="running", holder=f"w{number}"))
        except Conflict:
            return 0
        return 1

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(begin, range(8))) == 1
    assert catalog.job(job.id).revision == 2


def of_many_who_add_a_job_all_have_the_same(catalog: Catalog) -> None:
    with ThreadPoolExecutor(4) as pool:
        added = list(pool.map(lambda number: catalog.add_job(loop_job(input={"from": number})), range(8)))
    assert added == [catalog.job(loop_job().id)] * 8


def trainings_are_told_to_the_audit_log(catalog: Catalog) -> None:
    by = By(actor="ada", reason="new refund policy")
    job = catalog.add_job(loop_job(id="retrain:support:d1", kind="retrain"), by=by)
    job = catalog.save_job(replace(job, status="running"))
    job = catalog.save_job(replace(job, stage="assemble"))
    catalog.save_job(replace(job, status="failed", error="No space left."))
    rows = catalog.audit_rows(action="job.")
    assert [(row.action, row.subject) for row in rows] == [
        ("job.added", "jobs:/retrain:support:d1"),
        ("job.failed", "jobs:/retrain:support:d1"),
    ]
    assert (rows[0].actor, rows[0].detail["reason"]) == ("ada", "new refund policy")
    assert rows[1].detail["error"] == "No space left."


def what_comes_again_and_again_is_not_told(catalog: Catalog) -> None:
    job = catalog.add_job(loop_job())
    catalog.save_job(replace(job, status="done"))
    assert catalog.audit_rows() == []


def old_jobs_that_are_over_are_forgotten(catalog: Catalog) -> None:
    over = {"status": "done", "finished": "2026-01-02T09:10:00.000Z"}
    catalog.add_job(loop_job(id="old", **over))
    catalog.add_job(loop_job(id="waiting"))
    catalog.add_job(loop_job(id="retrain", kind="retrain", **over))
    catalog.add_job(loop_job(id="new", status="cancelled", finished="2026-01-09T09:00:00.000Z"))
    assert catalog.forget_jobs("2026-01-09", kinds=["evaluate", "queue"]) == 1
    assert [job.id for job in catalog.jobs()] == ["new", "retrain", "waiting"]
    assert catalog.forget_jobs("2027-01-01", kinds=[]) == 0


def a_job_that_cannot_be_stored_changes_nothing(catalog: Catalog) -> None:
    with pytest.raises(InvalidInput):
        catalog.add_job(loop_job(model="\ud800"))
    job = catalog.add_job(loop_job())
    with pytest.raises(InvalidInput):
        catalog.save_job(replace(job, error="\ud800"))
    assert catalog.jobs() == [job]


def a_lease_of_no_time_frees_it_and_asks_for_it(catalog: Catalog) -> None:
    assert catalog.lease("job x", "me", seconds=60.0)
    assert not catalog.lease("job x", "other", seconds=0.0)
    assert catalog.lease("job x", "me", seconds=0.0)
    assert catalog.lease("job x", "other", seconds=0.0)
    assert catalog.lease("job x", "me", seconds=60.0)


# Decisions ----------------------------------------------------------------------------------------------------------


def decisions_come_back_as_they_were_saved(catalog: Catalog) -> None:
    saved = catalog.save_decision(retrain_decision())
    assert saved == catalog.decision("d1") == retrain_decision(revision=1)
    with pytest.raises(NotFound, match="no decision 'd9'"):
        catalog.decision("d9")


def a_decision_is_replaced_only_from_its_revision(catalog: Catalog) -> None:
    first = catalog.save_decision(retrain_decision())
    approved = catalog.save_decision(replace(first, approved_by="ada"))
    assert approved == catalog.decision("d1") == retrain_decision(approved_by="ada", revision=2)
    with pytest.raises(Conflict, match="has revision 2; expected was revision 1"):
        catalog.save_decision(replace(first, approved_by="bo"))
    with pytest.raises(Conflict, match="has revision 2; expected was that there is none"):
        catalog.save_decision(retrain_decision())
    with pytest.raises(NotFound):
        catalog.save_decision(retrain_decision(id="d9", revision=1))


def decisions_are_chosen_by_model_time_and_verdict(catalog: Catalog) -> None:
    catalog.save_decision(retrain_decision())
    catalog.save_decision(retrain_decision(id="d2", time="2026-01-03T09:00:00.000Z", verdict="train"))
    catalog.save_decision(retrain_decision(id="d3", model="other", verdict="none"))
    assert [one.id for one in catalog.decisions()] == ["d2", "d3", "d1"]
    assert [one.id for one in catalog.decisions(model="support")] == ["d2", "d1"]
    assert [one.id for one in catalog.decisions(since="2026-01-03")] == ["d2"]
    assert [one.id for one in catalog.decisions(verdicts=["none", "wait"])] == ["d3", "d1"]
    assert catalog.decisions(model="\ud800") == []


def every_decision_is_told_to_the_audit_log(catalog: Catalog) -> None:
    first = catalog.save_decision(retrain_decision(), by=By(actor="loop"))
    approved = catalog.save_decision(replace(first, approved_by="ada"), by=By(actor="ada"))
    begun = catalog.save_decision(replace(approved, job="retrain:support:d1"))
    catalog.save_decision(replace(begun, verdict="train"))
    rows = catalog.audit_rows(subject="retrainings:/d1")
    assert [row.action.partition(".")[2] for row in rows] == ["decided", "approved", "begun", "changed"]
    assert [row.actor for row in rows[:2]] == ["loop", "ada"]
    assert (rows[0].detail["triggers"], rows[0].detail["blocks"]) == (["labels"], ["cooldown"])


def of_many_who_decide_the_same_one_does(catalog: Catalog) -> None:
    def decide(number: int) -> int:
        try:
            catalog.save_decision(retrain_decision(evidence={"by": number}))
        except Conflict:
            return 0
        return 1

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(decide, range(8))) == 1
    assert len(catalog.audit_rows(action="retraining.")) == 1


# Quality ------------------------------------------------------------------------------------------------------------


def quality_is_kept_whole(catalog: Catalog) -> None:
    catalog.save_quality(live_quality())
    assert catalog.qualities("support") == [live_quality()]
    assert catalog.audit_rows() == []


def quality_of_the_same_time_is_replaced(catalog: Catalog) -> None:
    catalog.save_quality(live_quality())
    catalog.save_quality(live_quality(notes=[]))
    assert catalog.qualities("support") == [live_quality(notes=[])]


def quality_is_chosen_by_version_and_time(catalog: Catalog) -> None:
    later = live_quality(version="4", until="2026-01-03T09:00:00.000Z")
    for one in (later, live_quality(), live_quality(model="other")):
        catalog.save_quality(one)
    assert catalog.qualities("support") == [live_quality(), later]
    assert catalog.qualities("support", version="3") == [live_quality()]
    assert catalog.qualities("support", since="2026-01-03") == [later]
    assert catalog.qualities("nobody") == catalog.qualities("\ud800") == []


def old_quality_is_forgotten_but_for_the_newest_of_each_version(catalog: Catalog) -> None:
    for day in ("01", "02", "03", "09"):
        catalog.save_quality(live_quality(until=f"2026-01-{day}"))
    catalog.save_quality(live_quality(version="4", until="2026-01-01"))
    assert catalog.forget_qualities("2026-01-03") == 2
    assert [(one.version, one.until) for one in catalog.qualities("support")] == [
        ("4", "2026-01-01"),
        ("3", "2026-01-03"),
        ("3", "2026-01-09"),
    ]


LOOP_CHECKS: list[Callable[[Catalog], None]] = [
    jobs_come_back_as_they_were_added,
    a_job_that_is_there_is_not_added_again,
    jobs_are_chosen_by_model_kind_status_and_time,
    a_job_is_replaced_only_from_its_revision,
    of_many_who_begin_a_job_one_does,
    of_many_who_add_a_job_all_have_the_same,
    trainings_are_told_to_the_audit_log,
    what_comes_again_and_again_is_not_told,
    old_jobs_that_are_over_are_forgotten,
    a_job_that_cannot_be_stored_changes_nothing,
    a_lease_of_no_time_frees_it_and_asks_for_it,
    decisions_come_back_as_they_were_saved,
    a_decision_is_replaced_only_from_its_revision,
    decisions_are_chosen_by_model_time_and_verdict,
    every_decision_is_told_to_the_audit_log,
    of_many_who_decide_the_same_one_does,
    quality_is_kept_whole,
    quality_of_the_same_time_is_replaced,
    quality_is_chosen_by_version_and_time,
    old_quality_is_forgotten_but_for_the_newest_of_each_version,
]

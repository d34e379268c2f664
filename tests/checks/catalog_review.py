"""What every catalog keeps of review: tasks, decisions, draws."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest

from dragoman.errors import Conflict, InvalidInput, NotFound
from dragoman.records import By, ReviewDecision, ReviewDraw, ReviewTask
from dragoman.store.base import Catalog

__all__ = ["REVIEW_CHECKS", "review_decision", "review_draw", "review_task"]

replace = msgspec.structs.replace


def review_task(**changes: Any) -> ReviewTask:
    task = ReviewTask(
        id="t1",
        model="support",
        version="3",
        prediction_id="p1",
        language="de",
        text="wo ist mein geld",
        features={"amount": 3.5},
        predicted="refund",
        score=0.6,
        reason="audit",
        inclusion=0.25,
        created="2026-01-02T09:00:00.000Z",
        expires="2026-01-16T09:00:00.000Z",
    )
    return replace(task, **changes)


def review_draw(**changes: Any) -> ReviewDraw:
    draw = ReviewDraw(
        model="support",
        day="2026-01-02",
        since="2026-01-01",
        until="2026-01-02",
        predictions={"de": 4},
        audits={"de": 1},
        tasks=2,
    )
    return replace(draw, **changes)


def review_decision(**changes: Any) -> ReviewDecision:
    return replace(
        ReviewDecision(task="t1", reviewer="ana", label="refund", time="2026-01-02T10:00:00.000Z"), **changes
    )


def tasks_come_back_as_they_were_added(catalog: Catalog) -> None:
    other = review_task(id="t2", prediction_id="p2", language="fr")
    added = catalog.add_review_tasks(review_draw(), [other, review_task()])
    assert [(task.id, task.revision) for task in added] == [("t2", 1), ("t1", 1)]
    assert catalog.review_tasks() == [review_task(revision=1), replace(other, revision=1)]
    assert catalog.review_task("t1") == review_task(revision=1)
    assert catalog.review_draws("support") == [review_draw()]
    with pytest.raises(NotFound, match="no review task 't9'"):
        catalog.review_task("t9")


def a_day_is_drawn_once(catalog: Catalog) -> None:
    catalog.add_review_tasks(review_draw(), [review_task()])
    assert catalog.add_review_tasks(review_draw(), [review_task(id="t2", prediction_id="p2")]) == []
    assert len(catalog.review_tasks()) == 1
    assert len(catalog.audit_rows(action="review.")) == 1


def no_prediction_is_asked_about_twice(catalog: Catalog) -> None:
    catalog.add_review_tasks(review_draw(), [review_task()])
    again = [review_task(id="t2"), review_task(id="t3", model="other"), review_task(id="t4", prediction_id="p4")]
    added = catalog.add_review_tasks(review_draw(day="2026-01-03"), again)
    assert [task.id for task in added] == ["t3", "t4"]
    assert [draw.day for draw in catalog.review_draws("support")] == ["2026-01-02", "2026-01-03"]


def a_draw_is_told_to_the_audit_log(catalog: Catalog) -> None:
    catalog.add_review_tasks(review_draw(), [review_task()], by=By(actor="ada"))
    (row,) = catalog.audit_rows(action="review.queued")
    assert (row.actor, row.subject, row.detail["audits"]) == ("ada", "review:/support", 1)


def tasks_are_chosen_by_model_status_and_time(catalog: Catalog) -> None:
    late = review_task(id="t2", prediction_id="p2", created="2026-01-05", status="done")
    catalog.add_review_tasks(review_draw(), [review_task(), late, review_task(id="t3", model="other")])
    assert [task.id for task in catalog.review_tasks(model="support")] == ["t1", "t2"]
    assert [task.id for task in catalog.review_tasks(statuses=["done", "expired"])] == ["t2"]
    assert [task.id for task in catalog.review_tasks(since="2026-01-05")] == ["t2"]
    assert catalog.review_tasks(model="nobody") == catalog.review_tasks(model="\ud800") == []


def a_task_is_replaced_only_from_its_revision(catalog: Catalog) -> None:
    (task,) = catalog.add_review_tasks(review_draw(), [review_task()])
    claimed = catalog.save_review_task(replace(task, status="claimed", claimed_by="ana"))
    assert claimed.revision == 2
    assert catalog.review_task("t1") == claimed
    with pytest.raises(Conflict, match="'t1' has revision 2; expected was 1"):
        catalog.save_review_task(replace(task, claimed_by="bo"), review_decision())
    assert catalog.review_decisions() == []
    with pytest.raises(NotFound):
        catalog.save_review_task(review_task(id="t9", revision=1))


def a_decision_is_kept_with_its_task(catalog: Catalog) -> None:
    (task,) = catalog.add_review_tasks(review_draw(), [review_task()])
    done = catalog.save_review_task(replace(task, status="done"), review_decision())
    assert catalog.review_decisions(task="t1") == [review_decision()]
    undone = review_decision(undone="2026-01-02T11:00:00.000Z")
    catalog.save_review_task(replace(done, status="open"), undone)
    assert catalog.review_decisions(task="t1") == [undone]


def a_reviewer_answers_a_task_once(catalog: Catalog) -> None:
    (task,) = catalog.add_review_tasks(review_draw(), [review_task()])
    task = catalog.save_review_task(task, review_decision())
    with pytest.raises(Conflict, match="'ana' has answered the review task 't1' already"):
        catalog.save_review_task(task, review_decision(time="2026-01-02T12:00:00.000Z"))
    assert catalog.review_task("t1") == task
    task = catalog.save_review_task(task, review_decision(undone="2026-01-02T11:00:00.000Z"))
    catalog.save_review_task(task, review_decision(time="2026-01-02T12:00:00.000Z"))
    assert [bool(one.undone) for one in catalog.review_decisions()] == [True, False]


def decisions_are_chosen_by_model_task_reviewer_and_time(catalog: Catalog) -> None:
    tasks = [review_task(), review_task(id="t2", prediction_id="p2"), review_task(id="t3", model="other")]
    for task in catalog.add_review_tasks(review_draw(), tasks):
        time = f"2026-01-02T1{task.id[1]}:00:00.000Z"
        catalog.save_review_task(task, review_decision(task=task.id, reviewer=f"r{task.id}", time=time))
    assert [one.task for one in catalog.review_decisions(model="support")] == ["t1", "t2"]
    assert [one.task for one in catalog.review_decisions(reviewer="rt3")] == ["t3"]
    assert [one.task for one in catalog.review_decisions(since="2026-01-02T12:00:00.000Z")] == ["t2", "t3"]


def of_many_who_take_a_task_one_has_it(catalog: Catalog) -> None:
    (task,) = catalog.add_review_tasks(review_draw(), [review_task()])

    def take(number: int) -> int:
        try:
            catalog.save_review_task(replace(task, status="claimed", claimed_by=f"r{number}"))
        except Conflict:
            return 0
        return 1

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(take, range(8))) == 1
    assert catalog.review_task("t1").revision == 2


def tasks_are_added_all_or_none(catalog: Catalog) -> None:
    with pytest.raises(InvalidInput):
        catalog.add_review_tasks(review_draw(), [review_task(), review_task(id="t2", prediction_id="\ud800")])
    assert catalog.review_tasks() == []
    assert catalog.review_draws("support") == []


REVIEW_CHECKS: list[Callable[[Catalog], None]] = [
    tasks_come_back_as_they_were_added,
    a_day_is_drawn_once,
    no_prediction_is_asked_about_twice,
    a_draw_is_told_to_the_audit_log,
    tasks_are_chosen_by_model_status_and_time,
    a_task_is_replaced_only_from_its_revision,
    a_decision_is_kept_with_its_task,
    a_reviewer_answers_a_task_once,
    decisions_are_chosen_by_model_task_reviewer_and_time,
    of_many_who_take_a_task_one_has_it,
    tasks_are_added_all_or_none,
]

from __future__ import annotations

from tests.checks.catalog_review import review_decision, review_task
from tests.feedback.review.worlds import REVIEWERS

from dragoman.feedback.review.backlog import backlog_of

NOW = "2026-01-03T09:00:00.000+00:00"
LATER = "2026-01-03T10:00:00.000+00:00"


def test_tasks_are_counted_as_they_are_now():
    claim = {"status": "claimed", "claimed_by": "bo"}
    tasks = [
        review_task(),
        review_task(created="2026-01-02T21:00:00.000+00:00", claimed_until=LATER, **claim),
        review_task(claimed_until="2026-01-03T08:00:00.000+00:00", **claim),
        review_task(expires=NOW),
        review_task(status="done", label="refund"),
        review_task(status="done"),
        review_task(status="skipped", language="fr"),
    ]

    german, french = backlog_of("support", tasks, [], REVIEWERS, now=NOW).rows

    counted = (german.open, german.claimed, german.done, german.contested, german.expired, german.skipped)
    assert counted == (2, 1, 2, 1, 1, 0)
    assert german.oldest_hours == 24.0
    assert (french.skipped, french.oldest_hours) == (1, None)


def test_languages_that_nobody_knows_are_named():
    tasks = [review_task(language=name) for name in ("sw", "th", "und")] + [review_task(language="ja", status="done")]
    assert backlog_of("support", tasks, [], REVIEWERS, now=NOW).nobody == ["sw"]


def test_each_reviewer_sees_what_they_did():
    said = [
        review_decision(seconds=30.0),
        review_decision(task="t2", time="2026-01-03T08:00:00.000Z", seconds=10.0),
        review_decision(task="t3", label=""),
        review_decision(task="t4", undone="2026-01-02T11:00:00.000Z"),
    ]
    ana, bo, _ = backlog_of("support", [], said, REVIEWERS, now=NOW).reviewers
    assert (ana.answered, ana.today, ana.skipped, ana.undone, ana.median_seconds) == (2, 1, 1, 1, 30.0)
    assert (bo.answered, bo.median_seconds) == (0, None)

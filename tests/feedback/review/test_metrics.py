from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest
from tests.checks.catalog_review import review_task
from tests.feedback.review.worlds import NOON, World

from dragoman.errors import Unavailable
from dragoman.feedback.review.metrics import ReviewCollector

LATE = {"expires": "2026-02-01T00:00:00.000+00:00"}


def shown(tasks, **options):
    registry = CollectorRegistry()
    registry.register(ReviewCollector(tasks, clock=lambda: NOON, **options))
    lines = generate_latest(registry).decode().splitlines()
    return [line.removeprefix("dragoman_review_tasks") for line in lines if not line.startswith("#")]


def test_tasks_are_shown_by_model_language_and_status():
    world = World()
    world.add(3)
    world.desk.label("t0", "refund", "bo")
    world.desk.next("support", "bo")

    lines = shown(lambda since: world.catalog.review_tasks(since=since))

    assert lines == [
        f'{{language="de",model="support",status="{status}"}} 1.0' for status in ("claimed", "done", "open")
    ]


def test_series_are_bounded():
    tasks = [review_task(language=name, **LATE) for name in ("de", "de", "fr", "th")]
    lines = shown(lambda since: tasks, max_series=1)
    assert lines == [
        '{language="de",model="support",status="open"} 2.0',
        '{language="other",model="support",status="open"} 2.0',
    ]


def test_without_the_catalog_nothing_is_shown():
    def away(since):
        raise Unavailable("The catalog cannot be used now.")

    assert shown(away) == []

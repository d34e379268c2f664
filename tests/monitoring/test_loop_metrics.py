from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest

from dragoman.errors import Unavailable
from dragoman.monitoring.loop_metrics import LoopCollector, LoopSeen
from dragoman.records import Job, RetrainDecision, Spent

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def job(id: str, kind: Any = "evaluate", **changes: Any) -> Job:
    fields: dict[str, Any] = {"model": "support", "due": "2026-03-01T11:00:00Z", "created": "2026-03-01T11:00:00Z"}
    return Job(id=id, kind=kind, **(fields | changes))


def lines(seen: LoopSeen, asked: list[tuple[str, str]] | None = None) -> list[str]:
    def read(jobs_since: str, decisions_since: str) -> LoopSeen:
        if asked is not None:
            asked.append((jobs_since, decisions_since))
        return seen

    registry = CollectorRegistry()
    registry.register(LoopCollector(read, clock=lambda: NOON))
    return [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]


def test_jobs_are_counted_once_by_kind_and_status() -> None:
    waits = job("a")
    done = [job(id, status="done", finished="2026-03-01T11:30:00Z") for id in ("b", "c")]
    said = lines(LoopSeen([waits], [waits, *done], []))
    assert 'dragoman_loop_jobs{kind="evaluate",status="waiting"} 1.0' in said
    assert 'dragoman_loop_jobs{kind="evaluate",status="done"} 2.0' in said


def test_the_age_of_what_is_due_and_of_the_last_look_are_shown() -> None:
    done = [job(id, status="done", finished=f"2026-03-01T{id}:00Z") for id in ("11:30", "10:30")]
    late = [job("a", "retrain", due="2026-03-01T09:00:00Z"), job("b", "retrain", due="2026-03-01T13:00:00Z")]
    said = lines(LoopSeen(late, done, []))
    assert 'dragoman_loop_oldest_due_seconds{kind="retrain"} 10800.0' in said
    assert 'dragoman_loop_evaluated_seconds{model="support"} 1800.0' in said


def test_decisions_are_counted_by_verdict_and_spending_by_kind() -> None:
    decision = RetrainDecision(id="d", model="support", champion=1, time="2026-03-01T11:00:00Z", verdict="wait")
    spent = [job(id, "retrain", spent=Spent(cpu_seconds=20, gpu_seconds=3)) for id in ("a", "b")]
    said = lines(LoopSeen(spent, [], [decision]))
    assert 'dragoman_loop_decisions{model="support",verdict="wait"} 1.0' in said
    assert 'dragoman_loop_cpu_seconds{kind="retrain"} 40.0' in said
    assert 'dragoman_loop_gpu_seconds{kind="retrain"} 6.0' in said


def test_a_day_of_jobs_and_a_month_of_decisions_are_read() -> None:
    asked: list[tuple[str, str]] = []
    lines(LoopSeen([], [], []), asked)
    assert asked == [("2026-02-28T12:00:00.000Z", "2026-01-30T12:00:00.000Z")]


def test_nothing_is_shown_while_the_catalog_is_away() -> None:
    def away(*since: str) -> LoopSeen:
        raise Unavailable("The catalog does not answer.", help="Start it.")

    assert list(LoopCollector(away).collect()) == []

"""A small world for workers: leases end when a test says so, the clock stands still, stages note when they begin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.checks.catalog_loop import loop_job

from dragoman.clock import written
from dragoman.loop.stages import Stage
from dragoman.loop.worker import Worker
from dragoman.records import By, Job, JobKind
from dragoman.store.memory import MemoryCatalog

__all__ = ["ID", "START", "Killed", "World"]

START = 1_767_344_400.0  # 2026-01-02T09:00:00Z
ID = loop_job().id

Act = Callable[[Job], Mapping[str, Any]]


class Killed(BaseException):
    """The process is gone: nothing that follows is run, and its lease is not given back."""


class World(MemoryCatalog):
    """The clock stands still until it is moved, and leases hold until `expire`."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.holders: dict[str, str] = {}
        self.begins: list[tuple[str, dict[str, Any]]] = []  # the stages that were begun, and the output they saw
        self.at_save: list[BaseException] = []  # raised by the next saves, before they are done

    def lease(self, name: str, holder: str, *, seconds: float) -> bool:
        if self.holders.setdefault(name, holder) != holder:
            return False
        if not seconds:
            del self.holders[name]
        return True

    def expire(self) -> None:
        """Every lease has run out."""
        self.holders.clear()

    def save_job(self, job: Job, *, by: By | None = None) -> Job:
        if self.at_save:
            raise self.at_save.pop(0)
        return super().save_job(job, by=by)

    def job_while_away(self, id: str) -> Job:
        """What `job` is while saves fail."""
        if self.at_save:
            raise self.at_save[0]
        return super().job(id)

    def stage(self, name: str, act: Act | None = None) -> Stage:
        """A stage that gives its name and number, and does what `act` does before."""

        def run(job: Job) -> Mapping[str, Any]:
            self.begins.append((name, dict(job.output)))
            return act(job) if act else {name: len(job.output)}

        return Stage(name, run)

    def worker(self, *stages: Stage, kind: JobKind = "evaluate", holder: str = "w1") -> Worker:
        return Worker(self, {kind: stages}, holder=holder, clock=lambda: self.now)

    def add(self, **changes: Any) -> Job:
        return self.add_job(loop_job(**({"due": written(self.now), "created": written(self.now)} | changes)))

    @property
    def begun(self) -> list[str]:
        return [name for name, _ in self.begins]

"""What the loop does by itself: jobs, decisions to retrain, and what work takes."""

from __future__ import annotations

from typing import Any, Literal

from dragoman.records.base import Record

__all__ = [
    "Block",
    "BlockKind",
    "Job",
    "JobKind",
    "JobStatus",
    "RetrainDecision",
    "RetrainVerdict",
    "Spent",
    "Trigger",
    "TriggerKind",
]

JobKind = Literal["evaluate", "queue", "materialize", "compact", "retrain"]
JobStatus = Literal["waiting", "running", "done", "failed", "cancelled"]
TriggerKind = Literal["labels", "drift", "quality", "age", "asked"]
BlockKind = Literal["labels", "cooldown", "calendar", "budget", "release", "running", "approval", "echo"]
RetrainVerdict = Literal["train", "ask", "wait", "none"]


class Spent(Record, frozen=True, kw_only=True):
    """What a piece of work took. Those of several processes add up."""

    seconds: float = 0.0  # from its start to its end
    cpu_seconds: float = 0.0  # of all cores, child processes too
    gpu_seconds: float = 0.0  # of every device that it held
    gb_seconds: float = 0.0  # gigabytes of memory that it held at most, times its seconds
    stored_bytes: int = 0  # that stay when it is over


class Trigger(Record, frozen=True, kw_only=True):
    """Something that asks for a training."""

    kind: TriggerKind
    text: str  # one sentence with numbers: "620 new labels; 500 are worth a training."
    languages: list[str] = []  # empty: all
    value: float | None = None
    limit: float | None = None


class Block(Record, frozen=True, kw_only=True):
    """Something that stands against a training now."""

    kind: BlockKind
    text: str  # one sentence with numbers
    until: str = ""  # when it may be over, where that is known


class RetrainDecision(Record, frozen=True, kw_only=True):
    """To retrain or not, and why."""

    id: str
    model: str
    champion: int  # the version that was judged
    time: str
    verdict: RetrainVerdict  # "ask": a person must approve; "wait": something asks for it, something blocks it
    triggers: list[Trigger] = []
    blocks: list[Block] = []
    evidence: dict[str, Any] = {}  # the numbers that were looked at, of every language
    estimate: Spent | None = None  # what the training would take, from earlier ones
    job: str = ""  # that it began
    approved_by: str = ""
    revision: int = 0  # 0: not stored yet

    @property
    def essence(self) -> tuple[Any, ...]:
        """What tells two decisions apart, whatever their numbers: only a change is told."""
        return (
            self.champion,
            self.verdict,
            tuple(sorted({one.kind for one in self.triggers})),
            tuple(sorted({one.kind for one in self.blocks})),
        )


class Job(Record, frozen=True, kw_only=True):
    """A piece of work that outlives its process: whoever finds it unfinished, and not leased, goes on with it."""

    id: str  # says what it is about, so that the same is wanted once: "evaluate:support:2026-03-01T05"
    kind: JobKind
    model: str = ""  # empty: of the workspace
    status: JobStatus = "waiting"
    input: dict[str, Any] = {}
    stage: str = ""  # the last stage that is done
    output: dict[str, Any] = {}  # what the stages gave so far
    attempts: int = 0  # that were begun since the last stage that was done
    due: str  # not before
    created: str
    started: str = ""
    finished: str = ""
    holder: str = ""  # the process that has it, or had it last
    error: str = ""  # of the last attempt
    spent: Spent = Spent()  # of all attempts
    revision: int = 0  # 0: not stored yet

    @property
    def is_over(self) -> bool:
        return self.status in ("done", "failed", "cancelled")

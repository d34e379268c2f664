from __future__ import annotations

import msgspec
import pytest

from dragoman.loop.requests import approved_job, asked_of, forced, is_forced, request_job
from dragoman.records import Block, BlockKind, By, Job, RetrainDecision, Trigger

ADA = By(actor="ada", reason="new wording")
MONDAY, TUESDAY, NEXT_WEEK = "2026-03-02T08:00:00.000Z", "2026-03-03T08:00:00.000Z", "2026-03-09T08:00:00.001Z"


def training(created: str) -> Job:
    return Job(id=f"retrain:{created}", kind="retrain", model="support", due=created, created=created)


def decision(*blocks: BlockKind) -> RetrainDecision:
    said = [Block(kind=kind, text=f"{kind} is against it.") for kind in blocks]
    asked = [Trigger(kind="asked", text="ada asks.")]
    return RetrainDecision(
        id="d", model="support", champion=1, time=MONDAY, verdict="wait", triggers=asked, blocks=said
    )


def test_a_request_is_an_evaluation_that_is_due_at_once() -> None:
    job = request_job("support", ADA, now=MONDAY)
    assert (job.id, job.due, is_forced(job)) == (f"evaluate:support:asked:{MONDAY}", MONDAY, False)
    assert asked_of([job], now=TUESDAY) == ADA


def test_a_training_answers_the_requests_before_it() -> None:
    job = request_job("support", ADA, now=MONDAY)
    assert asked_of([job, training(TUESDAY)], now=TUESDAY) is None
    assert asked_of([training(MONDAY), request_job("support", ADA, now=TUESDAY)], now=TUESDAY) == ADA


def test_a_request_is_forgotten_after_a_week() -> None:
    assert asked_of([request_job("support", ADA, now=MONDAY)], now=NEXT_WEEK) is None


def test_a_request_may_be_cancelled() -> None:
    job = msgspec.structs.replace(request_job("support", ADA, now=MONDAY), status="cancelled")
    assert asked_of([job], now=TUESDAY) is None


def test_other_evaluations_ask_for_nothing() -> None:
    assert asked_of([approved_job("support", now=MONDAY)], now=MONDAY) is None


@pytest.mark.parametrize("blocks", [("labels",), ("cooldown", "calendar"), ("approval",)])
def test_who_insists_passes_over_what_says_not_now(blocks: tuple[BlockKind, ...]) -> None:
    found = forced(decision(*blocks), request_job("support", ADA, now=MONDAY, force=True))
    assert (found.verdict, found.blocks, found.approved_by) == ("train", [], "ada")
    assert found.triggers == [Trigger(kind="asked", text="ada insists on a training: new wording.")]
    assert found.evidence["passed_over"] == [f"{kind} is against it." for kind in blocks]


@pytest.mark.parametrize("kind", ["budget", "release", "running", "echo"])
def test_nobody_passes_over_a_budget_or_what_runs(kind: BlockKind) -> None:
    against = decision("cooldown", kind)
    assert forced(against, request_job("support", ADA, now=MONDAY, force=True)) is against


def test_who_insists_on_what_has_begun_meanwhile_gets_no_second_training() -> None:
    answered = RetrainDecision(id="d", model="support", champion=1, time=MONDAY, verdict="none")
    assert forced(answered, request_job("support", ADA, now=MONDAY, force=True)) is answered

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from dragoman.api.fakes import fake_finding
from dragoman.errors import Conflict
from dragoman.records import By, Decision, Finding, GateResult, Release
from dragoman.release.controller import Move, advance, approve, begin, check_gates_before, finish, roll_back
from dragoman.spec import ReleaseSpec

START = datetime(2026, 7, 1, tzinfo=UTC)
ADA = By(actor="ada", reason="looked at it")
GO, WAIT = Decision(action="go on"), Decision(action="wait")


def at(hours: float) -> str:
    return (START + timedelta(hours=hours)).isoformat()


def release(**plan: Any) -> Release:
    return Release(
        id="r1",
        model="support",
        champion=7,
        challenger=8,
        status="checking",
        plan=msgspec.to_builtins(ReleaseSpec(**plan)),
        languages=["de", "th"],
        actor="ada",
        started=at(0),
        stepped=at(0),
    )


def gate(verdict: Any) -> GateResult:
    return GateResult(gate="accuracy", verdict=verdict, text="accuracy 0.9 to 0.7")


def finding(verdict: Any, language: str = "th") -> Finding:
    return fake_finding(verdict=verdict, language=language)


def begun(**plan: Any) -> Release:
    return begin(release(**plan), now=at(0), by=ADA).release


def moved(one: Release, decision: Decision, *, hours: float, exposed: int = 0) -> Move:
    return advance(one, decision, [], exposed={"de": exposed}, now=at(hours))


# Before traffic


def test_a_failed_gate_ends_a_release_before_anybody_meets_it() -> None:
    move = check_gates_before(release(), [gate("pass"), gate("fail")], now=at(0))
    assert (move.release.status, move.release.share, move.action) == ("rolled_back", 0.0, "release.rolled_back")
    assert "accuracy 0.9 to 0.7" in move.release.notes[-1].text
    assert not move.release.is_active


def test_evidence_that_the_texts_cannot_give_does_not_stop_a_release() -> None:
    move = check_gates_before(release(), [gate("pass"), gate("not enough evidence")], now=at(0))
    assert (move.release.status, move.release.step, move.action) == ("shadow", 0, "release.started")


def test_a_plan_without_shadow_begins_with_its_first_percent() -> None:
    assert (begun(shadow=False).status, begun(shadow=False).share) == ("canary", 0.01)


def test_a_plan_with_approval_waits_for_a_person() -> None:
    waiting = check_gates_before(release(approval=True), [gate("pass")], now=at(0)).release
    assert (waiting.status, waiting.step) == ("waiting", -1)
    approved = approve(waiting, now=at(1), by=ADA)
    assert (approved.release.status, approved.release.approved) == ("shadow", "ada")


# Steps


def test_a_step_lasts_its_time_and_has_its_requests() -> None:
    canary = moved(begun(), GO, hours=1).release
    assert (canary.share, canary.step) == (0.01, 1)
    assert moved(canary, GO, hours=1.5, exposed=500).release.step == 1
    assert moved(canary, GO, hours=3, exposed=199).release.step == 1
    assert moved(canary, GO, hours=3, exposed=200).release.step == 2


def test_requests_of_an_earlier_step_do_not_count_for_the_next() -> None:
    third = moved(moved(begun(), GO, hours=1).release, GO, hours=2, exposed=300).release
    assert moved(third, GO, hours=4, exposed=499).release.step == third.step
    assert moved(third, GO, hours=4, exposed=500).release.step == third.step + 1


def test_a_release_goes_through_its_plan_and_is_promoted() -> None:
    one, shares, hours = begun(), [], 0.0
    while one.status != "promoted":
        shares.append(one.share)
        hours += 1
        one = moved(one, GO, hours=hours, exposed=int(hours * 1_000)).release
    assert shares == [0, 0.01, 0.05, 0.25, 0.5, 1]
    assert one.is_active
    assert not finish(one, now=at(hours)).release.is_active


def test_without_evidence_a_release_stays_where_it_is_and_says_what_it_lacks() -> None:
    lacking = Decision(action="wait", open=[finding("not enough evidence", "th")])
    move = moved(begun(), lacking, hours=5)
    assert (move.release.step, move.release.open, move.action) == (0, ["agreement th"], "")


def test_a_failed_finding_ends_a_release_at_once_and_is_named() -> None:
    failed = Decision(action="roll back", failed=[finding("fail", "th")])
    move = moved(moved(begun(), GO, hours=1).release, failed, hours=1.01)
    assert (move.release.status, move.release.share, move.action) == ("rolled_back", 0.0, "release.rolled_back")
    assert "agreement in th" in move.release.notes[-1].text


def test_a_release_that_is_never_decided_ends_and_says_why() -> None:
    lacking = Decision(action="wait", open=[finding("not enough evidence", "th")])
    move = moved(begun(max_hours=24), lacking, hours=24)
    assert move.release.status == "rolled_back"
    assert move.release.notes[-1].text == "Not decided within 24 hours: agreement th"


# People


def test_a_plan_that_asks_waits_and_goes_on_without_what_a_person_accepted() -> None:
    lacking = Decision(action="ask", open=[finding("not enough evidence", "th")])
    asked = moved(begun(thin="ask"), lacking, hours=1).release
    assert (asked.status, moved(asked, lacking, hours=2).action) == ("waiting", "")
    accepted = approve(asked, now=at(2), by=ADA).release
    assert (accepted.status, accepted.accepted) == ("shadow", ["th"])
    assert moved(accepted, lacking, hours=3).release.step == 1


def test_a_release_that_waits_for_a_person_is_still_rolled_back_by_evidence() -> None:
    asked = moved(begun(thin="ask"), Decision(action="ask", open=[finding("not enough evidence")]), hours=1).release
    failed = Decision(action="roll back", failed=[finding("fail")])
    assert moved(asked, failed, hours=2).release.status == "rolled_back"


def test_only_a_release_that_waits_can_be_approved() -> None:
    with pytest.raises(Conflict, match="is shadow: it waits for nobody"):
        approve(begun(), now=at(1), by=ADA)


def test_a_person_rolls_back_with_a_reason() -> None:
    move = roll_back(begun(), now=at(1), by=ADA)
    assert (move.release.status, move.release.notes[-1].actor, move.release.notes[-1].text) == (
        "rolled_back", "ada", "looked at it",
    )  # fmt: skip


def test_a_release_that_is_over_cannot_be_rolled_back() -> None:
    over = roll_back(begun(), now=at(1), by=ADA).release
    with pytest.raises(Conflict, match="is over: rolled_back"):
        roll_back(over, now=at(2), by=ADA)

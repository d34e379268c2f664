"""The life of a release as a record: what each moment makes of it. Nothing here touches traffic or a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from dragoman.errors import Conflict
from dragoman.records import By, Decision, Finding, GateResult, Release, ReleaseNote, ReleaseStatus
from dragoman.release.judge import FAIL, plan_steps
from dragoman.spec import ReleaseSpec

__all__ = [
    "CONTROLLER",
    "Move",
    "advance",
    "approve",
    "begin",
    "check_gates_before",
    "finish",
    "hours_between",
    "plan_of",
    "roll_back",
]

CONTROLLER = By(actor="release controller")
WHOLE = 100.0
SHOWN = 5  # findings that a note names


class Move(NamedTuple):
    """A release's next record, and the action under which the change is recorded; empty where only numbers changed."""

    release: Release
    action: str = ""


def plan_of(release: Release) -> ReleaseSpec:
    """The plan that the release was started with."""
    return msgspec.convert(release.plan, ReleaseSpec)


def check_gates_before(release: Release, gates: Sequence[GateResult], *, now: str) -> Move:
    """What the gates before traffic found: the release begins, waits for approval, or is over."""
    known = msgspec.structs.replace(release, gates=list(gates))
    if failed := [gate for gate in gates if gate.verdict == FAIL]:
        text = "; ".join(gate.text for gate in failed[:SHOWN])
        return _end(known, "rolled_back", now=now, by=CONTROLLER, text=f"Gates before traffic failed: {text}")
    if plan_of(release).approval and not release.approved:
        return _changed(known, "waiting", now=now, by=CONTROLLER, text="Waits for approval.", action="release.waiting")
    return begin(known, now=now, by=CONTROLLER)


def begin(release: Release, *, now: str, by: By) -> Move:
    """The first step of the plan."""
    return _step(release, 0, now=now, by=by, exposed=0, text="")


def approve(release: Release, *, now: str, by: By) -> Move:
    """A person lets a release that waits go on. Raises `Conflict` if it does not wait."""
    if release.status != "waiting":
        raise Conflict(
            f"The release {release.id} is {release.status}: it waits for nobody.",
            help="`dragoman release status` shows what it does.",
        )
    if release.step < 0:
        known = msgspec.structs.replace(release, approved=by.actor)
        return begin(known, now=now, by=by)
    languages = sorted({*release.accepted, *languages_in(release.open)})
    known = msgspec.structs.replace(release, approved=by.actor, accepted=languages)
    text = f"Accepted without enough evidence: {', '.join(languages)}. {by.reason}".strip()
    return _changed(known, _status_at(known), now=now, by=by, text=text, action="release.approved")


def roll_back(release: Release, *, now: str, by: By, text: str = "") -> Move:
    """The champion answers everything again. Raises `Conflict` for a release that is over."""
    if not release.is_active or release.status == "promoted":
        raise Conflict(
            f"The release {release.id} is over: {release.status}.",
            help="`dragoman release rollback MODEL` undoes a promotion.",
        )
    return _end(release, "rolled_back", now=now, by=by, text=text or by.reason or "Rolled back by hand.")


def finish(release: Release, *, now: str) -> Move:
    """A promoted release whose challenger is the champion now."""
    return Move(msgspec.structs.replace(release, finished=now))


def advance(
    release: Release,
    decision: Decision,
    findings: Sequence[Finding],
    *,
    exposed: Mapping[str, int],
    now: str,
) -> Move:
    """What the evidence of this moment makes of a release that has traffic, or that waits for a person."""
    known = msgspec.structs.replace(
        release, findings=list(findings), exposed=dict(exposed), open=_open(release, decision)
    )
    if decision.failed:
        text = f"Worse than the champion: {'; '.join(map(_sentence, decision.failed[:SHOWN]))}"
        return _end(known, "rolled_back", now=now, by=CONTROLLER, text=text)
    plan = plan_of(release)
    if hours_between(release.started, now) >= plan.max_hours:
        text = f"Not decided within {plan.max_hours:g} hours: {', '.join(known.open[:SHOWN]) or 'too few requests'}"
        return _end(known, "rolled_back", now=now, by=CONTROLLER, text=text)
    if release.status == "waiting" or not _is_due(known, plan, now):
        return Move(known)
    if known.open:
        return _ask(known, now) if decision.action == "ask" else Move(known)
    return _next_step(known, decision, now)


def _next_step(release: Release, decision: Decision, now: str) -> Move:
    steps = plan_steps(plan_of(release))
    pooled = sorted({finding.language for finding in decision.pooled})
    text = f"Judged together with their family or script: {', '.join(pooled)}." if pooled else ""
    if release.step + 1 < len(steps):
        return _step(release, release.step + 1, now=now, by=CONTROLLER, exposed=_total(release), text=text)
    return _end(release, "promoted", now=now, by=CONTROLLER, text=text or "Every step of the plan was passed.")


def _step(release: Release, step: int, *, now: str, by: By, exposed: int, text: str) -> Move:
    percent = plan_steps(plan_of(release))[step]
    moved = msgspec.structs.replace(release, step=step, share=percent / WHOLE, stepped=now, stepped_exposed=exposed)
    said = f"{'Shadow' if percent == 0 else f'{percent:g}% of the traffic'}. {text}".strip()
    action = "release.started" if step == 0 else "release.stepped"
    return _changed(moved, _status_at(moved), now=now, by=by, text=said, action=action)


def _ask(release: Release, now: str) -> Move:
    text = f"Asks a person about {', '.join(release.open[:SHOWN])}"
    return _changed(release, "waiting", now=now, by=CONTROLLER, text=text, action="release.waiting")


def _end(release: Release, status: ReleaseStatus, *, now: str, by: By, text: str) -> Move:
    is_promoted = status == "promoted"  # and finished when the champion has moved
    over = msgspec.structs.replace(release, share=1.0 if is_promoted else 0.0, finished="" if is_promoted else now)
    return _changed(over, status, now=now, by=by, text=text, action=f"release.{status}")


def _changed(release: Release, status: ReleaseStatus, *, now: str, by: By, text: str, action: str) -> Move:
    note = ReleaseNote(time=now, status=status, share=release.share, actor=by.actor, text=text)
    return Move(msgspec.structs.replace(release, status=status, notes=[*release.notes, note]), action)


def _status_at(release: Release) -> ReleaseStatus:
    return "shadow" if release.share == 0 else "canary"


def _is_due(release: Release, plan: ReleaseSpec, now: str) -> bool:
    """Whether the step has lasted long enough and, where users see it, enough of them have."""
    if hours_between(release.stepped, now) * 60 < plan.step_minutes:
        return False
    return release.share == 0 or _total(release) - release.stepped_exposed >= plan.min_requests


def _open(release: Release, decision: Decision) -> list[str]:
    """What the step lacks, `metric language` each; languages that a person accepted lack nothing."""
    return [f"{one.metric} {one.language}" for one in decision.open if one.language not in release.accepted]


def languages_in(lacking: Sequence[str]) -> list[str]:
    return [one.rpartition(" ")[2] for one in lacking]


def _sentence(finding: Finding) -> str:
    limit = "" if finding.limit is None else f", limit {finding.limit:.3f}"
    return (
        f"{finding.metric} in {finding.language} (harm {finding.effect:.3f}, {finding.low:.3f} to {finding.high:.3f}"
        f"{limit}, n = {finding.n}, e-value {finding.e_value:.3g})"
    )


def _total(release: Release) -> int:
    return sum(release.exposed.values())


def hours_between(start: str, now: str) -> float:
    return (datetime.fromisoformat(now) - datetime.fromisoformat(start)) / timedelta(hours=1)

"""The checklist of the first day: what must be true at its end, whoever was killed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from bench.game_day.course import Course, right_share
from bench.game_day.director import CHANGED
from bench.game_day.journal import Asked, Journal
from bench.game_day.place import MODEL, Place
from bench.game_day.table import hours
from deltalake import DeltaTable

__all__ = ["Check", "checks_of", "said"]

BACK = 0.05  # below what it was before, at most: quality is back
HARM = 0.03  # the same over all languages in which nothing changed
HARM_IN_ONE = 0.12  # the same in each of them: a few hundred answers say no more


class Check(NamedTuple):
    """One line of the checklist."""

    text: str
    holds: bool
    numbers: str


def said(check: Check) -> str:
    return f"{'yes' if check.holds else 'NO '} {check.text}: {check.numbers}"


def checks_of(place: Place, journal: Journal, course: Course, *, kills: int) -> list[Check]:
    """Everything, with its numbers. The server must have ended: what it logged is in its tables."""
    return [
        *drift_checks(journal, course),
        *label_checks(place, journal),
        *training_checks(place),
        *record_checks(place, journal),
        *quality_checks(journal, course),
        *kill_checks(journal, kills),
    ]


def drift_checks(journal: Journal, course: Course) -> Iterator[Check]:
    alerts = [one for one in journal.events() if one.text.startswith("drift: ") and " v" in one.name]
    languages = sorted({one.name.split()[1] for one in alerts})
    yield Check(
        "drift is noticed in Hindi and Portuguese, and nowhere else", languages == list(CHANGED), f"{languages}"
    )
    early = [one for one in alerts if course.changed is None or one.time < course.changed]
    yield Check("nothing is said before anything changes", not early, f"{len(early)} of {len(alerts)} alerts")
    order = [course.changed, course.noticed, course.decided, course.promoted, course.recovered]
    known = [one for one in order if one is not None]
    holds = len(known) == len(order) and known == sorted(known)
    yield Check("change, drift, decision, promotion and recovery come in this order", holds, f"{len(known)} of 5")
    fell = [name for name in ("estimated", "confirmed") if getattr(course, name) is not None]
    yield Check("the fall is estimated, and confirmed by labels", len(fell) == 2, " and ".join(fell) or "neither")


def label_checks(place: Place, journal: Journal) -> Iterator[Check]:
    rows = DeltaTable(str(place.root / ".dragoman" / "tables" / "labels")).to_pyarrow_table().to_pylist()
    kept = Counter((row["prediction_id"], row["source"]) for row in rows)
    twice = sum(count > 1 for count in kept.values())
    yield Check("every label is there once", bool(kept) and not twice, f"{len(rows)} labels, {twice} twice")
    tasks = place.asked("labels", "queue", MODEL) or {}
    yield Check(
        "reviewers answered", journal.reviewed() > 0, f"{journal.reviewed()} answers, {tasks.get('open', 0)} open"
    )


def training_checks(place: Place) -> Iterator[Check]:
    jobs = place.asked("loop", "jobs", "--kind", "retrain") or []
    yield Check(
        "the loop began one training, and it is done", [one["status"] for one in jobs] == ["done"], numbers(jobs)
    )
    versions = place.asked("models", "list") or []
    champions = [one["number"] for one in versions if "champion" in one["aliases"]]
    yield Check("version 2 is the champion", champions == [2], f"{champions} of {len(versions)} versions")


def numbers(jobs: Sequence[Any]) -> str:
    return ", ".join(f"{one['id']} {one['status']}" for one in jobs) or "none"


def record_checks(place: Place, journal: Journal) -> Iterator[Check]:
    logged = DeltaTable(str(place.root / ".dragoman" / "tables" / "predictions")).to_pyarrow_table(columns=["id"])
    ids = Counter(logged["id"].to_pylist())
    asked = journal.asked()
    lost = sum(one.id not in ids for one in asked)
    yield Check("no answer is missing in the log", bool(asked) and not lost, f"{lost} of {len(asked):,} answers")
    twice = sum(count > 1 for count in ids.values())
    yield Check("no answer is there twice", not twice, f"{twice} of {len(ids):,} rows")
    audit = place.dragoman("audit", "verify")
    yield Check("the audit log is whole", audit.returncode == 0, last_line(audit.stdout + audit.stderr))
    bundle = place.dragoman("models", "verify", MODEL)
    yield Check("the champion is signed", bundle.returncode == 0, last_line(bundle.stdout + bundle.stderr))


def last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1][:120]


def quality_checks(journal: Journal, course: Course) -> Iterator[Check]:
    asked = journal.asked()
    before = [one for one in asked if course.changed is not None and one.time < course.changed]
    after = [one for one in asked if course.promoted is not None and one.time >= course.promoted]
    for language in CHANGED:
        shares = [right_share(one for one in span if one.language == language).value for span in (before, after)]
        holds = shares[1] >= shares[0] - BACK
        yield Check(f"quality is back in {language}", holds, f"{shares[0]:.1%} before, {shares[1]:.1%} after")
    seen = "never" if course.seen is None or course.changed is None else hours(course.seen - course.changed)
    yield Check("labels show that it is back", course.seen is not None, f"{seen} after the change")
    yield from harm_checks([one for one in before if one.language not in CHANGED], after)


def harm_checks(before: Sequence[Asked], after: Sequence[Asked]) -> Iterator[Check]:
    """Languages in which nothing changed."""
    others = sorted({one.language for one in before})
    shares = [right_share(one for one in span if one.language in others).value for span in (before, after)]
    holds = shares[1] >= shares[0] - HARM
    yield Check("the other languages are as good as before", holds, f"{shares[0]:.1%} before, {shares[1]:.1%} after")
    falls = {
        language: right_share(one for one in before if one.language == language).value
        - right_share(one for one in after if one.language == language).value
        for language in others
    }
    worst = max(falls, key=lambda language: falls[language], default="")
    holds = bool(falls) and falls[worst] <= HARM_IN_ONE
    yield Check("none of them is much worse", holds, f"{worst} {-falls[worst]:+.1%}" if falls else "no answers")


def kill_checks(journal: Journal, kills: int) -> Iterator[Check]:
    if kills:
        done = Counter(one.text.partition(": ")[2] for one in journal.events() if one.name.startswith("kill "))
        told = ", ".join(f"{role} {count}" for role, count in sorted(done.items()))
        yield Check("everybody was killed who was to be", sum(done.values()) == kills, f"{sum(done.values())}: {told}")

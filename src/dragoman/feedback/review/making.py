"""The tasks of a day: some drawn at random, the others chosen for what can be learned from them."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from dragoman.feedback.review.allocation import allocate
from dragoman.feedback.review.candidate import Candidate, candidates_of
from dragoman.feedback.review.chance import Chance
from dragoman.feedback.review.choosing import Chooser, Chosen
from dragoman.feedback.review.moments import written
from dragoman.feedback.review.novelty import Change
from dragoman.records import PredictionRow, ReviewDraw, ReviewTask
from dragoman.spec import ReviewSpec

__all__ = ["Plan", "make_draw"]

UNKNOWN = "und"
ByLanguage = Mapping[str, Sequence[Candidate]]


class Plan(NamedTuple):
    """What tasks are made from. Times are in UTC."""

    model: str
    spec: ReviewSpec
    since: datetime  # the predictions are from then on
    until: datetime  # before then; the tasks are made for this day
    asked: Sequence[ReviewTask] = ()  # tasks that wait
    needs_text: bool = True
    drifting: Mapping[str, Change] = MappingProxyType({})  # by language; "und" for rows without one

    @property
    def day(self) -> str:
        return self.until.date().isoformat()


def make_draw(plan: Plan, rows: Iterable[PredictionRow]) -> tuple[ReviewDraw, list[ReviewTask]]:
    """The tasks of `plan.day` from the rows of the log: the same whenever it is done again with the same rows.

    Audits are drawn first, a simple random sample in each language, and stay in however alike they are: else frequent
    texts would be seen too rarely. The others are then unlike each other, the audits and the tasks that wait.
    """
    chance = Chance("review", plan.model, plan.day)
    known = {task.prediction_id for task in plan.asked}
    groups: defaultdict[str, list[Candidate]] = defaultdict(list)
    for one in candidates_of(rows, needs_text=plan.needs_text):
        groups[one.row.language].append(one)
    audits = _audits(plan.spec, groups, chance)
    drawn = {one.candidate.id for one in audits} | known
    rest = {language: [one for one in ones if one.id not in drawn] for language, ones in groups.items()}
    chosen = [*audits, *_chosen(plan, rest, audits, chance)]
    draw = ReviewDraw(
        model=plan.model,
        day=plan.day,
        since=written(plan.since),
        until=written(plan.until),
        predictions={language: len(ones) for language, ones in sorted(groups.items())},
        audits=dict(sorted(Counter(one.candidate.row.language for one in audits).items())),
        tasks=len(chosen),
    )
    return draw, _tasks(plan, chosen, chance)


def _audits(spec: ReviewSpec, groups: ByLanguage, chance: Chance) -> list[Chosen]:
    """A simple random sample of each language; none at all where the spec wants none."""
    sizes = {language: len(ones) for language, ones in groups.items()}
    wanted = round(spec.per_day * spec.audit)
    least = sum(min(spec.per_language, size) for size in sizes.values())
    total = min(max(wanted, least), spec.per_day) if wanted else 0
    shares = allocate(sizes, total, least=spec.per_language, chance=chance)
    found: list[Chosen] = []
    for language, (count, inclusion) in sorted(shares.items()):
        in_order = sorted(groups[language], key=lambda one: (chance.of("audit", one.id), one.id))
        found += [Chosen(one, "audit", inclusion) for one in in_order[:count]]
    return found


def _chosen(plan: Plan, groups: ByLanguage, audits: Sequence[Chosen], chance: Chance) -> list[Chosen]:
    """Tasks for the places that audits leave, in turns: what one language cannot fill goes to the others."""
    choosers = {language: _chooser(plan, language, ones, audits, chance) for language, ones in groups.items() if ones}
    sizes = {language: len(groups[language]) for language in choosers}
    found = _drifted(plan, choosers, plan.spec.per_day - len(audits), chance)
    for one in found:
        sizes[one.candidate.row.language] -= 1
    places, turn = plan.spec.per_day - len(audits) - len(found), 0
    while places > 0 and sizes:
        part = Chance(chance.seed, "chosen", str(turn))
        for language, share in allocate(sizes, places, least=plan.spec.per_language, chance=part).items():
            got = choosers[language].choose(share.tasks)
            found, places = [*found, *got], places - len(got)
            sizes[language] -= len(got)
            if len(got) < share.tasks or not sizes[language]:
                del sizes[language]  # all that is left is like something asked
        turn += 1
    return found


def _drifted(plan: Plan, choosers: Mapping[str, Chooser], places: int, chance: Chance) -> list[Chosen]:
    """Tasks of languages that drift: their share of all tasks, as far as audits leave places."""
    sizes = {language: one.drifted for language, one in sorted(choosers.items())}
    total = min(round(plan.spec.per_day * plan.spec.drift), places)
    part = Chance(chance.seed, "drift")
    shares = allocate(sizes, total, least=1, chance=part)
    return [one for language, share in shares.items() for one in choosers[language].choose_drifted(share.tasks)]


def _chooser(
    plan: Plan, language: str, candidates: Sequence[Candidate], audits: Sequence[Chosen], chance: Chance
) -> Chooser:
    return Chooser(
        candidates,
        asked=[task.text for task in plan.asked if task.language == language and task.text],
        audits=[one.candidate for one in audits if one.candidate.row.language == language],
        similarity=plan.spec.similarity,
        chance=chance,
        change=plan.drifting.get(language or UNKNOWN),
    )


def _tasks(plan: Plan, chosen: Sequence[Chosen], chance: Chance) -> list[ReviewTask]:
    """A random part of them wants two answers: whom it falls on does not depend on why it was chosen."""
    ids = chance.shuffled((one.candidate.id for one in chosen), purpose="double")
    double = set(ids[: round(plan.spec.double * len(ids))])
    expires = plan.until + timedelta(days=plan.spec.expire_days)
    return [
        _task(one, wanted=1 + (one.candidate.id in double), created=written(plan.until), expires=written(expires))
        for one in chosen
    ]


def _task(chosen: Chosen, *, wanted: int, created: str, expires: str) -> ReviewTask:
    row = chosen.candidate.row
    return ReviewTask(
        id=hashlib.sha256(f"{row.model}\0{row.id}".encode()).hexdigest()[:12],
        model=row.model,
        version=row.version,
        prediction_id=row.id,
        language=row.language,
        text=row.text or "",
        features=row.features,
        predicted=row.labels[0],
        score=row.scores[0] if row.scores else 0.0,
        reason=chosen.reason,
        inclusion=chosen.inclusion,
        wanted=wanted,
        created=created,
        expires=expires,
    )

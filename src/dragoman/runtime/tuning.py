"""Tuning: which form of a model is the fastest on this machine among those that answer like the fp32 one?"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Literal, NamedTuple

import numpy as np

from dragoman.models.packing import PackedBatch, pack, plan_batches
from dragoman.records import Agreement, Form, FormReport
from dragoman.runtime.agreement import compare_answers, missed_gates
from dragoman.runtime.answers import Answers, Reader, answer_texts
from dragoman.runtime.base import Session
from dragoman.runtime.cuts import Cut

__all__ = ["Contestant", "Gates", "Meter", "Step", "choose_fastest", "choose_forms", "measure_forms"]

SAMPLE_TOKENS = 8_192  # of the texts that speed is measured on
BATCH_TOKENS = 2_048
LEAST_SECONDS = 0.3  # of one measurement of throughput
ROUNDS = 3
SINGLES = 10  # runs of one text alone in each round
WORTH = 1.03  # a form must be that much faster than one before it in the list to be chosen instead


class Gates(NamedTuple):
    """Least agreement with the fp32 form: over all texts, and in every language."""

    all: float
    language: float


class Contestant(NamedTuple):
    """A form, and what it takes to run it."""

    form: Form
    open: Callable[[], Session]
    reader: Reader
    cuts: Sequence[Cut]  # of the texts, by the form's tokenizer
    bytes: int  # memory of its weights on the host


class Step(NamedTuple):
    """Where the measuring stands: what comes next, and how many of all steps are done."""

    form: Form
    doing: Literal["answers", "speed"]
    done: int
    total: int


class Sample(NamedTuple):
    """The texts that speed is measured on."""

    rows: list[int]  # shortest first
    tokens: int  # as the reference cuts them: forms are compared by the texts they answer


class Workload(NamedTuple):
    """A sample as a form gets it."""

    batches: list[PackedBatch]
    single: PackedBatch
    tokens: int


class Speed(NamedTuple):
    """What was measured of a session in one round."""

    tokens_per_second: float
    single_seconds: list[float]


class Measured(NamedTuple):
    """What a form answered, and its speed in each round."""

    answers: Answers
    speeds: list[Speed]


class Meter:
    """Measures forms in turns and tells its steps. `clock` gives seconds."""

    def __init__(self, forms: int, *, report: Callable[[Step], None], clock: Callable[[], float]) -> None:
        self._report, self._clock = report, clock
        self._done, self._total = 0, forms * (1 + ROUNDS)

    def tell(self, form: Form, doing: Literal["answers", "speed"]) -> None:
        self._report(Step(form, doing, self._done, self._total))
        self._done += 1

    def rounds(self, forms: Sequence[Form], sessions: Sequence[Session], work: Sequence[Workload]) -> list[list[Speed]]:
        """The speeds of each session, one per round. Sessions take turns: what disturbs the machine meets them all."""
        speeds: list[list[Speed]] = [[] for _ in forms]
        for _ in range(ROUNDS):
            for form, session, load, mine in zip(forms, sessions, work, speeds, strict=True):
                self.tell(form, "speed")
                mine.append(self._speed(session, load))
        return speeds

    def _speed(self, session: Session, work: Workload) -> Speed:
        session.run(work.single)  # once unmeasured: the first pass after another session's turn fills caches
        passes, started = 0, self._clock()
        while (elapsed := self._clock() - started) < LEAST_SECONDS or not passes:
            for batch in work.batches:
                session.run(batch)
            passes += 1
        return Speed(passes * work.tokens / elapsed, [self._seconds(session, work.single) for _ in range(SINGLES)])

    def _seconds(self, session: Session, batch: PackedBatch) -> float:
        started = self._clock()
        session.run(batch)
        return self._clock() - started


def measure_forms(
    contestants: Sequence[Contestant],
    languages: Sequence[str],
    *,
    gates: Gates,
    memory: int,
    report: Callable[[Step], None],
    truth: Sequence[int] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> list[FormReport]:
    """Measure each form and compare its answers with those of the first, the reference.

    `languages` and `truth`, the true labels where they are known, are those of the texts. Forms are measured in turns
    if all of them fit into `memory` bytes at once, else one after the other. `report` is told each step.
    """
    together = sum(one.bytes for one in contestants) <= memory
    sample = _sample(contestants[0].cuts)
    meter = Meter(len(contestants), report=report, clock=clock)
    groups = [contestants] if together else [[one] for one in contestants]
    measured = [one for group in groups for one in _measure_group(group, meter, sample)]
    return [
        _form_report(
            one.form,
            found.speeds,
            compare_answers(measured[0].answers, found.answers, languages, kind=one.reader.kind),
            gates,
            _accuracy(found.answers, one.reader, truth),
        )
        for one, found in zip(contestants, measured, strict=True)
    ]


def choose_fastest(reports: Sequence[FormReport]) -> FormReport:
    """The fastest form that passes its gates. The reference always may; of forms about as fast, the earliest."""
    reference, *others = reports
    best = reference
    for one in others:
        if not one.missed and one.tokens_per_second > WORTH * best.tokens_per_second:
            best = one
    return best


def choose_forms(reports: Sequence[FormReport], *, device: str) -> list[Form]:
    """The form for a kind of device, then those for the other kinds that were measured, with the same pieces.

    The first report of each kind is that of fp32 with the whole vocabulary, which always may. Where nothing was
    measured on `device`, the first form is for the kind of the reference.
    """
    kinds = dict.fromkeys(one.form.device for one in reports)
    home = device if device in kinds else reports[0].form.device
    chosen = choose_fastest([one for one in reports if one.form.device == home]).form
    found = [chosen]
    for kind in kinds:
        mine = [one for one in reports if one.form.device == kind and one.form.trimmed == chosen.trimmed]
        able = [one for one in mine if not one.missed or (one is mine[0] and not chosen.trimmed)]
        if kind != home and able:
            found.append(choose_fastest(able).form)
    return found


def _measure_group(group: Sequence[Contestant], meter: Meter, sample: Sample) -> list[Measured]:
    """Measure forms whose sessions are open at the same time; none is left open."""
    with _opened(group) as sessions:
        answers = [_answers(meter, *pair) for pair in zip(group, sessions, strict=True)]
        work = [_workload(one, sample) for one in group]
        speeds = meter.rounds([one.form for one in group], sessions, work)
    return [Measured(*pair) for pair in zip(answers, speeds, strict=True)]


@contextmanager
def _opened(group: Sequence[Contestant]) -> Iterator[list[Session]]:
    """Sessions of the forms; those that hold more than Python's memory are closed at the end."""
    with ExitStack() as stack:
        sessions = []
        for one in group:
            session = one.open()
            sessions.append(session)
            if close := getattr(session, "close", None):
                stack.callback(close)
        yield sessions


def _answers(meter: Meter, one: Contestant, session: Session) -> Answers:
    meter.tell(one.form, "answers")
    return answer_texts(session, one.reader, one.cuts)


def _sample(cuts: Sequence[Cut]) -> Sample:
    """Texts of every length, evenly."""
    by_length = sorted(range(len(cuts)), key=lambda row: len(cuts[row].ids))
    step = max(1.0, sum(len(cut.ids) for cut in cuts) / SAMPLE_TOKENS)
    rows = [by_length[int(place)] for place in np.arange(step / 2, len(cuts), step)] or by_length[:1]
    return Sample(rows, sum(len(cuts[row].ids) for row in rows))


def _workload(one: Contestant, sample: Sample) -> Workload:
    ids = [one.cuts[row].ids for row in sample.rows]
    plan = plan_batches([len(text) for text in ids], max_tokens=BATCH_TOKENS)
    first = one.reader.first_position
    batches = [pack([ids[row] for row in batch], first_position=first) for batch in plan]
    return Workload(batches, pack([ids[len(ids) // 2]], first_position=first), sample.tokens)


def _form_report(
    form: Form, speeds: Sequence[Speed], agreement: Agreement, gates: Gates, accuracy: float | None
) -> FormReport:
    """The best throughput, for disturbance only slows, and the median time of one text."""
    return FormReport(
        form=form,
        tokens_per_second=round(max(speed.tokens_per_second for speed in speeds), 1),
        single_ms=round(statistics.median(one for speed in speeds for one in speed.single_seconds) * 1_000, 3),
        agreement=agreement,
        accuracy=accuracy,
        missed=missed_gates(agreement, gate=gates.all, language_gate=gates.language),
    )


def _accuracy(answers: Answers, reader: Reader, truth: Sequence[int] | None) -> float | None:
    if truth is None or reader.head != "classification" or reader.problem != "single":
        return None
    return float(np.mean([answer.labels[0] == label for answer, label in zip(answers.each, truth, strict=True)]))

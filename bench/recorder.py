#!/usr/bin/env python3
"""What does it cost to make rows of the prediction log out of answers, pseudonyms and redaction included?

usage: bench/recorder.py [ANSWERS]

CPU time per answer of one text with 14 labels and a subject, beside the log itself (bench/prediction_log.py), with the
text left out and with it kept.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence

import msgspec

from dragoman.monitoring.recorder import AnswerRecorder
from dragoman.records import AnswerLabel, PredictionRow
from dragoman.release.traffic import Ask, Place
from dragoman.serving.fakes import fake_model
from dragoman.serving.options import Options
from dragoman.spec import LogSpec
from dragoman.text.redaction import Redactor
from dragoman.training.environment import hardware_state

TEXT = "where is my order please, number 48213"
RATE = 1_000  # answers per second that the share is told for


class NoLog:
    """Forgets every row."""

    def append(self, rows: Sequence[PredictionRow]) -> None:
        pass


async def seconds_each(answers: int, *, keeps_text: bool) -> float:
    spec = LogSpec(text=keeps_text)
    recorder = AnswerRecorder(NoLog(), Redactor(b"k" * 32), lambda name: spec)
    labels = [AnswerLabel(label=f"complaint_about_{number}", score=0.5 / (number + 1)) for number in range(14)]
    with fake_model() as model:
        ask = Ask([TEXT], model.task.Parameters(), Options(subject="user-42"))
        answer = await model.predict_request(ask.inputs, ask.parameters, ask.options)
        prediction = msgspec.structs.replace(answer.predictions[0], labels=labels)
        answer = answer._replace(predictions=[prediction])
        began = time.process_time()
        for _ in range(answers):
            await recorder.record(model, ask, answer, Place(), 0.01)
        return (time.process_time() - began) / answers


def main(answers: int) -> None:
    hardware = hardware_state()
    print(f"{hardware['processor']}, {hardware['cores']} cores, Python {sys.version.split()[0]}")
    for keeps_text in (False, True):
        each = asyncio.run(seconds_each(answers, keeps_text=keeps_text))
        what = "text redacted and kept" if keeps_text else "no text kept"
        print(f"{what:24}{each * 1e6:5.1f} us an answer, {each * RATE:.1%} of one core at {RATE} answers/s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 20_000)

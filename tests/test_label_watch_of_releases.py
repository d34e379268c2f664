"""What a release learns from labels through the log is what its server would have learned from its memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.release.test_traffic import FAKE_LABELS, add_challenger, ask, released, tally
from tests.test_label_watch import World, tell
from tests.test_label_watch import released as active

from dragoman import clock
from dragoman.app.monitor import LOG_FOLDER
from dragoman.monitoring.prediction_log import PredictionLog
from dragoman.monitoring.recorder import AnswerRecorder
from dragoman.release.tally import Tally
from dragoman.serving.fakes import fake_model
from dragoman.serving.table import ModelTable
from dragoman.spec import LogSpec
from dragoman.text.redaction import Redactor

pytestmark = pytest.mark.anyio

TEXTS = ["refund please", "where is my order", "cancel it", "refund my order", "is it my order", "where"]


@pytest.mark.parametrize("share", [0.0, 0.5])  # the copies are the challenger's; some are the champion's
async def test_labels_say_the_same_by_the_log_as_by_the_servers_memory(tmp_path: Path, share: float) -> None:
    world, table = World(tmp_path), ModelTable()
    table.add(fake_model(version="7"), aliases=["champion"])
    add_challenger(table, labels=FAKE_LABELS[::-1])
    log = PredictionLog(world.place.state / LOG_FOLDER, world.place.tables)
    recorder = AnswerRecorder(log, Redactor(bytes(32)), lambda model: LogSpec())
    traffic, lane = released(table, share=share, recorder=recorder)  # type: ignore[arg-type]
    active(world, id="r", step=1)

    answers = [await ask(traffic, text, subject=f"user {n}") for n, text in enumerate([*TEXTS, TEXTS[0]])]
    await traffic.settle()
    log.close()
    table.close()
    told = [(answer.predictions[0].id, FAKE_LABELS[0]) for answer in answers]
    tell(world.place, told)
    for id, label in told:
        lane.ledger.labelled(id, label, step=1)
    counted = world.watch.look(clock.seconds())

    rows, _ = world.place.catalog.tallies("r")["labels"]
    (found,) = [one for _, one in map(Tally.from_row, rows)]
    assert counted == len(TEXTS) + 1  # of the objective; a text that comes again is no new evidence for a release
    assert found.n == len(TEXTS)
    assert found.counts.tolist() == tally(lane, "quality").counts.tolist()

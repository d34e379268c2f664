from __future__ import annotations

import numpy as np
import pytest

from dragoman.models.packing import pack
from dragoman.models.readouts import ClassificationReadout, Linear, PoolReadout, Readout
from dragoman.models.readouts.probed import ProbedReadout, split_output
from dragoman.profiles import DIRECTIONS, Probe

HIDDEN = 6
RANDOM = np.random.default_rng(0)
BATCH = pack([[1, 2], [3], [4, 5, 6]], first_position=0)
STATES = RANDOM.normal(size=(BATCH.tokens, HIDDEN)).astype(np.float32)
PROBE = Probe.fit(STATES, ["en"] * len(STATES))
READOUTS: list[Readout] = [
    ClassificationReadout(dense=Linear(STATES), out=Linear(STATES[:3]), pooling="cls"),
    PoolReadout(dimensions=4),
]


@pytest.mark.parametrize("inner", READOUTS, ids=lambda readout: readout.key)
def test_the_inner_numbers_come_first_and_the_projections_of_the_mean_last(inner: Readout) -> None:
    outputs = ProbedReadout(inner, PROBE).read(STATES, BATCH, [2, 0])

    for output, own, rows in zip(outputs, inner.read(STATES, BATCH, [2, 0]), [STATES[3:6], STATES[:2]], strict=True):
        numbers, projections = split_output(output, PROBE)
        assert np.array_equal(numbers, own)
        assert projections == pytest.approx(PROBE.project(rows.mean(axis=0)), rel=1e-4, abs=1e-5)


def test_many_outputs_are_split_at_once() -> None:
    outputs = np.stack(ProbedReadout(READOUTS[0], PROBE).read(STATES, BATCH, range(3)))

    numbers, projections = split_output(outputs, PROBE)

    assert (numbers.shape, projections.shape) == ((3, 3), (3, DIRECTIONS))


def test_the_key_tells_the_readout_and_the_probe() -> None:
    other = Probe.fit(2 * STATES, ["en"] * len(STATES))

    keys = {ProbedReadout(inner, probe).key for inner in READOUTS for probe in (PROBE, other)}

    assert len(keys | {inner.key for inner in READOUTS}) == 6

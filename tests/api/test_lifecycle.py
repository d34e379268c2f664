from __future__ import annotations

import pytest

from dragoman.api.lifecycle import Lifecycle, Phase
from dragoman.errors import ModelNotReady


def test_a_prediction_counts_as_in_flight_until_it_ends() -> None:
    lifecycle = Lifecycle(Phase.READY)
    with pytest.raises(ValueError, match="no"), lifecycle.prediction():
        during = lifecycle.in_flight
        raise ValueError("no")
    assert (during, lifecycle.in_flight) == (1, 0)


@pytest.mark.parametrize("phase", [Phase.LOADING, Phase.DRAINING])
def test_a_server_that_is_not_ready_takes_no_prediction(phase: Phase) -> None:
    lifecycle = Lifecycle(phase)
    with pytest.raises(ModelNotReady, match=phase.value), lifecycle.prediction():
        pass
    assert lifecycle.in_flight == 0


def test_a_draining_server_does_not_become_ready_again() -> None:
    lifecycle = Lifecycle()
    lifecycle.drain()
    lifecycle.become_ready()
    assert lifecycle.phase is Phase.DRAINING

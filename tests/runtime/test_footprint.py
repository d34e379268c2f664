from __future__ import annotations

import pytest
from tests.models.small import small_checkpoint

from dragoman.models.checkpoint import Checkpoint
from dragoman.runtime.base import FakeSession
from dragoman.runtime.footprint import Footprint, footprint_of
from dragoman.runtime.native_library import native_available, why_native_is_unavailable
from dragoman.runtime.native_session import native_session_of
from dragoman.runtime.onnx_session import session_of
from dragoman.runtime.torch_session import TorchSession


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return small_checkpoint()


def numbers_in(checkpoint: Checkpoint) -> int:
    return sum(array.size for array in checkpoint.arrays.values())


def test_a_session_that_does_not_say_takes_nothing() -> None:
    assert footprint_of(FakeSession()) == Footprint(0, ())


def test_onnx_takes_its_graph_and_weights(checkpoint: Checkpoint) -> None:
    own, shared = footprint_of(session_of(checkpoint, threads=1))
    assert 4 * numbers_in(checkpoint) <= own <= 4 * numbers_in(checkpoint) + 100_000
    assert shared == ()


@pytest.mark.parametrize(("precision", "size"), [("fp32", 4), ("bf16", 2)])
def test_torch_takes_its_tensors(checkpoint: Checkpoint, precision: str, size: int) -> None:
    session = TorchSession(checkpoint.config, checkpoint.arrays, device="cpu", precision=precision)
    body = sum(array.size for name, array in checkpoint.arrays.items() if name.startswith("roberta."))
    assert footprint_of(session).own == pytest.approx(size * body, rel=0.02)


@pytest.mark.skipif(not native_available(), reason=why_native_is_unavailable())
def test_native_sessions_share_their_word_table(checkpoint: Checkpoint) -> None:
    with native_session_of(checkpoint, threads=1) as one, native_session_of(checkpoint, threads=1) as other:
        first, second = footprint_of(one), footprint_of(other)
    table = checkpoint.config.vocabulary * checkpoint.config.hidden
    assert first == second
    assert first.shared == ((id(one.words.values), table),)
    assert 0 < first.own < 2 * numbers_in(checkpoint)

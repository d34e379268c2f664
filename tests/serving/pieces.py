"""What tests of the engine submit, and what they look at."""

from __future__ import annotations

from dragoman.serving.fakes import CountReadout
from dragoman.serving.sequence import Sequence
from dragoman.serving.tasks.base import Piece

COUNT = CountReadout()


def pieces_of(*ids: list[int]) -> list[Piece]:
    return [Piece(one, None, COUNT) for one in ids]


def results_of(sequences: list[Sequence]) -> list[list[float]]:
    return [one.future.result(timeout=10).tolist() for one in sequences]

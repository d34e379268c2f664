"""What a model does with a request beside answering it: naming its errors, counting its cost, choosing a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec

from dragoman.errors import InvalidRequest
from dragoman.records import Usage
from dragoman.serving.inputs import size_of
from dragoman.serving.sequence import Sequence as Running

__all__ = ["characters_of", "counted_from", "is_small", "run_aside", "stated_language", "usage_of"]

T = TypeVar("T")

SMALL_INPUTS = 8  # requests up to this size are prepared on the event loop: a thread costs more
SMALL_CHARACTERS = 1_000


@contextmanager
def counted_from(start: int) -> Iterator[None]:
    """Errors name an input by its place in its part; they tell where the part begins."""
    try:
        yield
    except InvalidRequest as error:
        if not start:
            raise
        raise type(error)(f"In the part from input {start} on: {error.message}", help=error.help) from None


def stated_language(inputs: Any) -> str:
    """The language that a request says its texts are in; empty if it says none, or several."""
    given = inputs if isinstance(inputs, list | tuple) else [inputs]
    said = {one.get("language") if isinstance(one, dict) else getattr(one, "language", None) for one in given}
    language = said.pop() if len(said) == 1 else None
    return language if isinstance(language, str) else ""


def usage_of(sequences: list[Running], *, tokens: int) -> Usage:
    """Inference is the time of the batches that held the pieces; queueing is the rest up to the last answer."""
    inference = sum(finished - started for started, finished in {(one.started, one.finished) for one in sequences})
    total = max(one.finished for one in sequences) - min(one.arrived for one in sequences)
    return Usage(
        tokens=tokens,
        queue_ms=round(max(total - inference, 0.0) * 1_000, 3),
        inference_ms=round(inference * 1_000, 3),
    )


def is_small(inputs: Any) -> bool:
    """Whether preparing the inputs takes too little time to be worth a thread."""
    if isinstance(inputs, str | dict | msgspec.Struct):
        inputs = (inputs,)
    return (
        isinstance(inputs, list | tuple) and len(inputs) <= SMALL_INPUTS and characters_of(inputs) <= SMALL_CHARACTERS
    )


def characters_of(inputs: Any) -> int:
    """Characters of all inputs of a request, before they are checked."""
    return sum(map(size_of, inputs)) if isinstance(inputs, list | tuple) else size_of(inputs)


async def run_aside(work: Callable[[], T], *, small: bool) -> T:
    """Do small work at once and larger work in a thread, so that the event loop goes on."""
    return work() if small else await asyncio.to_thread(work)

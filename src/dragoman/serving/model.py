"""A loaded model: texts in, predictions out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator
from collections.abc import Sequence as Inputs
from contextlib import contextmanager
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

import numpy as np

from dragoman.records import Prediction, TextInput, Usage
from dragoman.runtime.base import Session
from dragoman.serving.engine import Engine
from dragoman.serving.ids import new_id
from dragoman.serving.info import ModelInfo
from dragoman.serving.inputs import encode_inputs, read_inputs
from dragoman.serving.parameters import Parameters, read_parameters
from dragoman.serving.scheduler import Scheduler
from dragoman.serving.sequence import Sequence, wait_for_all
from dragoman.serving.tasks.classification import Classification, Classified
from dragoman.spec import ServingSpec
from dragoman.text.language import Detector
from dragoman.text.script import script_of
from dragoman.text.tokenizer import Encoded, Tokenizer

__all__ = ["Answer", "Model"]

T = TypeVar("T")

SMALL_INPUTS = 8  # requests up to this size are prepared on the event loop: a thread costs more
SMALL_CHARACTERS = 2_000


class Answer(NamedTuple):
    """The predictions of one request and what they cost."""

    predictions: list[Prediction]
    usage: Usage


class Prepared(NamedTuple):
    """A checked input with its tokens."""

    input: TextInput
    encoded: Encoded


class Traits(NamedTuple):
    """What a text is, whatever the model says of it."""

    language: str
    script: str


class Model:
    """A model with its tokenizer, its runtime and its engine. Close it, or use it as a context manager.

    Safe to share between threads. `languages` may be empty: then any language may be given.
    """

    def __init__(
        self,
        *,
        name: str,
        version: str,
        tokenizer: Tokenizer,
        detector: Detector,
        labels: Inputs[str],
        languages: Inputs[str],
        temperature: float,
        session: Session,
        serving: ServingSpec,
        first_position: int,
        max_tokens: int,
    ) -> None:
        self.name, self.version = name, version
        self.tokenizer, self.detector = tokenizer, detector
        self.labels, self.languages = tuple(labels), tuple(languages)
        self.serving, self.max_tokens = serving, max_tokens
        self.task = Classification(labels, temperature=temperature, abstain_below=serving.abstain_below)
        scheduler = Scheduler(max_batch_tokens=serving.max_batch_tokens, max_queue_tokens=serving.max_queue_tokens)
        self.engine = Engine(session, scheduler, first_position=first_position)
        self.engine.start()

    def predict(
        self, inputs: str | Inputs[str | TextInput | dict[str, Any]], *, top: int | None = None, **unknown: Any
    ) -> list[Prediction]:
        """One prediction per input, in order; a single text gives a list of one, and a list may have any length.

        `top` keeps the best labels only. Raises `InvalidRequest` and its kinds for what is wrong with the inputs,
        `Overloaded` when other threads fill the queue.
        """
        parameters = read_parameters({"top": top, **unknown})
        return [prediction for part in self._parts(inputs) for prediction in self._predict(part, parameters)]

    async def predict_request(
        self, inputs: Collection[str | TextInput], parameters: Parameters | None = None
    ) -> Answer:
        """What `predict` does, for an event loop, with usage. Cancelling it gives up the texts that still wait."""
        asked, small = parameters or Parameters(), is_small(inputs)
        prepared = await run_aside(lambda: self._prepare(inputs), small=small)
        with self._running(prepared) as sequences:
            traits = await run_aside(lambda: self._describe(prepared), small=small)
            await wait_for_all(sequences)
            return await run_aside(lambda: self._answer(prepared, traits, sequences, asked), small=small)

    def info(self, aliases: Collection[str] = ()) -> ModelInfo:
        """What a server tells of this model."""
        return ModelInfo(
            name=self.name,
            version=self.version,
            aliases=sorted(aliases),
            task=self.task.name,
            labels=list(self.labels),
            languages=list(self.languages),
            max_tokens=self.max_tokens,
            max_inputs=self.serving.max_inputs,
            max_text_characters=self.serving.max_text_characters,
            too_long=self.serving.too_long,
        )

    def drain(self, timeout: float | None = None) -> bool:
        """Take no more texts and wait until all are answered; False if `timeout` seconds did not suffice."""
        return self.engine.drain(timeout)

    def close(self) -> None:
        """End the engine. Texts that still wait fail with `ModelNotReady`."""
        self.engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _parts(self, inputs: Any) -> Iterator[Any]:
        """A long list, cut into requests of the largest size; what is no list is left to `read_inputs`."""
        most = self.serving.max_inputs
        if not isinstance(inputs, list | tuple) or len(inputs) <= most:
            yield inputs
        else:
            yield from (inputs[start : start + most] for start in range(0, len(inputs), most))

    def _predict(self, inputs: Any, parameters: Parameters) -> list[Prediction]:
        prepared = self._prepare(inputs)
        with self._running(prepared) as sequences:
            traits = self._describe(prepared)
            return self._answer(prepared, traits, sequences, parameters).predictions

    def _prepare(self, inputs: Any) -> list[Prepared]:
        checked = read_inputs(inputs, serving=self.serving, languages=self.languages)
        encoded = encode_inputs(checked, tokenizer=self.tokenizer, serving=self.serving)
        return [Prepared(*pair) for pair in zip(checked, encoded, strict=True)]

    @contextmanager
    def _running(self, prepared: list[Prepared]) -> Iterator[list[Sequence]]:
        """The texts in the engine; given up if the caller stops waiting."""
        sequences = self.engine.submit([one.encoded for one in prepared])
        try:
            yield sequences
        except BaseException:
            self.engine.cancel(sequences)
            raise

    def _describe(self, prepared: list[Prepared]) -> list[Traits]:
        return [
            Traits(one.input.language or self.detector.detect(one.input.text)[0], script_of(one.input.text))
            for one in prepared
        ]

    def _answer(
        self, prepared: list[Prepared], traits: list[Traits], sequences: list[Sequence], parameters: Parameters
    ) -> Answer:
        """Waits for what is not finished, and raises the error of what failed."""
        logits = np.stack([sequence.future.result() for sequence in sequences])
        classified = self.task.finish(logits, top=parameters.top)
        predictions = [prediction_of(*parts) for parts in zip(prepared, traits, classified, strict=True)]
        return Answer(predictions, usage_of(sequences))


def prediction_of(prepared: Prepared, traits: Traits, classified: Classified) -> Prediction:
    return Prediction(
        id=new_id(),
        language=traits.language,
        script=traits.script,
        tokens=len(prepared.encoded.ids),
        windows=1,
        truncated=prepared.encoded.truncated,
        labels=classified.labels,
        abstained=classified.abstained,
    )


def usage_of(sequences: list[Sequence]) -> Usage:
    """Inference is the time of the batches that held the texts; queueing is the rest up to the last answer."""
    inference = sum(finished - started for started, finished in {(one.started, one.finished) for one in sequences})
    total = max(one.finished for one in sequences) - min(one.arrived for one in sequences)
    return Usage(
        tokens=sum(map(len, sequences)),
        queue_ms=round(max(total - inference, 0.0) * 1_000, 3),
        inference_ms=round(inference * 1_000, 3),
    )


def is_small(inputs: Collection[str | TextInput]) -> bool:
    return len(inputs) <= SMALL_INPUTS and sum(map(characters_of, inputs)) <= SMALL_CHARACTERS


def characters_of(one: str | TextInput) -> int:
    return len(one.text if isinstance(one, TextInput) else one)


async def run_aside(work: Callable[[], T], *, small: bool) -> T:
    """Do small work at once and larger work in a thread, so that the event loop goes on."""
    return work() if small else await asyncio.to_thread(work)

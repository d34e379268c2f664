"""A loaded model: inputs in, predictions out."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from dragoman.errors import WrongTask
from dragoman.models.readouts.probed import ProbedReadout, split_output
from dragoman.profiles.reference import Reference
from dragoman.records import FeatureColumn, Prediction, Usage
from dragoman.serving.backbone import Backbone
from dragoman.serving.features import Features, Served, refuse_features
from dragoman.serving.ids import new_id
from dragoman.serving.info import ColumnInfo, ModelInfo
from dragoman.serving.inputs import read_inputs
from dragoman.serving.observer import Answered, Failed, Observer, Silent, TextSeen
from dragoman.serving.options import Options
from dragoman.serving.parameters import read_parameters
from dragoman.serving.requests import characters_of, counted_from, is_small, run_aside, stated_language, usage_of
from dragoman.serving.sequence import Sequence as Running
from dragoman.serving.sequence import wait_for_all
from dragoman.serving.tasks.base import CommonParameters, Piece, Prepared, Task
from dragoman.spec import ServingSpec
from dragoman.text.language import Detector
from dragoman.text.script import script_of
from dragoman.text.tokenizer import Tokenizer

__all__ = ["Answer", "Model"]

EXPECTED_SHARE = 0.8  # of the tokens that a request probably has: nobody is refused for a guess that is too high
DENSITY_MEMORY = 0.05  # weight of the newest request
PROBED_TASKS = ("text-classification",)  # whose readouts give one row of numbers for a text


class Answer(NamedTuple):
    """The predictions of one request and what they cost."""

    predictions: list[Prediction]
    usage: Usage
    version: str = ""  # of the model that answered
    served: Sequence[Served] = ()  # of each input, where the model reads features


class Traits(NamedTuple):
    """What a text is, whatever the model says of it."""

    language: str
    script: str


class Model:
    """A task over a backbone. Close it, or use it as a context manager.

    Safe to share between threads. `languages` may be empty: then any language may be given. `digest` names what is
    loaded: two models with the same digest give the same answers. With a `reference`, what the engine reads of a text
    has also the projections of its hidden vector that the reference has profiled. `features` are the columns that it
    reads beside texts or instead of them, and are its own: it closes them.
    """

    def __init__(
        self,
        *,
        name: str,
        version: str,
        digest: str,
        task: Task,
        backbone: Backbone,
        detector: Detector,
        languages: Sequence[str],
        serving: ServingSpec,
        reference: Reference | None = None,
        observer: Observer | None = None,
        features: Features | None = None,
    ) -> None:
        self.name, self.version, self.digest, self.reference = name, version, digest, reference
        self.features = features
        self.task, self.detector, self.languages, self.serving = task, detector, tuple(languages), serving
        self.observer = observer or Silent()
        self.probe = reference.probe if reference is not None and task.name in PROBED_TASKS else None
        self._readouts: dict[str, ProbedReadout] = {}  # by the key of the inner one: a task has a few
        self.backbone = backbone.take()
        self._density = 0.0  # tokens of a character, as found lately
        self._is_closed = False

    @property
    def columns(self) -> Sequence[FeatureColumn]:
        """What it reads beside texts, or instead of them; empty for a model of texts alone."""
        return self.features.columns if self.features else ()

    @property
    def tokenizer(self) -> Tokenizer:
        """Raises `WrongTask` for a model that reads no texts."""
        if self.backbone.tokenizer is None:
            raise WrongTask(
                f"Model '{self.name}' does {self.task.name}: it reads no texts and has no tokens.",
                help="name another model; GET /v1/models lists them.",
            )
        return self.backbone.tokenizer

    def predict(self, inputs: Any, *, options: Options = Options(priority="bulk"), **parameters: Any) -> list[Any]:  # noqa: B008 (frozen)
        """One prediction per input, in order; a single input gives a list of one, and a list may have any length.

        `parameters` are those of the task. Raises `InvalidRequest` and its kinds for what is wrong with the inputs,
        `Overloaded` when other threads fill the queue.
        """
        asked = read_parameters(parameters, self.task.Parameters)
        predictions: list[Prediction] = []
        for start, part in self._parts(inputs):
            with counted_from(start):
                predictions += self._predict(part, asked, options)
        return predictions

    async def predict_request(
        self,
        inputs: Any,
        parameters: CommonParameters | None = None,
        options: Options = Options(),  # noqa: B008 (frozen)
    ) -> Answer:
        """What `predict` does, for an event loop, with usage. Cancelling it gives up the pieces that still wait."""
        asked, small = parameters or self.task.Parameters(), is_small(inputs)
        with Request(self, inputs, options) as request:
            if small:  # it may be in the cache, and costs little
                prepared, served = await self._prepare_aside(inputs, asked, small=True)
            else:
                prepared, served = await self._prepare_expected(inputs, asked, options)
            sequences = request.submit(prepared)
            traits = await run_aside(lambda: self._describe(prepared), small=small)
            await wait_for_all(sequences)
            answer = await run_aside(lambda: self._answer(prepared, traits, sequences, asked), small=small)
        request.answered(prepared, answer)
        return answer._replace(served=served) if served else answer

    def info(self, aliases: Collection[str] = ()) -> ModelInfo:
        """What a server tells of this model."""
        return ModelInfo(
            name=self.name,
            version=self.version,
            aliases=sorted(aliases),
            task=self.task.name,
            labels=list(self.task.labels),
            languages=list(self.languages),
            max_tokens=self.backbone.max_tokens,
            max_inputs=self.serving.max_inputs,
            max_text_characters=self.serving.max_text_characters,
            too_long=self.serving.too_long,
            columns=[ColumnInfo.of(column) for column in self.columns],
            views=list(self.features.views) if self.features else [],
        )

    def drain(self, timeout: float | None = None) -> bool:
        """Take no more texts and wait until all are answered; False if `timeout` seconds did not suffice."""
        return self.backbone.engine.drain(timeout)

    def close(self) -> None:
        """Give the backbone back. Where no other model uses it, texts that still wait fail with `ModelNotReady`."""
        if not self._is_closed:
            self._is_closed = True
            self.backbone.give_back()
            if self.features is not None:
                self.features.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _parts(self, inputs: Any) -> Iterator[tuple[int, Any]]:
        """A long list, cut into requests of the largest size, each with its place; other things stay whole."""
        most = self.serving.max_inputs
        if not isinstance(inputs, list | tuple) or len(inputs) <= most:
            yield 0, inputs
        else:
            yield from ((start, inputs[start : start + most]) for start in range(0, len(inputs), most))

    def _predict(self, inputs: Any, parameters: CommonParameters, options: Options) -> list[Prediction]:
        with Request(self, inputs, options) as request:
            prepared, _ = self._prepare(inputs, parameters)
            sequences = request.submit(prepared)
            answer = self._answer(prepared, self._describe(prepared), sequences, parameters)
        request.answered(prepared, answer)
        return answer.predictions

    async def _prepare_aside(
        self, inputs: Any, parameters: CommonParameters, *, small: bool
    ) -> tuple[list[Prepared], list[Served]]:
        """What waits for a store does so in threads of its own, off the event loop."""
        work = partial(self._prepare, inputs, parameters)
        if self.features is not None and self.features.waits:
            return await self.features.aside(work)
        return await run_aside(work, small=small)

    async def _prepare_expected(
        self, inputs: Any, parameters: CommonParameters, options: Options
    ) -> tuple[list[Prepared], list[Served]]:
        """As above, with a place in the queue by the length of the texts: others may not be prepared in vain."""
        characters, pieces = characters_of(inputs), len(inputs) if isinstance(inputs, list | tuple) else 1
        tokens = max(round(EXPECTED_SHARE * self._density * characters), 1)
        with self.backbone.engine.expecting(tokens, pieces, options):
            prepared, served = await self._prepare_aside(inputs, parameters, small=False)
        found = sum(one.tokens for one in prepared) / max(characters, 1)
        self._density += DENSITY_MEMORY * (found - self._density) if self._density else found
        return prepared, served

    def _prepare(self, inputs: Any, parameters: CommonParameters) -> tuple[list[Prepared], list[Served]]:
        kind: type[Any] = self.task.Input
        checked = read_inputs(inputs, kind, serving=self.serving, languages=self.languages)
        if self.features is None:
            refuse_features(checked, self.name)
            return self.task.prepare(checked, parameters), []
        served = self.features.serve(checked)
        filled = [replace(one, features=its.features) for one, its in zip(checked, served, strict=True)]
        prepared = self.task.prepare(filled, parameters)
        return [one._replace(features=its.features) for one, its in zip(prepared, served, strict=True)], served

    def seen(
        self, prepared: list[Prepared], sequences: list[Running], predictions: list[Prediction]
    ) -> Iterator[TextSeen]:
        """What the observer is told of each input of an answered request."""
        left = iter(sequences)
        for given, one in zip(prepared, predictions, strict=True):
            own = [next(left) for _ in given.pieces]
            compute = sum(sequence.compute for sequence in own)
            yield TextSeen(one.language, one.tokens, one.truncated, compute, given, one, self._projections_of(own))

    def _describe(self, prepared: list[Prepared]) -> list[Traits]:
        scripts = [script_of(one.text) if one.text else "" for one in prepared]
        return [
            Traits(one.language or self.detector.detect(one.text, script=script)[0], script)
            for one, script in zip(prepared, scripts, strict=True)
        ]

    def _answer(
        self, prepared: list[Prepared], traits: list[Traits], sequences: list[Running], parameters: CommonParameters
    ) -> Answer:
        """Waits for what is not finished, and raises the error of what failed."""
        outputs = iter([self._result_of(sequence) for sequence in sequences])
        predictions = [
            self._prediction(one, trait, [next(outputs) for _ in one.pieces], parameters)
            for one, trait in zip(prepared, traits, strict=True)
        ]
        return Answer(predictions, usage_of(sequences, tokens=sum(one.tokens for one in prepared)), self.version)

    def probed(self, piece: Piece) -> Piece:
        """The piece, read with the projections of its hidden vector where the model has a reference."""
        if self.probe is None:
            return piece
        found = self._readouts.get(piece.readout.key)
        if found is None:
            found = self._readouts[piece.readout.key] = ProbedReadout(piece.readout, self.probe)
        return piece._replace(readout=found)

    def _result_of(self, sequence: Running) -> NDArray[np.float32]:
        output = sequence.future.result()
        return output if self.probe is None else split_output(output, self.probe)[0]

    def _projections_of(self, sequences: list[Running]) -> NDArray[np.float32] | None:
        """Of the input's first window."""
        if self.probe is None or not sequences:
            return None
        return split_output(sequences[0].future.result(), self.probe)[1]

    def _prediction(
        self, prepared: Prepared, traits: Traits, outputs: list[Any], parameters: CommonParameters
    ) -> Prediction:
        return self.task.Answer(
            id=new_id(),
            language=traits.language,
            script=traits.script,
            tokens=prepared.tokens,
            windows=prepared.windows,
            truncated=prepared.truncated,
            **self.task.finish(prepared, outputs, parameters),
        )


class Request:
    """One request on its way: around it, with `with`. If it ends with an error, its pieces are given up.

    The observer hears of its answer, or of its error; who gave up is no error.
    """

    __slots__ = ("_begun", "_inputs", "_model", "_options", "_sequences")

    def __init__(self, model: Model, inputs: Any, options: Options) -> None:
        self._model, self._inputs, self._options = model, inputs, options
        self._begun = time.monotonic()
        self._sequences: list[Running] = []

    def submit(self, prepared: list[Prepared]) -> list[Running]:
        """Its pieces, in the engine."""
        model = self._model
        pieces = [model.probed(piece) for one in prepared for piece in one.pieces]
        self._sequences = model.backbone.engine.submit(pieces, self._options, head=model.digest)
        return self._sequences

    def answered(self, prepared: list[Prepared], answer: Answer) -> None:
        """Tell of its answer."""
        seconds, queued = time.monotonic() - self._begun, answer.usage.queue_ms / 1_000
        seen = list(self._model.seen(prepared, self._sequences, answer.predictions))
        self._model.observer.answered(
            Answered(*self._names(), seen, seconds, queued, self._options.priority, self._options.is_copy)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._model.backbone.engine.cancel(self._sequences)
        if isinstance(error, Exception):
            language, options = stated_language(self._inputs), self._options
            self._model.observer.failed(Failed(*self._names(), error, language, options.priority, options.is_copy))

    def _names(self) -> tuple[str, str, str]:
        return self._model.name, self._model.version, self._model.task.name

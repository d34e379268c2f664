"""The dialect of Hugging Face's inference API: `POST /models/{name}`, with the shapes of its pipelines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dragoman.api.answers import json_answer
from dragoman.api.body import BodyReader
from dragoman.api.intake import Intake, options_of, parameters_of
from dragoman.api.rerank import RerankApi
from dragoman.api.tei import TeiApi
from dragoman.errors import InvalidRequest
from dragoman.records import AnswerPrediction, Entity, EntityPrediction, FillPrediction, LabelPrediction
from dragoman.serving.model import Model
from dragoman.serving.suggestion import shown, suggest
from dragoman.serving.tasks.base import Task
from dragoman.serving.tasks.classification import TextClassification
from dragoman.serving.tasks.question_answering import QuestionAnswering

__all__ = ["HuggingfaceApi"]


class PipelineRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    inputs: str | dict[str, str] | list[str | dict[str, str]]
    parameters: dict[str, Any] = {}
    options: dict[str, Any] = {}  # of Hugging Face's own servers: waiting and caching, of no effect


class Pipeline(NamedTuple):
    """How one task looks through this dialect."""

    parameters: dict[str, str]  # theirs → ours
    shape: Callable[[Any, Any], Any]  # from a prediction and its input
    is_nested: bool = False  # a single input is answered with a list of one


def text_and_pair(given: Any) -> Any:
    """`{"text", "text_pair"}` as our `{"text", "pair"}`."""
    if not isinstance(given, dict):
        return given
    return {("pair" if name == "text_pair" else name): text for name, text in given.items()}


def labels_of(prediction: LabelPrediction, given: Any) -> Any:
    return prediction.labels


def entities_of(prediction: EntityPrediction, given: Any) -> list[dict[str, Any]]:
    return [entity_of(one) for one in prediction.entities]


def entity_of(one: Entity) -> dict[str, Any]:
    return {"entity_group": one.label, "score": one.score, "word": one.text, "start": one.start, "end": one.end}


def span_of(prediction: AnswerPrediction, given: Any) -> dict[str, Any]:
    """The answer; where there is none, an empty one, as in the pipeline."""
    found = prediction.answer
    if found is None:
        return {"score": 0.0, "start": 0, "end": 0, "answer": ""}
    return {"score": found.score, "start": found.start, "end": found.end, "answer": found.text}


def fillings_of(prediction: FillPrediction, given: str) -> Any:
    """The candidates of the mask; of several masks, a list for each."""
    masks: dict[int, list[dict[str, Any]]] = {}
    for one in prediction.candidates:
        row = {"score": one.score, "token": one.token, "token_str": one.text}
        masks.setdefault(one.mask, []).append(row | {"sequence": filled(given, one.mask, one.text)})
    return next(iter(masks.values()), []) if len(masks) < 2 else list(masks.values())


def filled(text: str, number: int, word: str) -> str:
    """The text with one of its masks replaced."""
    mask = "[MASK]" if "[MASK]" in text else "<mask>"
    parts = text.split(mask)
    return mask.join(parts[: number + 1]) + word + mask.join(parts[number + 1 :])


PIPELINES = {
    "text-classification": Pipeline({"top_k": "top"}, labels_of, is_nested=True),
    "zero-shot-classification": Pipeline(
        {name: name for name in ("candidate_labels", "multi_label", "hypothesis_template")}, labels_of
    ),
    "token-classification": Pipeline({"aggregation_strategy": "aggregation", "stride": "stride"}, entities_of),
    "question-answering": Pipeline(
        {
            "max_answer_len": "max_answer_tokens",
            "doc_stride": "stride",
            "handle_impossible_answer": "allow_no_answer",
            "align_to_words": "whole_words",
        },
        span_of,
    ),
    "fill-mask": Pipeline({"top_k": "top", "targets": "targets"}, fillings_of),
}
READER = BodyReader(PipelineRequest, example='{"inputs": "Where is my order?"}')


class HuggingfaceApi:
    """A URL that `InferenceClient(model=URL)` of huggingface_hub can be given."""

    def __init__(self, intake: Intake, tei: TeiApi, rerank: RerankApi) -> None:
        self.intake, self.tei, self.rerank = intake, tei, rerank

    def routes(self) -> list[Route]:
        ask = self.intake.endpoint(self.ask)
        paths = ("/models/{name}", "/models/{name}/pipeline/{task}")
        return [Route(path, ask, methods=["POST"]) for path in paths]

    async def ask(self, request: Request, body: bytes) -> Response:
        with self.intake.model(request.path_params["name"]) as model:
            task = model.task.name
            if task in PIPELINES:
                return await self.run(request, READER.read(body), model)
        if task == "rerank":
            return await self.rerank.rerank(request, body)
        is_similarity = b'"source_sentence"' in body
        return await (self.tei.similarity if is_similarity else self.tei.embed)(request, body)

    async def run(self, request: Request, asked: PipelineRequest, model: Model) -> Response:
        pipeline, is_single = PIPELINES[model.task.name], not isinstance(asked.inputs, list)
        inputs = [asked.inputs] if is_single else [*asked.inputs]
        parameters = parameters_of(model, **translated(asked.parameters, pipeline, model.task))
        read = [*map(text_and_pair, inputs)] if model.task.name == "text-classification" else inputs
        answer = await self.intake.ask(model, read, parameters, options_of(request))
        rows = [pipeline.shape(*pair) for pair in zip(answer.predictions, inputs, strict=True)]
        return json_answer(rows[0] if is_single and not pipeline.is_nested else rows)


def translated(given: dict[str, Any], pipeline: Pipeline, task: Task) -> dict[str, Any]:
    """Their parameters as ours. Raises `InvalidRequest` for one that has no counterpart."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        if value is None:
            continue
        if name == "function_to_apply" and isinstance(task, TextClassification):
            found["raw_scores"] = is_raw(value, own="softmax" if task.problem == "single" else "sigmoid")
        elif name == "top_k" and isinstance(task, QuestionAnswering) and value == 1:
            continue  # there is one answer
        elif name in pipeline.parameters:
            found[pipeline.parameters[name]] = value
        else:
            raise InvalidRequest(f"There is no parameter {shown(name)} here.", help=suggest(name, pipeline.parameters))
    return found


def is_raw(function: Any, *, own: str) -> bool:
    """Whether scores shall be the model's numbers. Raises `InvalidRequest` for a function that is not the model's."""
    if function not in ("none", own):
        raise InvalidRequest(
            f"'function_to_apply' is {shown(str(function))}; the model's own is {own}.",
            help=f'leave it out, or send "{own}" or "none".',
        )
    return bool(function == "none")

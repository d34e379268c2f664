"""What goes over the wire in the native dialect, beside the records of `dragoman.records`."""

from __future__ import annotations

import functools
from typing import Annotated, Any, Literal, Protocol

import msgspec
from msgspec import Meta

from dragoman.records import Prediction, QuestionInput, RankInput, RowInput, TextInput, Usage
from dragoman.serving.info import ModelInfo
from dragoman.serving.tasks.base import CommonParameters

__all__ = [
    "EXAMPLES",
    "ErrorAnswer",
    "ErrorDetail",
    "ModelAnswer",
    "ModelEntry",
    "ModelsAnswer",
    "PredictAnswer",
    "PredictRequest",
    "StatusAnswer",
    "TaskKind",
    "WelcomeAnswer",
    "answer_type",
    "example_of",
    "inputs_type",
    "request_type",
]

EXAMPLES: dict[type, str] = {
    TextInput: '{"inputs": ["Where is my order?"]}',
    QuestionInput: '{"inputs": [{"question": "Who came?", "context": "Ada came."}]}',
    RankInput: '{"inputs": [{"query": "refund", "texts": ["Money back", "Opening hours"]}]}',
    RowInput: '{"inputs": [{"features": {"age": 41, "plan": "gold"}, "key": "c-17"}]}',
}
MILLISECONDS_A_DAY = 86_400_000

AnyInput = TextInput | QuestionInput | RankInput | RowInput


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of all messages."""


# Predictions --------------------------------------------------------------------------------------------------------


class TaskKind(Protocol):
    """What the messages of a task are made from: the task, or its class."""

    @property
    def name(self) -> str: ...
    @property
    def Input(self) -> type[AnyInput]: ...  # noqa: N802 (as in a task)
    @property
    def Parameters(self) -> type[CommonParameters]: ...  # noqa: N802 (as in a task)
    @property
    def Answer(self) -> type[Prediction]: ...  # noqa: N802 (as in a task)


class PredictRequest(Message, frozen=True, kw_only=True):
    """What is asked beside the inputs and the task's parameters, which each task adds."""

    subject: Annotated[str | None, Meta(description="Who the texts are about: one subject keeps one version.")] = None
    timeout_ms: (
        Annotated[
            int,
            Meta(ge=1, le=MILLISECONDS_A_DAY, description="After so many milliseconds the answer is 504."),
        ]
        | None
    ) = None
    priority: Annotated[Literal["online", "bulk"], Meta(description="Bulk requests let online ones pass.")] = "online"


class PredictAnswer(Message, frozen=True, kw_only=True):
    """The predictions, in the order of the inputs."""

    model: str
    version: str
    predictions: list[Any]  # of the task's kind
    usage: Usage


@functools.cache
def inputs_type(kind: type[AnyInput]) -> Any:
    """What `inputs` may hold: a list of inputs, or one."""
    one: Any = str | TextInput if kind is TextInput else kind
    return list[one] | one


def request_type(task: TaskKind) -> type[PredictRequest]:
    """The body of a prediction by one task."""
    return _request_type(title_of(task.name), task.Input, task.Parameters)


@functools.cache
def _request_type(title: str, kind: Any, parameters: Any) -> type[PredictRequest]:
    fields = [
        ("inputs", Annotated[inputs_type(kind), Meta(description="What to answer: a list, or one alone.")]),
        parameters_field(parameters),
    ]
    made: type[PredictRequest] = _defined(
        f"{title}Request", fields, PredictRequest, f"A request to a model for {title}."
    )
    return made


def parameters_field(kind: Any) -> tuple[Any, ...]:
    """`parameters`, which may be left out unless the task cannot do without one of them."""
    if any(field.required for field in msgspec.structs.fields(kind)):
        return ("parameters", Annotated[kind, Meta(description="How to answer.")])
    return ("parameters", Annotated[kind | None, Meta(description="How to answer.")], None)


def answer_type(task: TaskKind) -> type[PredictAnswer]:
    """The answer of a prediction by one task."""
    return _answer_type(title_of(task.name), task.Answer)


@functools.cache
def _answer_type(title: str, prediction: type[Prediction]) -> type[PredictAnswer]:
    fields = [("predictions", list[prediction])]  # type: ignore[valid-type]
    made: type[PredictAnswer] = _defined(
        f"{title}Answer", fields, PredictAnswer, "The predictions, in the order of the inputs."
    )
    return made


def _defined(name: str, fields: Any, base: type[msgspec.Struct], doc: str) -> Any:
    return msgspec.defstruct(
        name,
        fields,
        bases=(base,),
        module=__name__,
        namespace={"__doc__": doc},
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
    )


def example_of(task: TaskKind) -> str:
    """A body that a task would accept."""
    return EXAMPLES[task.Input]


def title_of(name: str) -> str:
    """`text-classification` → `TextClassification`."""
    return "".join(part.capitalize() for part in name.split("-"))


# Models -------------------------------------------------------------------------------------------------------------


class ModelAnswer(ModelInfo, frozen=True, kw_only=True):
    """One model, with the fields in which clients of OpenAI and of KServe look for it."""

    id: str
    ready: bool
    created: int  # seconds since 1970
    object: str = "model"
    owned_by: str = "dragoman"


class ModelEntry(Message, frozen=True, kw_only=True):
    """One model as clients of OpenAI know it."""

    id: str
    created: int
    object: str = "model"
    owned_by: str = "dragoman"


class ModelsAnswer(Message, frozen=True, kw_only=True):
    """The models that this server answers with; `object` and `data` say the same to clients of OpenAI."""

    models: list[ModelInfo]
    data: list[ModelEntry]
    object: str = "list"


# The server ---------------------------------------------------------------------------------------------------------


class StatusAnswer(Message, frozen=True, kw_only=True):
    """The state of the server."""

    status: str  # "live" or "ready"


class WelcomeAnswer(Message, frozen=True, kw_only=True):
    """Where to look next."""

    name: str
    models: str
    openapi: str


class ErrorDetail(Message, frozen=True, kw_only=True):
    """What is wrong, and what to do about it."""

    type: str
    message: str
    help: str


class ErrorAnswer(Message, frozen=True, kw_only=True):
    """Every answer with a status of 400 or more."""

    error: ErrorDetail

"""What goes over the wire, beside the records of `dragoman.records`."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from dragoman.records import Prediction, TextInput, Usage
from dragoman.serving.info import ModelInfo
from dragoman.serving.parameters import Parameters

__all__ = [
    "ErrorAnswer",
    "ErrorDetail",
    "ModelsAnswer",
    "PredictAnswer",
    "PredictRequest",
    "StatusAnswer",
    "WelcomeAnswer",
]


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of all messages."""


class PredictRequest(Message, frozen=True, kw_only=True):
    """Texts to classify."""

    inputs: Annotated[
        list[str | TextInput], Meta(description="Texts, or objects with a text and its language if it is known.")
    ]
    parameters: Annotated[Parameters, Meta(description="What to answer.")] = Parameters()
    subject: Annotated[str | None, Meta(description="Who the texts are about: one subject keeps one version.")] = None


class PredictAnswer(Message, frozen=True, kw_only=True):
    """The predictions, in the order of the inputs."""

    model: str
    version: str
    predictions: list[Prediction]
    usage: Usage


class ModelsAnswer(Message, frozen=True, kw_only=True):
    """The models that this server answers with."""

    models: list[ModelInfo]


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

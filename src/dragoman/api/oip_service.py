"""The Open Inference Protocol without its wire: what HTTP and gRPC have in common."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, NamedTuple

from dragoman.api.intake import Intake, parameters_of
from dragoman.api.oip_tasks import Column, classified, inputs_of, outputs_of, read_tensors, selected, write_tensors
from dragoman.api.oip_tensors import Tensor
from dragoman.api.repository import Repository, repository_or_refuse
from dragoman.errors import InvalidRequest
from dragoman.serving.info import ModelInfo
from dragoman.serving.model import Model
from dragoman.serving.options import Options

__all__ = ["EXTENSIONS", "Asked", "Inferred", "Metadata", "OipService", "Output"]

EXTENSIONS = ("classification", "model_repository", "schedule_policy", "statistics", "binary_tensor_data")
FIRST = "1"  # of a model without versions, such as a folder: clients ask for a number
PLATFORM = "dragoman"
MICROSECONDS = 1_000_000
STATES = {"loading": "LOADING", "ready": "READY", "failed": "UNAVAILABLE", "draining": "UNLOADING"}
HIGHEST_PRIORITY = 1  # of the protocol; 0 stands for the server's default


class Output(NamedTuple):
    """One output that was asked for; `classes` > 0 asks for so many of its largest values as texts."""

    name: str
    classes: int = 0


class Asked(NamedTuple):
    """One inference request."""

    tensors: Sequence[Tensor]
    parameters: Mapping[str, Any]
    outputs: Sequence[Output]
    caller: str = ""
    seconds: float | None = None  # that the transport allows


class Inferred(NamedTuple):
    """One inference answer."""

    name: str
    version: str
    tensors: list[Tensor]


class Metadata(NamedTuple):
    """A model's signature."""

    name: str
    versions: list[str]
    platform: str
    inputs: Sequence[Column]
    outputs: Sequence[Column]


class OipService:
    """Server, models, inference, repository and statistics."""

    def __init__(self, intake: Intake, repository: Repository | None = None) -> None:
        self.intake, self.repository = intake, repository

    def server_metadata(self) -> dict[str, Any]:
        return {"name": "dragoman", "version": version("dragoman"), "extensions": list(EXTENSIONS)}

    def reference(self, name: str, number: str = "") -> str:
        """A model's name, with its version if one is given. A model without versions answers as version 1 too."""
        if number == FIRST and any(row.name == name and not row.version for row in self.intake.models.rows()):
            return name
        return f"{name}/{number}" if number else name

    def metadata(self, reference: str) -> Metadata:
        """Raises `NotFound`."""
        with self.intake.model(reference) as model:
            name, task = model.name, model.task
            versions = [told(row.version) for row in self.intake.models.rows() if row.name == name]
            return Metadata(name, versions, PLATFORM, inputs_of(model), outputs_of(task.name))

    async def infer(self, reference: str, asked: Asked) -> Inferred:
        """Raises `NotFound`, `InvalidRequest` and what a prediction raises."""
        with self.intake.model(reference) as model:
            inputs, given = read_tensors(model, asked.tensors, asked.parameters)
            parameters = parameters_of(model, **given)
            answer = await self.intake.ask(model, inputs, parameters, options_of(asked))
            tensors = write_tensors(model.task.name, answer.predictions)
            return Inferred(model.name, told(answer.version), chosen(tensors, asked.outputs, model))

    def statistics(self, name: str = "", number: str = "") -> list[dict[str, Any]]:
        """A row per version of a model, or of all. Raises `NotFound`."""
        rows = [self.intake.models.info(self.reference(name, number))] if number else self._rows(name)
        found = [self.intake.statistics.row(row.name, row.version) for row in rows]
        return [row | {"version": told(row["version"])} for row in found]

    def _rows(self, name: str) -> list[ModelInfo]:
        if name:
            name = self.intake.models.info(name).name
        return [row for row in self.intake.models.rows() if not name or row.name == name]

    def index(self, *, ready_only: bool = False) -> list[dict[str, str]]:
        """The models that there are, with their state."""
        return [
            {"name": one.name, "version": told(one.version), "state": STATES[one.state], "reason": one.reason}
            for one in self.intake.models.states()
            if one.state == "ready" or not ready_only
        ]

    async def load(self, name: str, number: str | None = None) -> None:
        """Raises `NotFound`, and `MissingExtra` without a repository."""
        await asyncio.to_thread(repository_or_refuse(self.repository).load, name, number)

    async def unload(self, name: str) -> None:
        """Raises `NotFound`, and `MissingExtra` without a repository."""
        await asyncio.to_thread(repository_or_refuse(self.repository).unload, name)


def told(version: str) -> str:
    """A model's version as the protocol's clients see it."""
    return version or FIRST


def options_of(asked: Asked) -> Options:
    """`priority` 1 (or 0, or none) is online, more is bulk; `timeout` is in microseconds, 0 is none."""
    priority = whole_number(asked.parameters, "priority")
    microseconds = whole_number(asked.parameters, "timeout")
    limits = [one for one in (microseconds / MICROSECONDS if microseconds else None, asked.seconds) if one is not None]
    deadline = time.monotonic() + min(limits) if limits else None
    return Options("bulk" if priority > HIGHEST_PRIORITY else "online", deadline, asked.caller)


def whole_number(parameters: Mapping[str, Any], name: str) -> int:
    value = parameters.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidRequest(f"The parameter '{name}' is {value!r}.", help="send a whole number from 0.")
    return value


def chosen(tensors: Sequence[Tensor], outputs: Sequence[Output], model: Model) -> list[Tensor]:
    found = selected(tensors, [one.name for one in outputs])
    labels: list[list[bytes]] = next((tensor.data.tolist() for tensor in tensors if tensor.name == "labels"), [])
    classes = {one.name: one.classes for one in outputs}
    return [
        classified(tensor, top, labels, model.task.labels) if (top := classes.get(tensor.name, 0)) > 0 else tensor
        for tensor in found
    ]

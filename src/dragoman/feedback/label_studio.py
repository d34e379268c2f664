"""Labels from the JSON export of Label Studio: tasks with annotations.

What is read of a task: `prediction_id` of its `data`, or else of its `meta`, and its `annotations` with
`completed_by`, `created_at`, `was_cancelled` and `result`, of which the `choices` or the `number` is the label
(labelstud.io/guide/export). Everything else is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from dragoman.errors import InvalidData
from dragoman.feedback.given import Given, Unread, time_text

__all__ = ["SOURCE", "read_label_studio"]

SOURCE = "label-studio"  # of labels whose source nobody names
NO_ID = 'Import tasks with "prediction_id" in their data, or in their meta.'


class Annotation(msgspec.Struct):
    """What one person said of a task."""

    result: list[dict[str, Any]] = []
    completed_by: int | str | dict[str, Any] | None = None
    created_at: str | None = None
    was_cancelled: bool = False


class Task(msgspec.Struct):
    """A task, as exported."""

    id: int | str = ""
    data: dict[str, Any] = {}
    meta: dict[str, Any] | None = None
    annotations: list[Annotation] | None = None

    @property
    def prediction_id(self) -> str:
        found = self.data.get("prediction_id") or (self.meta or {}).get("prediction_id")
        return found if isinstance(found, str) else ""


def read_label_studio(content: bytes) -> Iterator[Given | Unread]:
    """The labels of an export; cancelled annotations give none. Raises `InvalidData` if it is no list of tasks."""
    try:
        tasks = msgspec.json.decode(content, type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidData(f"This is no export of Label Studio: {error}.", help="Export the project as JSON.") from None
    for number, raw in enumerate(tasks, 1):
        yield from _read_task(number, raw)


def _read_task(number: int, raw: msgspec.Raw) -> Iterator[Given | Unread]:
    place = f"task {number}"
    try:
        task = msgspec.json.decode(raw, type=Task)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        yield Unread(place, f"is none of Label Studio: {error}.", "Export the project as JSON.")
        return
    if task.id != "":
        place = f"{place} (id {task.id})"
    if task.annotations is None:
        yield Unread(place, "has no annotations.", "Export the project as JSON, not as JSON-MIN.")
    elif not task.prediction_id:
        yield Unread(place, "has no prediction_id.", NO_ID)
    else:
        for annotation in task.annotations:
            if not annotation.was_cancelled:
                yield _read_annotation(place, task.prediction_id, annotation)


def _read_annotation(place: str, prediction_id: str, annotation: Annotation) -> Given | Unread:
    labels = [label for result in annotation.result for label in _labels(result)]
    if len(labels) != 1:
        return Unread(place, f"has an annotation with {len(labels)} choices.", "Choose one label, or cancel it.")
    try:
        time = _time(annotation.created_at)
    except ValueError:
        return Unread(place, f"has an annotation of the time {annotation.created_at!r}.", "Write 2026-03-01T12:00:00Z.")
    return Given(place, prediction_id, labels[0], time=time, labeler=_labeler(annotation.completed_by))


def _labels(result: dict[str, Any]) -> list[str]:
    value = result.get("value")
    if not isinstance(value, dict):
        return []
    if result.get("type") == "number" and isinstance(value.get("number"), int | float):
        return [repr(value["number"])]
    choices = value.get("choices") if result.get("type") == "choices" else None
    return [choice for choice in choices if isinstance(choice, str)] if isinstance(choices, list) else []


def _time(text: str | None) -> str:
    if text is None:
        return ""
    found = datetime.fromisoformat(text)
    return time_text(found if found.tzinfo else found.replace(tzinfo=UTC))


def _labeler(completed_by: int | str | dict[str, Any] | None) -> str:
    """The e-mail address or the number of a person."""
    if isinstance(completed_by, dict):
        completed_by = completed_by.get("email") or completed_by.get("id")
    return "" if completed_by is None else str(completed_by)

"""Labels of files: read, checked as those of the API, and kept together or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import chain
from typing import IO, NamedTuple

from dragoman import clock
from dragoman.app.operations import LOG_FOLDER
from dragoman.app.workspace import Workspace
from dragoman.errors import InvalidData
from dragoman.feedback.checks import label_fault
from dragoman.feedback.given import Given, Unread
from dragoman.feedback.joining import count_unknown
from dragoman.feedback.label_lines import read_label_lines
from dragoman.feedback.label_studio import SOURCE, read_label_studio
from dragoman.feedback.labels import LabelStore
from dragoman.feedback.repeats import new_labels
from dragoman.monitoring.prediction_log.query import read_pending
from dragoman.records import By, Label, Record
from dragoman.spec import ModelSpec

__all__ = ["AddedLabels", "LabelFile", "add_labels"]

SHOWN = 10
BOM = b"\xef\xbb\xbf"


class LabelFile(NamedTuple):
    """An open file, and what people call it."""

    name: str
    file: IO[bytes]


class AddedLabels(Record, frozen=True, kw_only=True):
    """What became of the labels of some files."""

    given: int
    kept: int
    repeated: int  # said before, and not kept again
    unknown: int  # predictions of these labels that are not in the log, or not yet
    left_out: list[str]  # what could not be kept, and why


class _Read(NamedTuple):
    labels: list[Given]
    faults: list[tuple[str, str]]  # (what is wrong and where, what to do)


def add_labels(
    workspace: Workspace, model: str, files: Sequence[LabelFile], *, source: str = "", skip_bad: bool = False, by: By
) -> AddedLabels:
    """Keep the labels of JSON Lines, or of Label Studio's JSON, in one commit; what was told before is not kept again.

    `source` is that of labels whose file names none. All labels are held in memory. Raises `NotFound` for an unknown
    model, and `InvalidData` if anything is wrong, unless `skip_bad`: then nothing is kept.
    """
    spec = workspace.spec(model)
    read = _read(spec, files, source)
    if read.faults and not skip_bad:
        raise _refusal(read)
    labels = _as_labels(model, read.labels)
    fresh = new_labels(workspace.tables, model, labels, [bool(one.time) for one in read.labels])
    LabelStore(workspace.tables, workspace.catalog).add(model, fresh, by=by)
    ids = [one.prediction_id for one in labels]
    return AddedLabels(
        given=len(labels),
        kept=len(fresh),
        repeated=len(labels) - len(fresh),
        unknown=count_unknown(workspace.tables, model, ids, pending=read_pending(workspace.state / LOG_FOLDER)),
        left_out=[text for text, _ in read.faults],
    )


def _read(spec: ModelSpec, files: Sequence[LabelFile], source: str) -> _Read:
    read = _Read([], [])
    for one in files:
        for found in _labels_of(one, source):
            fault = found if isinstance(found, Unread) else label_fault(spec, found.label)
            if isinstance(found, Unread):
                read.faults.append((f"{one.name}, {found.place}, {found.text}", found.help))
            elif fault:
                read.faults.append((f"{one.name}, {found.place}: the label {fault.text}", fault.help))
            else:
                read.labels.append(found)
    return read


def _labels_of(one: LabelFile, source: str) -> Iterator[Given | Unread]:
    """What a file gives; one that begins with a bracket is an export of Label Studio."""
    head = _head(one.file)
    is_export = head[-1].lstrip().startswith(b"[")
    try:
        found = read_label_studio(head[-1] + one.file.read()) if is_export else read_label_lines(chain(head, one.file))
        default = source or (SOURCE if is_export else "")
        for label in found:
            yield label._replace(source=label.source or default) if isinstance(label, Given) else label
    except InvalidData as error:
        raise InvalidData(f"{one.name}: {error.message}", help=error.help) from None


def _head(file: IO[bytes]) -> list[bytes]:
    """The lines up to the first that is not empty, without the mark that some editors put first."""
    head = [file.readline().removeprefix(BOM)]
    while not head[-1].strip() and (line := file.readline()):
        head.append(line)
    return head


def _as_labels(model: str, given: Sequence[Given]) -> list[Label]:
    """Labels without a time were told now, each a moment after the one before it: the last of them is the newest."""
    now = clock.utc()
    received = now.isoformat(timespec="milliseconds")
    return [
        Label(
            prediction_id=one.prediction_id,
            model=model,
            label=one.label,
            source=one.source,
            time=one.time or (now - timedelta(microseconds=len(given) - place)).isoformat(timespec="microseconds"),
            received=received,
            labeler=one.labeler,
        )
        for place, one in enumerate(given)
    ]


def _refusal(read: _Read) -> InvalidData:
    """The first faults, and what to do about the first."""
    count, total = len(read.faults), len(read.faults) + len(read.labels)
    listed = "\n".join(f"  {text}" for text, _ in read.faults[:SHOWN])
    more = f"\n  and {count - SHOWN:,} more" if count > SHOWN else ""
    return InvalidData(
        f"{count:,} of {total:,} labels cannot be kept, so none is:\n{listed}{more}",
        help=f"{read.faults[0][1].removesuffix('.')}; or keep the others with --skip-bad.",
    )

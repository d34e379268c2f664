"""The record of a run: made when it starts, replaced when it ends."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from dragoman.errors import DragomanError
from dragoman.records import DatasetVersion, Report, Run
from dragoman.spec import ModelSpec, spec_to_dict
from dragoman.training.environment import code_state, environment_lock, hardware_state

__all__ = ["complete_run", "fail_run", "now", "run_id_of", "start_run"]

UNTRAINED_SECTIONS = (
    "alerts",
    "drift",
    "gates",
    "log",
    "release",
    "serving",
    "slo",
)  # a change of these needs no training

# Left out, a spec is what it was before there were any.
ADDED_SECTIONS = ("features", "forecast", "trees")
ADDED_TO_DATA = ("target", "time")


def run_id_of(spec: ModelSpec, dataset_digest: str) -> str:
    """The name of a training: the same spec and data give the same name."""
    return hashlib.sha256(f"{_spec_digest(spec)} {dataset_digest}".encode()).hexdigest()[:16]


def start_run(spec: ModelSpec, dataset: DatasetVersion, workspace: Path) -> Run:
    """The record of a run that begins now, with everything needed to repeat it."""
    return Run(
        id=run_id_of(spec, dataset.digest),
        model=spec.name,
        status="running",
        spec=spec_to_dict(spec),
        spec_digest=_spec_digest(spec),
        dataset=dataset.name,
        dataset_number=dataset.number,
        dataset_digest=dataset.digest,
        code=code_state(workspace),
        environment=environment_lock(),
        hardware=hardware_state(),
        seed=spec.training.seed,
        started=now(),
    )


def complete_run(run: Run, *, bundle: str, evaluation: Report, seconds: float) -> Run:
    """The record of a run whose bundle is registered."""
    metrics = {
        "accuracy": evaluation.accuracy.value,
        "worst_language_accuracy": evaluation.worst_language.accuracy.value,
        "macro_f1": evaluation.macro_f1,
        "calibration_error": evaluation.calibration_error,
    }
    return msgspec.structs.replace(
        run, status="completed", finished=now(), seconds=round(seconds, 1), bundle=bundle, metrics=metrics
    )


def fail_run(run: Run, error: Exception) -> Run:
    """The record of a run that an error ended."""
    message = error.message if isinstance(error, DragomanError) else type(error).__name__
    return msgspec.structs.replace(run, status="failed", finished=now(), message=message)


def now() -> str:
    """The time, in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _spec_digest(spec: ModelSpec) -> str:
    whole = spec_to_dict(spec)
    data = {key: value for key, value in whole["data"].items() if key not in ADDED_TO_DATA or value is not None}
    trained = {key: value for key, value in whole.items() if key not in (*UNTRAINED_SECTIONS, *ADDED_SECTIONS)}
    added = {key: whole[key] for key in ADDED_SECTIONS if whole[key] is not None}
    return hashlib.sha256(msgspec.json.encode(trained | added | {"data": data}, order="sorted")).hexdigest()

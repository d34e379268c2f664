"""The record of a run: made when it starts, replaced when it ends."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from dragoman import clock
from dragoman.errors import DragomanError
from dragoman.records import DatasetVersion, Report, Run, Spent, ValueReport
from dragoman.spec import ModelSpec, spec_to_dict
from dragoman.training.environment import code_state, environment_lock, hardware_state

__all__ = ["complete_run", "fail_run", "metrics_of", "now", "result_of", "run_id_of", "start_run"]

UNTRAINED_SECTIONS = (
    "alerts",
    "budget",
    "drift",
    "feedback",
    "gates",
    "kpis",
    "log",
    "release",
    "retraining",
    "review",
    "serving",
    "slo",
    "team",
)  # a change of these needs no training

# Left out, a spec is what it was before there were any.
ADDED_SECTIONS = ("features", "forecast", "trees")
ADDED_TO_DATA = ("target", "time")


def run_id_of(spec: ModelSpec, dataset_digest: str, *, features: str = "") -> str:
    """The name of a training: the same spec, data and features of views give the same name."""
    parts = [_spec_digest(spec), dataset_digest, *([features] if features else [])]
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]


def start_run(spec: ModelSpec, dataset: DatasetVersion, workspace: Path, *, features: str = "") -> Run:
    """The record of a run that begins now, with everything needed to repeat it."""
    return Run(
        id=run_id_of(spec, dataset.digest, features=features),
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


def complete_run(
    run: Run, *, bundle: str, evaluation: Report | ValueReport, seconds: float, spent: Spent | None = None
) -> Run:
    """The record of a run whose bundle is registered."""
    return msgspec.structs.replace(
        run,
        status="completed",
        finished=now(),
        seconds=round(seconds, 1),
        bundle=bundle,
        metrics=metrics_of(evaluation),
        spent=spent,
    )


def metrics_of(evaluation: Report | ValueReport) -> dict[str, float]:
    """What is recorded of an evaluation with its run: the numbers that gates and lists look at."""
    if isinstance(evaluation, ValueReport):
        return {
            "mae": evaluation.mae.value,
            "rmse": evaluation.rmse,
            "r2": evaluation.r2,
            "skill": evaluation.skill,
            "coverage": evaluation.coverage.value,
        }
    area = evaluation.roc_auc.value if evaluation.roc_auc else None
    measured = {"roc_auc": area, "log_loss": evaluation.log_loss}
    return {
        "accuracy": evaluation.accuracy.value,
        "worst_language_accuracy": evaluation.worst_language.accuracy.value,
        "macro_f1": evaluation.macro_f1,
        "calibration_error": evaluation.calibration_error,
        **{name: value for name, value in measured.items() if value is not None},
    }


def result_of(metrics: Mapping[str, float]) -> str:
    """The numbers of a run that say how good it is, in words."""
    if "mae" in metrics:
        return f"mean absolute error {metrics['mae']:.4g}, skill {metrics['skill']:.3f}"
    area = f", ROC AUC {metrics['roc_auc']:.3f}" if "roc_auc" in metrics else ""
    return f"accuracy {metrics['accuracy']:.3f}, worst language {metrics['worst_language_accuracy']:.3f}{area}"


def fail_run(run: Run, error: Exception, *, spent: Spent | None = None) -> Run:
    """The record of a run that an error ended."""
    message = error.message if isinstance(error, DragomanError) else type(error).__name__
    return msgspec.structs.replace(run, status="failed", finished=now(), message=message, spent=spent)


def now() -> str:
    """The time, in UTC."""
    return clock.utc().isoformat(timespec="seconds")


def _spec_digest(spec: ModelSpec) -> str:
    whole = spec_to_dict(spec)
    data = {key: value for key, value in whole["data"].items() if key not in ADDED_TO_DATA or value is not None}
    trained = {key: value for key, value in whole.items() if key not in (*UNTRAINED_SECTIONS, *ADDED_SECTIONS)}
    added = {key: whole[key] for key in ADDED_SECTIONS if whole[key] is not None}
    return hashlib.sha256(msgspec.json.encode(trained | added | {"data": data}, order="sorted")).hexdigest()

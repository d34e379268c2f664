"""The spec: one TOML file declares a model's life.

`read_spec` turns `models/NAME.toml` into a frozen `ModelSpec`. An unknown key is refused with the nearest right one, a
mistyped value with its place, and every field is documented here once: `spec schema` and `docs/spec.md` are made from
these annotations.
"""

from __future__ import annotations

from dragoman.spec.base import Section
from dragoman.spec.budget import BudgetSpec
from dragoman.spec.features import FeaturesSpec, ForecastSpec, TreesSpec
from dragoman.spec.feedback import FeedbackSpec, ReviewSpec
from dragoman.spec.kpis import KpiSpec
from dragoman.spec.monitoring import AlertsSpec, DriftSpec, LanguageSloSpec, SignalName, SloSpec
from dragoman.spec.reading import convert_spec, parse_spec, read_spec, spec_to_dict
from dragoman.spec.reference import FieldRow, field_rows, spec_schema
from dragoman.spec.releases import BeforeSpec, MarginsSpec, ReleaseSpec
from dragoman.spec.retraining import RetrainingSpec
from dragoman.spec.sections import (
    TASKS,
    BaseSpec,
    DataSpec,
    GatesSpec,
    LogSpec,
    ModelSpec,
    ServingSpec,
    TaskName,
    TrainingSpec,
)

__all__ = [
    "TASKS",
    "AlertsSpec",
    "BaseSpec",
    "BeforeSpec",
    "BudgetSpec",
    "DataSpec",
    "DriftSpec",
    "FeaturesSpec",
    "FeedbackSpec",
    "FieldRow",
    "ForecastSpec",
    "GatesSpec",
    "KpiSpec",
    "LanguageSloSpec",
    "LogSpec",
    "MarginsSpec",
    "ModelSpec",
    "ReleaseSpec",
    "RetrainingSpec",
    "ReviewSpec",
    "Section",
    "ServingSpec",
    "SignalName",
    "SloSpec",
    "TaskName",
    "TrainingSpec",
    "TreesSpec",
    "convert_spec",
    "field_rows",
    "parse_spec",
    "read_spec",
    "spec_schema",
    "spec_to_dict",
]

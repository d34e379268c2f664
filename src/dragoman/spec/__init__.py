"""The spec: one TOML file declares a model's life.

`read_spec` turns `models/NAME.toml` into a frozen `ModelSpec`. An unknown key is refused with the nearest right one, a
mistyped value with its place, and every field is documented here once: `spec schema` and `docs/spec.md` are made from
these annotations.
"""

from __future__ import annotations

from dragoman.spec.reading import convert_spec, parse_spec, read_spec, spec_to_dict
from dragoman.spec.reference import FieldRow, field_rows, spec_schema
from dragoman.spec.sections import (
    BaseSpec,
    BeforeSpec,
    DataSpec,
    GatesSpec,
    LogSpec,
    MarginsSpec,
    ModelSpec,
    ReleaseSpec,
    ServingSpec,
    TrainingSpec,
)

__all__ = [
    "BaseSpec",
    "BeforeSpec",
    "DataSpec",
    "FieldRow",
    "GatesSpec",
    "LogSpec",
    "MarginsSpec",
    "ModelSpec",
    "ReleaseSpec",
    "ServingSpec",
    "TrainingSpec",
    "convert_spec",
    "field_rows",
    "parse_spec",
    "read_spec",
    "spec_schema",
    "spec_to_dict",
]

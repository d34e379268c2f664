"""Frozen records that cross borders between parts, processes and releases.

Every record is a `msgspec.Struct`: it encodes to JSON and back, compares by value, and refuses unknown fields.
Times are ISO 8601 strings in UTC; digests are SHA-256 in lower-case hex.
"""

from __future__ import annotations

from dragoman.records.base import Record
from dragoman.records.changes import ApiKey, AuditRow, By, Role
from dragoman.records.data import DatasetVersion, Example
from dragoman.records.inputs import QuestionInput, RankInput, TextInput
from dragoman.records.log import Label, PredictionRow
from dragoman.records.predictions import (
    AnswerLabel,
    AnswerPrediction,
    AnswerSpan,
    Candidate,
    EmbeddingPrediction,
    Entity,
    EntityPrediction,
    FillPrediction,
    LabelPrediction,
    Prediction,
    RankedText,
    RankPrediction,
    Usage,
)
from dragoman.records.registry import BundleFile, Manifest, Signature, Version
from dragoman.records.releases import (
    Baseline,
    Decision,
    Finding,
    GateResult,
    Release,
    ReleaseNote,
    ReleaseStatus,
    Simulation,
    TallyRow,
    Verdict,
)
from dragoman.records.training import Interval, LanguageScore, ParityReport, Report, Run
from dragoman.records.tuning import Agreement, Form, FormReport, TuningReport

__all__ = [
    "Agreement",
    "AnswerLabel",
    "AnswerPrediction",
    "AnswerSpan",
    "ApiKey",
    "AuditRow",
    "Baseline",
    "BundleFile",
    "By",
    "Candidate",
    "DatasetVersion",
    "Decision",
    "EmbeddingPrediction",
    "Entity",
    "EntityPrediction",
    "Example",
    "FillPrediction",
    "Finding",
    "Form",
    "FormReport",
    "GateResult",
    "Interval",
    "Label",
    "LabelPrediction",
    "LanguageScore",
    "Manifest",
    "ParityReport",
    "Prediction",
    "PredictionRow",
    "QuestionInput",
    "RankInput",
    "RankPrediction",
    "RankedText",
    "Record",
    "Release",
    "ReleaseNote",
    "ReleaseStatus",
    "Report",
    "Role",
    "Run",
    "Signature",
    "Simulation",
    "TallyRow",
    "TextInput",
    "TuningReport",
    "Usage",
    "Verdict",
    "Version",
]

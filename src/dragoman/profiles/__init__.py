"""Profiles: what texts, rows and answers look like, per language, as counts over fixed bins that add up exactly."""

from __future__ import annotations

from dragoman.profiles.columns import Coded, columns_of
from dragoman.profiles.layout import Layout
from dragoman.profiles.probe import DIRECTIONS, FEATURE_SCALE, Probe
from dragoman.profiles.profile import Profile
from dragoman.profiles.reference import OTHER, LanguageReference, Reference, build_reference
from dragoman.profiles.rows import UNKNOWN_LANGUAGE, category_name, columns_of_rows
from dragoman.profiles.signals import (
    COLUMN_FAMILIES,
    SIGNALS,
    Measured,
    Signal,
    TokenFacts,
    family_of,
    measure,
    measure_answer,
)

__all__ = [
    "COLUMN_FAMILIES",
    "DIRECTIONS",
    "FEATURE_SCALE",
    "OTHER",
    "SIGNALS",
    "UNKNOWN_LANGUAGE",
    "Coded",
    "LanguageReference",
    "Layout",
    "Measured",
    "Probe",
    "Profile",
    "Reference",
    "Signal",
    "TokenFacts",
    "build_reference",
    "category_name",
    "columns_of",
    "columns_of_rows",
    "family_of",
    "measure",
    "measure_answer",
]

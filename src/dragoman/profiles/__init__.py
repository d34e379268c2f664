"""Profiles: what texts and answers look like, per language, as counts over fixed bins that add up exactly."""

from __future__ import annotations

from dragoman.profiles.columns import Coded, columns_of
from dragoman.profiles.layout import Layout
from dragoman.profiles.probe import DIRECTIONS, FEATURE_SCALE, Probe
from dragoman.profiles.profile import Profile
from dragoman.profiles.reference import OTHER, LanguageReference, Reference, build_reference
from dragoman.profiles.signals import SIGNALS, Measured, Signal, TokenFacts, family_of, measure

__all__ = [
    "DIRECTIONS",
    "FEATURE_SCALE",
    "OTHER",
    "SIGNALS",
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
    "columns_of",
    "family_of",
    "measure",
]

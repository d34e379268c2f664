"""Skew: whether what was served is what the same definition gives over the same events."""

from __future__ import annotations

from dragoman.features.skew.comparison import FeatureSkew, SkewExample, Triple, are_same, compare_feature

__all__ = ["FeatureSkew", "SkewExample", "Triple", "are_same", "compare_feature"]

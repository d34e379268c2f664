"""Features while requests wait: rows that hold the exact values of an entity until its next event comes."""

from __future__ import annotations

from dragoman.features.online.asking import Asked, Found, OnlineFeatures
from dragoman.features.online.materializing import Progress, materialize
from dragoman.features.online.pushing import Pushed, push
from dragoman.features.online.watermarks import Freshness, forget, freshness, watermark

__all__ = [
    "Asked",
    "Found",
    "Freshness",
    "OnlineFeatures",
    "Progress",
    "Pushed",
    "forget",
    "freshness",
    "materialize",
    "push",
    "watermark",
]

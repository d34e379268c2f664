"""What a training leaves."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from dragoman.records import Manifest, Report, ValueReport

__all__ = ["Trained"]


class Trained(NamedTuple):
    """What a run leaves: a complete bundle folder, and its evaluation."""

    folder: Path
    manifest: Manifest
    evaluation: Report | ValueReport

"""The table of a spec that says what a model may cost."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from dragoman.spec.base import Section

__all__ = ["BudgetSpec"]


class BudgetSpec(Section, frozen=True, kw_only=True):
    """What trainings of the model may take in a sliding period. What would exceed it is refused before it begins."""

    days: Annotated[float, Meta(gt=0, le=366, description="Length of the period.")] = 30.0
    trainings: Annotated[int, Meta(ge=0, description="Trainings that may begin; 0: any number.")] = 0
    cpu_hours: Annotated[float, Meta(ge=0, description="Hours of processor, of all cores together; 0: any.")] = 0.0
    gpu_hours: Annotated[float, Meta(ge=0, description="Hours of GPU; 0: any.")] = 0.0
    price: Annotated[
        float,
        Meta(ge=0, description="Money, in the setting `currency`, at the prices of the settings; 0: any."),
    ] = 0.0

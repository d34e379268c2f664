"""One objective, as its rules name it."""

from __future__ import annotations

from typing import NamedTuple

from dragoman.monitoring.service import ALL
from dragoman.monitoring.slo import BurnRule, Objective, burn_rules
from dragoman.monitoring.slo.burn_rules import in_words
from dragoman.spec import ModelSpec

__all__ = ["Slo"]


class Slo(NamedTuple):
    """An objective with its rules, its owner, and where its runbooks stand."""

    objective: Objective
    rules: list[BurnRule]
    owner: str

    @classmethod
    def of(cls, objective: Objective, spec: ModelSpec) -> Slo:
        return cls(objective, burn_rules(objective.budget, objective.days), spec.owner)

    @property
    def name(self) -> str:
        """Sloth's name of an objective: "availability", or "availability-hi" for one language."""
        one = self.objective
        return f"{one.name}-{one.language}" if one.language else one.name

    @property
    def id(self) -> str:
        return f"{self.objective.model}-{self.name}"

    @property
    def labels(self) -> dict[str, str]:
        """The labels by which Sloth's rules and dashboards find an objective."""
        return {"sloth_id": self.id, "sloth_service": self.objective.model, "sloth_slo": self.name}

    @property
    def selector(self) -> str:
        """Its recorded series."""
        return "{" + ", ".join(f'{name}="{value}"' for name, value in self.labels.items()) + "}"

    @property
    def events(self) -> str:
        """Its events in the series that are recorded of the model."""
        one = self.objective
        return f'{{model="{one.model}", slo="{one.name}", language="{one.language or ALL}"}}'

    @property
    def windows(self) -> list[int]:
        """Minutes of all windows of its rules, rising."""
        return sorted({window for rule in self.rules for window in (rule.short, rule.long)} | {CURRENT})

    @property
    def period(self) -> str:
        return in_words(self.objective.days * 1_440)


CURRENT = 5  # minutes: the window of what Sloth calls the current burn rate

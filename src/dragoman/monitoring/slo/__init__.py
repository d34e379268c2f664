"""Objectives: what users may count on, how much of it is used up, and how fast.

`objectives_of` reads a spec, a `Timeline` holds the events of a model, and `evaluate` says what holds at a moment:
views to show and symptoms to alert. `SliMetrics` shows the same events to Prometheus.
"""

from __future__ import annotations

from dragoman.monitoring.slo.alert_metrics import AlertCollector
from dragoman.monitoring.slo.burn_rules import FALSE_ALARMS, BurnRule, burn_rules
from dragoman.monitoring.slo.evaluation import Evaluation, evaluate
from dragoman.monitoring.slo.evidence import evidence
from dragoman.monitoring.slo.objectives import Objective, objectives_of
from dragoman.monitoring.slo.sli_metrics import SliMetrics
from dragoman.monitoring.slo.timeline import Timeline

__all__ = [
    "FALSE_ALARMS",
    "AlertCollector",
    "BurnRule",
    "Evaluation",
    "Objective",
    "SliMetrics",
    "Timeline",
    "burn_rules",
    "evaluate",
    "evidence",
    "objectives_of",
]

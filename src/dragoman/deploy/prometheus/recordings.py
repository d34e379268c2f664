"""Recording rules: events per window, the share of bad ones, how sure it is, and what dashboards show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dragoman.deploy.prometheus.slo import CURRENT, Slo
from dragoman.monitoring.service import ALL
from dragoman.monitoring.slo.burn_rules import in_words

__all__ = ["Group", "Rule", "event_groups", "slo_groups"]

Group = dict[str, Any]
Rule = dict[str, Any]

LONG = 720  # minutes; windows that are longer are looked at less often
INTERVALS = {False: "1m", True: "2m"}
FAMILIES = {"events": "dragoman_sli_events_total", "bad_events": "dragoman_sli_bad_events_total"}
TINY = "1e-9"  # in place of 0 in a logarithm


def event_groups(model: str, windows: Sequence[int]) -> list[Group]:
    """Events of every indicator and language of a model in each window, and their sum over languages."""
    groups = []
    for is_long in (False, True):
        rules = [rule for window in windows if (window > LONG) == is_long for rule in _event_rules(model, window)]
        if rules:
            name = f"dragoman-sli-events-{model}" + "-long" * is_long
            groups.append({"name": name, "interval": INTERVALS[is_long], "rules": rules})
    return groups


def _event_rules(model: str, window: int) -> Iterator[Rule]:
    for kind, family in FAMILIES.items():
        counted = f'increase({family}{{model="{model}"}}[{in_words(window)}])'
        record = f"dragoman:sli_{kind}:increase{in_words(window)}"
        yield {"record": record, "expr": f"sum by (model, slo, language) ({counted})"}
        yield {"record": record, "expr": f"sum by (model, slo) ({counted})", "labels": {"language": ALL}}


def slo_groups(slo: Slo) -> list[Group]:
    """The recordings of one objective: its indicator, then what is known about it."""
    return [
        {"name": f"sloth-slo-sli-recordings-{slo.id}", "interval": "1m", "rules": list(_indicator_rules(slo))},
        {"name": f"sloth-slo-meta-recordings-{slo.id}", "interval": "1m", "rules": list(_meta_rules(slo))},
    ]


def _indicator_rules(slo: Slo) -> Iterator[Rule]:
    for window in slo.windows:
        total, bad = _events(slo, in_words(window)), _bad(slo, in_words(window))
        yield _ratio(slo, in_words(window), f"{bad} / ({total} > 0)")
    for window in sorted({rule.long for rule in slo.rules}):
        name = in_words(window)
        yield _rule(slo, f"slo:sli_error:evidence{name}", _evidence(slo, name), sloth_window=name)
    total, bad = (f"sum_over_time({events(slo, '1h')}[{slo.period}:1h])" for events in (_events, _bad))
    yield _ratio(slo, slo.period, f"{bad} / ({total} > 0)")


def _evidence(slo: Slo, window: str) -> str:
    """`monitoring.slo.evidence` in PromQL; where no more than the budget is bad there is no sample."""
    total, bad, budget = _events(slo, window), _bad(slo, window), _number(slo.objective.budget)
    goal = _number(slo.objective.goal)
    good = f"({total} - {bad})"
    return (
        "(\n"
        f"  {bad} * ln(clamp_min({bad}, {TINY}) / ({total} * {budget}))\n"
        f"  + clamp_min({good}, 0) * ln(clamp_min({good}, {TINY}) / ({total} * {goal}))\n"
        ")\n"
        f"and {bad} > ({total} * {budget})\n"
    )


def _meta_rules(slo: Slo) -> Iterator[Rule]:
    one = slo.objective
    by_budget = f"/ on (sloth_id, sloth_slo, sloth_service) group_left ()\nslo:error_budget:ratio{slo.selector}\n"
    yield _rule(slo, "slo:objective:ratio", f"vector({_number(one.goal)})")
    yield _rule(slo, "slo:error_budget:ratio", f"vector({_number(one.budget)})")
    yield _rule(slo, "slo:time_period:days", f"vector({one.days})")
    current, period = (f"slo:sli_error:ratio_rate{window}{slo.selector}" for window in (in_words(CURRENT), slo.period))
    yield _rule(slo, "slo:current_burn_rate:ratio", f"{current}\n{by_budget}")
    yield _rule(slo, "slo:period_burn_rate:ratio", f"{period}\n{by_budget}")
    yield _rule(slo, "slo:period_error_budget_remaining:ratio", f"1 - slo:period_burn_rate:ratio{slo.selector}")
    info = {"sloth_mode": "dragoman", "sloth_spec": "dragoman", "sloth_objective": _number(100 * one.goal)}
    yield _rule(slo, "sloth_slo_info", "vector(1)", **info)


def _ratio(slo: Slo, window: str, expr: str) -> Rule:
    return _rule(slo, f"slo:sli_error:ratio_rate{window}", expr, sloth_window=window)


def _rule(slo: Slo, record: str, expr: str, **labels: str) -> Rule:
    one = slo.objective
    own = {"model": one.model, "slo": one.name, "language": one.language or ALL}
    return {"record": record, "expr": expr, "labels": {**own, **slo.labels, **labels}}


def _events(slo: Slo, window: str) -> str:
    return f"dragoman:sli_events:increase{window}{slo.events}"


def _bad(slo: Slo, window: str) -> str:
    return f"dragoman:sli_bad_events:increase{window}{slo.events}"


def _number(value: float) -> str:
    return f"{value:.12g}"

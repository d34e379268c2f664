"""The judge of a release: from tallies to findings, one per metric and language, and one per metric over all."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from dragoman.errors import InvalidInput
from dragoman.records import Baseline, Finding, Verdict
from dragoman.release.betting import interval, log_mean_exp
from dragoman.release.evidence import LEAST, Evidence
from dragoman.release.families import Group, groups
from dragoman.release.limits import Limits, agreement_limits, evidence_alpha, margin_of
from dragoman.release.metrics import METRICS
from dragoman.release.multiplicity import cell_weights, discoveries
from dragoman.release.tally import BINS, HARMS, Tallies
from dragoman.release.watch import Watch
from dragoman.spec import ReleaseSpec

__all__ = ["ALL", "FAIL", "OPEN", "PASS", "Judge", "judge", "plan_steps"]

ALL = "all"  # the language of the row over all languages
PASS, FAIL, OPEN = get_args(Verdict)
GREATEST_E = 1e12  # what is shown of an e-value that is greater
OTHER = ""  # stands for all languages that are not listed
BASES = {"evaluation": "evaluation", "traffic": "recent traffic"}
PLACES = {metric.name: place for place, metric in enumerate(METRICS)}

Doubles = NDArray[np.float64]


def judge(
    tallies: Tallies, spec: ReleaseSpec, baselines: Mapping[str, Baseline], languages: Sequence[str]
) -> list[Finding]:
    """What the tallies say: see `Judge.findings`. Whoever asks often makes one `Judge` and keeps it."""
    return Judge(spec, baselines, languages).findings(tallies)


def plan_steps(spec: ReleaseSpec) -> list[float]:
    """The percents of the plan's steps in order, with 0 for shadow; a step's place here is its number in a `Cell`."""
    return [0.0] * spec.shadow + list(spec.steps)


class Judge:
    """Judges one release, again and again, in a few milliseconds.

    `baselines` say how often the versions disagreed in each language before the release; `languages` are those
    that get findings of their own. Requests in other languages count in the rows over all languages only.
    """

    def __init__(self, spec: ReleaseSpec, baselines: Mapping[str, Baseline], languages: Sequence[str]) -> None:
        self.spec = spec
        self.languages = list(dict.fromkeys(languages))
        self.steps = len(plan_steps(spec))
        names = [*self.languages, OTHER]
        self.groups = [Group(ALL, ALL, tuple(names)), *(groups(self.languages) if spec.thin == "pool" else [])]
        self._columns = {name: column for column, name in enumerate(self.languages)}
        self._members = np.array([[name in group.languages for name in names] for group in self.groups])
        self._bases = [*(_basis(baselines, name) for name in self.languages), "evaluation" if baselines else ""]
        self._limits = _limits(spec, baselines, names)
        self._judged = ~np.isnan(self._limits.fail)
        self._evidence = Evidence(self._limits, self._members)
        self._watch = Watch(spec.max_hours, len(self.languages))

    def findings(self, tallies: Tallies, *, hours: float = 0.0) -> list[Finding]:
        """Findings, metric by metric: the row over all languages, every language, then families and scripts.

        `fail` means that weighted e-BH rejects "the mean harm is at most the limit" among all languages and metrics;
        a healthy challenger has any at any time with probability at most `spec.alpha`. `pass` means that the e-value
        against "the mean harm is at least the safe limit" is at least `1 / spec.alpha`. Families and scripts are there
        when the spec pools, and never fail. `hours` have passed since the release began: a judge that is asked at least
        every hour also finds harm that began late. Raises `InvalidInput` for a tally of an unknown metric or step.
        """
        counts = self._count(tallies)
        wealth, safe = self._evidence.harm(counts), self._evidence.safe(counts)
        tested = len(self.languages) + 1
        watched = self._watch.look(wealth[:, :tested], hours)
        weights = cell_weights(len(self.languages)).ravel()
        failed = discoveries(watched.ravel(), weights, alpha=evidence_alpha(self.spec)).reshape(watched.shape)
        pooled = log_mean_exp(wealth[:, tested:])
        rejected = np.concatenate([failed, np.zeros(pooled.shape, dtype=bool)], axis=1)
        return self._report(counts, np.concatenate([watched, pooled], axis=1), safe, rejected)

    def _count(self, tallies: Tallies) -> Doubles:
        """Counts `[metrics, languages + 1, bins]`; where nothing is judged nothing is counted."""
        counts = np.zeros((len(METRICS), len(self.languages) + 1, BINS))
        for cell, tally in tallies.items():
            if cell.metric not in PLACES or not 0 <= cell.step < self.steps:
                raise InvalidInput(
                    f"There is a tally of '{cell.metric}' at step {cell.step}.",
                    help=f"The plan has {self.steps} steps; the metrics are {', '.join(PLACES)}.",
                )
            counts[PLACES[cell.metric], self._columns.get(cell.language, -1)] += tally.counts
        counts *= self._judged[..., None]
        return counts

    def _report(self, total: Doubles, harm: Doubles, safe: Doubles, rejected: NDArray[np.bool_]) -> list[Finding]:
        """A finding per metric and column; columns are languages, then groups."""
        counts = np.concatenate([total[:, :-1], np.einsum("gl,mlb->mgb", self._members, total)], axis=1)
        limits = [self._limits_of(row, total) for row in self._limits]
        ends = [interval(row, LEAST[place], alpha=self.spec.alpha) for place, row in enumerate(counts)]
        n = counts.sum(axis=-1)
        effects = counts @ HARMS / np.maximum(n, 1)
        numbers = np.stack([n, effects, *np.moveaxis(np.array(ends), 1, 0), *limits, harm, safe, rejected])
        one, all_of_them = len(self.languages), rejected.shape[1]
        order = [one, *range(one), *range(one + 1, all_of_them)]
        return [
            self._finding(metric.name, column, numbers[:, row, column].tolist())
            for row, metric in enumerate(METRICS)
            for column in order
        ]

    def _limits_of(self, limits: Doubles, total: Doubles) -> Doubles:
        """Limits `[metrics, columns]` to show; those of a group are means over its requests so far."""
        n = total.sum(axis=-1) + 1e-9 * self._judged
        with np.errstate(invalid="ignore"):
            means = (np.where(self._judged, limits, 0.0) * n @ self._members.T) / (n @ self._members.T)
        return np.concatenate([limits[:, :-1], means], axis=1)

    def _finding(self, metric: str, column: int, numbers: list[float]) -> Finding:
        n, effect, low, high, limit, safe_limit, log_harm, log_safe, is_rejected = numbers
        scope, name, basis = self._name(metric, column)
        is_judged = not math.isnan(limit)
        return Finding(
            metric=metric,
            language=name,
            scope=scope,
            n=int(n),
            effect=effect,
            low=low,
            high=high,
            limit=limit if is_judged else None,
            e_value=_shown(log_harm),
            e_safe=_shown(log_safe),
            verdict=FAIL if is_rejected else PASS if log_safe >= -math.log(self.spec.alpha) else OPEN,
            basis=basis if is_judged else "",
            safe_limit=safe_limit if is_judged else None,
        )

    def _name(self, metric: str, column: int) -> tuple[str, str, str]:
        """Scope, name and basis of a column."""
        basis = self._bases[min(column, len(self.languages))] if metric == "agreement" else "margin"
        if column < len(self.languages):
            return "language", self.languages[column], basis
        group = self.groups[column - len(self.languages)]
        return group.scope, group.name, basis


def _basis(baselines: Mapping[str, Baseline], language: str) -> str:
    if language in baselines and baselines[language].texts:
        return BASES[baselines[language].source]
    return "evaluation of all languages" if baselines else ""


def _limits(spec: ReleaseSpec, baselines: Mapping[str, Baseline], names: Sequence[str]) -> Limits:
    """Limits `[metrics, names]`."""
    margins = np.array([np.full(len(names), margin_of(spec, metric.name)) for metric in METRICS])
    is_agreement = (np.arange(len(METRICS)) == PLACES["agreement"])[:, None]
    return Limits(*(np.where(is_agreement, row, margins) for row in agreement_limits(spec, baselines, names)))


def _shown(log_wealth: float) -> float:
    return GREATEST_E if log_wealth >= math.log(GREATEST_E) else math.exp(log_wealth)

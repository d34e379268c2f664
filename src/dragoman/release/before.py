"""Gates before traffic: may a challenger meet users at all, as far as its evaluation can tell?

Each gate gives "fail" where the evaluation says that the challenger is worse than the spec allows, "pass" where it says
that it is not, and "not enough evidence" where it can say neither. docs/release-gates.md has the rule and its error
rates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dragoman.records import GateResult, Interval, ParityReport, TuningReport, Verdict
from dragoman.release.comparison import Comparison
from dragoman.release.language_comparison import ALL, Counted, LanguageComparison, share_p_value
from dragoman.release.paired import refuted
from dragoman.release.speed import Ratio
from dragoman.runtime.agreement import missed_gates
from dragoman.spec import BeforeSpec, GatesSpec, ModelSpec

__all__ = ["check_before", "check_forgetting"]

# How probable it may be that a challenger that is no worse fails the gate; most for the gate of many small languages.
ALPHA_ACCURACY, ALPHA_FORGETTING, ALPHA_FLOOR = 0.01, 0.03, 0.01
POWER = 0.8


def check_before(
    comparison: Comparison, spec: ModelSpec, *, parity: ParityReport, tuning: TuningReport | None = None
) -> list[GateResult]:
    """The verdict of every gate but the approval; those of languages come one by one, also without any text.

    `parity` and `tuning` are the reports in the challenger's bundle. A result that is "not enough evidence" does not
    stop a release: what the texts cannot tell, traffic has to.
    """
    before = spec.release.before if spec.release else BeforeSpec()
    return [
        _accuracy(comparison.total, before.accuracy),
        *_forgetting(comparison, spec, before.forgetting),
        *_floors(comparison, spec),
        _parity(parity, comparison.total.counted),
        *([_agreement(tuning, spec)] if tuning else []),
        _speed("latency", comparison.speeds.single_ms, before.latency, f"one {comparison.total.counted[:-1]}"),
        _speed("cost", comparison.speeds.thousand_ms, before.cost, f"1,000 {comparison.speeds.counted}"),
    ]


def check_forgetting(
    total: LanguageComparison, languages: Sequence[LanguageComparison], *, margin: float
) -> list[GateResult]:
    """The gate of forgetting alone, of rows that a champion was evaluated on too; without languages, over all rows."""
    rows = sorted(languages, key=lambda row: row.language) or [total]
    worse = refuted([row.drop_p_value for row in rows], alpha=ALPHA_FORGETTING)
    return [
        _drop("forgetting", row, margin, is_worse=is_worse, alpha=ALPHA_FORGETTING / len(rows))
        for row, is_worse in zip(rows, worse, strict=True)
    ]


# Drops --------------------------------------------------------------------------------------------------------------


def _accuracy(total: LanguageComparison, margin: float) -> GateResult:
    return _drop(total.measure, total, margin, is_worse=total.drop_p_value <= ALPHA_ACCURACY, alpha=ALPHA_ACCURACY)


def _forgetting(comparison: Comparison, spec: ModelSpec, margin: float) -> Iterator[GateResult]:
    """A model without languages of its own has nothing to forget in one of them."""
    if spec.languages and comparison.languages:
        yield from check_forgetting(comparison.total, comparison.languages, margin=margin)
    for language in _without_texts(comparison, spec):
        yield _nothing("forgetting", language, margin)


def _drop(gate: str, row: LanguageComparison, margin: float, *, is_worse: bool, alpha: float) -> GateResult:
    found, texts = row.smallest_detectable_drop(alpha=alpha, power=POWER), f"{row.n} {row.counted}"
    what = f"{row.measure} over all" if row.language == ALL else f"{gate} in {row.language}, {row.measure}"
    can = f"{texts} can show a drop of {_points(found)}" if found < 1 else f"{texts} cannot show any drop"
    return GateResult(
        gate=gate,
        language=_named(row),
        champion=row.champion.value,
        challenger=row.challenger.value,
        limit=margin,
        n=row.n,
        verdict=_verdict(
            fails=row.drop.value > margin and is_worse,
            passes=row.drop.high <= margin,
        ),
        text=f"{what}: {row.champion.value:.3f} to {row.challenger.value:.3f}, "
        f"a drop of {_points(row.drop.value)} ({_range(row.drop)}); at most {_points(margin)} are allowed; {can}",
    )


# Floors -------------------------------------------------------------------------------------------------------------


def _floors(comparison: Comparison, spec: ModelSpec) -> Iterator[GateResult]:
    """A floor of 0 is none. Of models of numbers there are those of their skill and of their intervals."""
    if comparison.total.measure == "skill":
        yield from _number_floors(comparison.total, spec.gates)
        return
    if spec.gates.accuracy:
        yield from _floor([comparison.total], spec.gates.accuracy, alpha=ALPHA_FLOOR / 2)
    if spec.gates.worst_language_accuracy:
        floor = spec.gates.worst_language_accuracy
        rows = sorted(comparison.languages, key=lambda row: row.language)
        yield from _floor(rows, floor, alpha=ALPHA_FLOOR / 2)
        for language in _without_texts(comparison, spec):
            yield _nothing("floor", language, floor)


def _floor(rows: Sequence[LanguageComparison], floor: float, *, alpha: float) -> Iterator[GateResult]:
    below = refuted([row.floor_p_value(floor) for row in rows], alpha=alpha)
    for row, is_below in zip(rows, below, strict=True):
        yield _floored(row, row.measure, (row.champion, row.challenger), floor, is_below=is_below)


def _number_floors(total: LanguageComparison, gates: GatesSpec) -> Iterator[GateResult]:
    if gates.skill is not None:
        yield from _floor([total], gates.skill, alpha=ALPHA_FLOOR / 2)
    if gates.coverage and total.coverage is not None and total.champion_coverage is not None:
        is_below = share_p_value(total.coverage, gates.coverage) <= ALPHA_FLOOR / 2
        both = total.champion_coverage, total.coverage
        yield _floored(total, "coverage of the intervals", both, gates.coverage, is_below=is_below)


def _floored(
    row: LanguageComparison, measure: str, both: tuple[Interval, Interval], floor: float, *, is_below: bool
) -> GateResult:
    champion, found = both
    return GateResult(
        gate="floor",
        language=_named(row),
        champion=champion.value,
        challenger=found.value,
        limit=floor,
        n=row.n,
        verdict=_verdict(fails=found.value < floor and is_below, passes=found.low >= floor),
        text=f"floor {_where(row.language)}, {measure}: {found.value:.3f} ({found.low:.3f} to {found.high:.3f}), "
        f"{row.n} {row.counted}; at least {floor:.3f} is asked for",
    )


# The bundle's own reports -------------------------------------------------------------------------------------------


def _parity(report: ParityReport, counted: Counted) -> GateResult:
    farthest = max(report.max_hidden_difference, report.max_logit_difference)
    is_near = report.max_hidden_difference <= report.tolerance and report.max_logit_difference <= report.tolerance
    return GateResult(
        gate="parity",
        challenger=farthest,
        limit=report.tolerance,
        n=report.texts,
        verdict="pass" if is_near else "fail",
        text=f"parity: the exported graph differs from the trained model by {farthest:.1e} over {report.texts} "
        f"{counted}; at most {report.tolerance:.0e} is allowed",
    )


def _agreement(report: TuningReport, spec: ModelSpec) -> GateResult:
    """The form that is served, beside fp32, by the gates of the spec as it is now. The fp32 form is its own measure."""
    best, gates = report.best, spec.gates
    missed = missed_gates(best.agreement, gate=gates.agreement, language_gate=gates.worst_language_agreement)
    return GateResult(
        gate="parity",
        challenger=best.agreement.labels,
        limit=gates.agreement,
        n=best.agreement.texts,
        verdict="fail" if missed else "pass",
        text=f"parity: the form {best.form.name} gives the label of fp32 to {best.agreement.labels:.2%} of "
        f"{best.agreement.texts} texts; {'; '.join(missed) or 'the spec is met in every language'}",
    )


# Speed --------------------------------------------------------------------------------------------------------------


def _speed(gate: str, ratio: Ratio, limit: float, what: str) -> GateResult:
    return GateResult(
        gate=gate,
        champion=ratio.champion,
        challenger=ratio.challenger,
        limit=limit,
        n=ratio.rounds,
        verdict=_verdict(fails=ratio.low > limit, passes=ratio.high <= limit),
        text=f"{gate}: {what} took {ratio.champion:.3g} ms and takes {ratio.challenger:.3g} ms, {ratio.value:.2f} "
        f"times as much ({ratio.low:.2f} to {ratio.high:.2f}, {ratio.rounds} rounds); at most {limit:g} is allowed",
    )


# Words --------------------------------------------------------------------------------------------------------------


def _verdict(*, fails: bool, passes: bool) -> Verdict:
    if fails:
        return "fail"
    return "pass" if passes else "not enough evidence"


def _nothing(gate: str, language: str, limit: float) -> GateResult:
    return GateResult(
        gate=gate,
        language=language,
        limit=limit,
        verdict="not enough evidence",
        text=f"{gate} {_where(language)}: there are no evaluation texts",
    )


def _without_texts(comparison: Comparison, spec: ModelSpec) -> list[str]:
    return sorted(set(spec.languages) - {row.language for row in comparison.languages})


def _named(row: LanguageComparison) -> str:
    return "" if row.language == ALL else row.language


def _where(language: str) -> str:
    return "over all" if language == ALL else f"in {language}"


def _points(share: float) -> str:
    return f"{_percent(share)} points"


def _range(drop: Interval) -> str:
    return f"{_percent(drop.low)} to {_percent(drop.high)}"


def _percent(share: float) -> str:
    return f"{round(share * 100, 1) + 0.0:.1f}"  # never -0.0

"""What is not known of a version, or not good: said in its card, so that nobody finds out by accident."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dragoman.records import Release, Report, ValueReport
from dragoman.registry.card import shown
from dragoman.spec import ModelSpec

__all__ = ["known_gaps"]

WIDE = 0.15  # of an interval of accuracy: the language may be several points better or worse


def known_gaps(spec: ModelSpec, report: Report | ValueReport, releases: Sequence[Release], number: int) -> list[str]:
    """Gaps of version `number` in words, the gravest first. `releases` are those that it took part in."""
    what = "texts" if spec.reads_text else "rows"
    undecided = _undecided([one for one in releases if one.challenger == number])
    found = [
        *(_of_labels(spec, report, what) if isinstance(report, Report) else _of_values(report)),
        *(_line(f"Not decided by release {id}", languages) for id, languages in undecided),
    ]
    return [*(line for line in found if line), _same_source(report.split, what)]


def _of_labels(spec: ModelSpec, report: Report, what: str) -> Iterator[str]:
    floor, scores = spec.gates.worst_language_accuracy, report.languages
    below = [one for one in scores if one.accuracy.value < floor]
    unsure = [one for one in scores if one.accuracy.low < floor <= one.accuracy.value]
    wide = [one for one in scores if one.accuracy.high - one.accuracy.low > WIDE]
    yield _line(f"Below the floor of {floor:.3f}", (f"{one.language} {shown(one.accuracy)}" for one in below))
    yield _line(f"May be below the floor of {floor:.3f}", (f"{one.language} {shown(one.accuracy)}" for one in unsure))
    yield _line(f"No evaluation {what}", sorted(set(spec.languages) - {one.language for one in scores}))
    yield _line(
        f"Too few evaluation {what} for an interval narrower than {WIDE * 100:.0f} points",
        (f"{one.language} ({one.accuracy.n} {what})" for one in wide),
    )


def _of_values(report: ValueReport) -> Iterator[str]:
    coverage, target = report.coverage, report.target_coverage
    if coverage.high < target:
        yield f"The intervals hold fewer true values than they are made for: {shown(coverage)} instead of {target:.3f}."
    for kind, groups in sorted(report.groups.items()):
        worse = [one for one in groups if one.mae >= one.naive_mae]
        yield _line(f"No better than the naive answer, by {kind}", (f"{one.name} ({one.n} rows)" for one in worse))


def _line(what: str, of: Iterable[str]) -> str:
    names = ", ".join(of)
    return f"{what}: {names}." if names else ""


def _undecided(releases: Sequence[Release]) -> Iterator[tuple[str, list[str]]]:
    """Per release, the languages that its traffic could not decide, with the metrics in question."""
    for release in releases:
        metrics: dict[str, list[str]] = {}
        for finding in release.findings:
            if finding.verdict == "not enough evidence" and finding.language in release.languages:
                metrics.setdefault(finding.language, []).append(finding.metric)
        yield release.id, [f"{language} ({', '.join(names)})" for language, names in sorted(metrics.items())]


def _same_source(split: str, what: str) -> str:
    others = "languages and dialects that are not listed" if what == "texts" else "times that are unlike the past"
    return (
        f"The {what} of the {split} split come from the same source as the training {what}: {what} of other "
        f"sources, and of {others}, were not measured."
    )

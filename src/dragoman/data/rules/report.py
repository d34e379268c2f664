"""A report as text, for the terminal."""

from __future__ import annotations

from dragoman.records import CheckReport

__all__ = ["report_text"]


def report_text(report: CheckReport) -> str:
    """The report in a few lines: first what is wrong, then what could not be judged."""
    return "\n".join(_lines(report))


def _lines(report: CheckReport) -> list[str]:
    lines = [f"contract '{report.contract}': {report.rows:,} rows, {report.bad_rows:,} bad, {report.rules} rules"]
    for one in report.violations:
        lines.append(f"✗ {one.words}: {one.observed or f'{one.count:,} of {one.rows:,} rows break it'}")
        lines += [f"    {row.place}  {row.value}" for row in one.examples]
    lines += [f"? {one.words}: not judged, {one.why}" for one in report.unjudged]
    return lines

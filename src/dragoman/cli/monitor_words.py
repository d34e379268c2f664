"""Numbers, times and states as short words for the screens of `dragoman monitor`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from dragoman.records import DriftState, DriftView, QualityView

__all__ = [
    "UNDECIDED",
    "bar",
    "compact",
    "drift_words",
    "evidence_words",
    "goal_words",
    "moment",
    "percent",
    "quality_words",
    "span",
    "spark",
    "trend_words",
]

BLOCKS = "▁▂▃▄▅▆▇█"
UNDECIDED = "not enough evidence"


def compact(number: float) -> str:
    """Three digits: 412, 9.91k, 1.23M."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= 0.9995 * size:
            return f"{_three(number / size)}{unit}"
    return f"{number:.0f}" if number >= 10 or float(number).is_integer() else f"{number:.1f}"


def percent(share: float | None, *, none: str = "") -> str:
    """At most two digits of a small share, no fraction of a large one: 0.02%, 4.1%, 94%."""
    if share is None:
        return none
    value = abs(100 * share)
    if 0 < value < 0.01:
        return "<0.01%"
    digits = 0 if value == 0 or value >= 9.95 else 1 if value >= 0.095 else 2
    return f"{100 * share:.{digits}f}%"


def goal_words(share: float) -> str:
    """An objective, with all its digits: 99.95%."""
    return f"{100 * share:.6g}%"


def trend_words(trend: float | None, texts: int) -> str:
    """The change from the period before."""
    if trend is None:
        return "new" if texts else "none"
    return f"x{1 + trend:.0f}" if trend >= 9.995 else f"{100 * trend:+.0f}%"


def spark(counts: Sequence[int], width: int = 8) -> str:
    """A line of bars as high as the counts; a dot for none."""
    parts = [_part(counts, place, width) for place in range(min(width, len(counts)))]
    most = max(parts, default=0)
    return "".join(BLOCKS[round((len(BLOCKS) - 1) * part / most)] if part else "·" for part in parts)


def bar(share: float, width: int = 10) -> str:
    """A share as a bar; what is below 0 is empty."""
    full = round(width * min(max(share, 0.0), 1.0))
    return "█" * full + "░" * (width - full)


def span(hours: float) -> str:
    """A length of time: 5m, 6h, 3d."""
    if hours < 1:
        return f"{60 * hours:.0f}m"
    return f"{hours / 24:.0f}d" if hours >= 48 and hours % 24 == 0 else f"{hours:.4g}h"


def moment(time: str, *, today: str) -> str:
    """A time in UTC: the hour if it is of the same day, else with its date."""
    at = _utc(time)
    if at is None:
        return time
    now = _utc(today)
    if now is not None and at.date() == now.date():
        return f"{at:%H:%M}"
    return f"{at:%m-%d %H:%M}" if now is not None and at.year == now.year else f"{at:%Y-%m-%d %H:%M}"


def quality_words(quality: QualityView | None) -> str:
    """The share that was right, with its interval."""
    if quality is None:
        return "no labels"
    share = quality.share
    return f"{share.value:.0%} {100 * share.low:.0f}-{100 * share.high:.0f}"


def drift_words(drift: DriftState | None) -> str:
    """The worst signal and how many others; or that there is nothing, or too little to say so."""
    if drift is None:
        return "not watched"
    if drift.verdict == "not enough evidence":
        return UNDECIDED
    if drift.verdict == "pass":
        return f"steady, {drift.undecided} open" if drift.undecided else "steady"
    if drift.worst is None:
        return f"{drift.drifted} signals"
    others = f" +{drift.drifted - 1}" if drift.drifted > 1 else ""
    where = f"{drift.worst.signal} {percent(drift.worst.effect)}".rstrip()
    return f"{where}{others}"


def evidence_words(view: DriftView) -> str:
    """How sure a finding is: p-value and number of texts."""
    if view.p_value is None:
        return UNDECIDED
    return f"p {view.p_value:.1g}" if view.p_value >= 1e-12 else "p < 1e-12"


def _three(number: float) -> str:
    return f"{number:.2f}" if number < 9.995 else f"{number:.1f}" if number < 99.95 else f"{number:.0f}"


def _part(counts: Sequence[int], place: int, width: int) -> float:
    """The mean of one of `width` parts."""
    width = min(width, len(counts))
    chosen = counts[place * len(counts) // width : (place + 1) * len(counts) // width]
    return sum(chosen) / len(chosen)


def _utc(time: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(time)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)

"""What goes over the wire about models at work, beside the records of `dragoman.records`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from msgspec import Meta

from dragoman.api.messages import Message
from dragoman.errors import InvalidRequest
from dragoman.records import Alert, AlertKind, By, DriftView, Severity, Silence, SloView
from dragoman.serving.ids import new_id

__all__ = [
    "AlertsAnswer",
    "AlertsQuery",
    "DriftAnswer",
    "DriftQuery",
    "ModelMonitorQuery",
    "MonitorQuery",
    "SilenceRequest",
    "SilencesAnswer",
    "SilencesQuery",
    "SloQuery",
    "SlosAnswer",
    "SplitQuery",
    "silence_of",
    "utc_text",
]

MOST_HOURS = 24 * 90
MOST_LISTED = 1_000
CLOCKS_DIFFER = timedelta(minutes=5)  # between the asker and here: no reason to refuse

Time = Annotated[datetime, Meta(tz=True)]
Hours = Annotated[int, Meta(ge=1, le=MOST_HOURS, description="Length of the period, which ends now.")]
Limit = Annotated[int, Meta(ge=1, le=MOST_LISTED, description="How many of the newest to answer with.")]
OnlyModel = Annotated[str | None, Meta(description="Only this model.")]
OnlyVersion = Annotated[str | None, Meta(description="Only this version, such as 7.")]
OnlyLanguage = Annotated[str | None, Meta(description="Only this language, as a BCP 47 code.")]
Filter = Annotated[str, Meta(max_length=100)]


class ModelMonitorQuery(Message, frozen=True, kw_only=True):
    """What to show of a model."""

    version: OnlyVersion = None
    language: OnlyLanguage = None
    hours: Hours = 24


class MonitorQuery(ModelMonitorQuery, frozen=True, kw_only=True):
    """What to show of all models or of one."""

    model: OnlyModel = None


class DriftQuery(Message, frozen=True, kw_only=True):
    """Which signals to list."""

    version: OnlyVersion = None
    language: OnlyLanguage = None
    signal: Annotated[str | None, Meta(description="Only this signal, such as tokens.")] = None


class SplitQuery(Message, frozen=True, kw_only=True):
    """Which change to split."""

    metric: Annotated[str, Meta(min_length=1, description="What changed, such as score.")]
    version: OnlyVersion = None
    hours: Hours = 24


class SloQuery(Message, frozen=True, kw_only=True):
    """Which objectives to list."""

    model: OnlyModel = None
    language: OnlyLanguage = None


class AlertsQuery(Message, frozen=True, kw_only=True):
    """Which alerts to list."""

    model: OnlyModel = None
    firing: Annotated[bool | None, Meta(description="Only those that fire (true), or are resolved (false).")] = None
    since: Annotated[Time | None, Meta(description="Only those that fired at this time (RFC 3339) or later.")] = None
    limit: Limit = 100


class SilencesQuery(Message, frozen=True, kw_only=True):
    """Which silences to list."""

    model: Annotated[str | None, Meta(description="Only those that fit alerts of this model.")] = None
    active: Annotated[bool | None, Meta(description="Only those that have not ended (true), or have (false).")] = None
    limit: Limit = MOST_LISTED


class SilenceRequest(Message, frozen=True, kw_only=True):
    """Which alerts are not told for a while, and why. What is left out fits everything."""

    model: Annotated[Filter, Meta(description="Alerts of this model.")] = ""
    version: Annotated[Filter, Meta(description="Alerts of this version of the model.")] = ""
    language: Annotated[Filter, Meta(description="Alerts of this language.")] = ""
    kind: Annotated[AlertKind | None, Meta(description="Alerts of this kind.")] = None
    severity: Annotated[Severity | None, Meta(description="Alerts of this urgency.")] = None
    starts: Annotated[Time | None, Meta(description="When it begins (RFC 3339). Default: now.")] = None
    ends: Annotated[Time | None, Meta(description="When it ends (RFC 3339); or say `hours`.")] = None
    hours: Annotated[
        Annotated[float, Meta(gt=0, le=MOST_HOURS)] | None, Meta(description="How long it lasts; or say `ends`.")
    ] = None
    reason: Annotated[str, Meta(min_length=1, max_length=1_000, description="Why. It is kept in the audit log.")]


class DriftAnswer(Message, frozen=True, kw_only=True):
    """Watched signals, those that drifted first."""

    model: str
    signals: list[DriftView]


class SlosAnswer(Message, frozen=True, kw_only=True):
    """Objectives as they stand now."""

    slos: list[SloView]


class AlertsAnswer(Message, frozen=True, kw_only=True):
    """Alerts, the newest first."""

    alerts: list[Alert]


class SilencesAnswer(Message, frozen=True, kw_only=True):
    """Silences in order of their start."""

    silences: list[Silence]


def silence_of(asked: SilenceRequest, *, by: By, now: datetime) -> Silence:
    """The silence that is asked for. Raises `InvalidRequest` for one without an end, in the past, or for months."""
    if asked.version and not asked.model:
        raise InvalidRequest("A silence of a version needs its model.", help="name the model too.")
    if not asked.reason.strip():
        raise InvalidRequest("A silence needs a reason.", help="say why: others wonder what is quiet.")
    starts, ends = _span_of(asked, now)
    return Silence(
        id=new_id(),
        model=asked.model,
        version=asked.version,
        language=asked.language,
        kind=asked.kind or "",
        severity=asked.severity or "",
        starts=utc_text(starts),
        ends=utc_text(ends),
        reason=asked.reason,
        actor=by.actor,
    )


def utc_text(time: datetime) -> str:
    """A time as records hold it, so that times compare like texts. Raises `InvalidRequest` for one near year 1."""
    try:
        return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    except OverflowError:
        raise InvalidRequest(f"There is no time {time.isoformat()} in UTC.", help="name one of this century.") from None


def _span_of(asked: SilenceRequest, now: datetime) -> tuple[datetime, datetime]:
    starts = asked.starts or now
    if starts < now - CLOCKS_DIFFER:
        raise InvalidRequest(f"The silence begins in the past, {starts.isoformat()}.", help="leave `starts` out.")
    if starts > now + timedelta(hours=MOST_HOURS):
        raise InvalidRequest(f"The silence begins too late, {starts.isoformat()}.", help="ask for it nearer its time.")
    ends = _end_of(asked, starts)
    if ends <= max(starts, now):
        where = "in the past" if ends <= now else "before it begins"
        raise InvalidRequest(f"The end of the silence, {ends.isoformat()}, is {where}.", help="name a later end.")
    if ends > starts + timedelta(hours=MOST_HOURS):
        raise InvalidRequest(
            f"The silence lasts until {ends.date()}, longer than {MOST_HOURS // 24} days.",
            help="name an earlier end; what is never to be told is taken out of the spec.",
        )
    return starts, ends


def _end_of(asked: SilenceRequest, starts: datetime) -> datetime:
    if asked.hours is not None and asked.ends is None:
        return starts + timedelta(hours=asked.hours)
    if asked.ends is not None and asked.hours is None:
        return asked.ends
    what = "has no end" if asked.ends is None else "has two ends"
    raise InvalidRequest(f"The silence {what}.", help="say for how many `hours` it lasts, or when it `ends`.")

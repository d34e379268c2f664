"""Releases and the evidence they are decided from."""

from __future__ import annotations

from typing import Any, Literal

from dragoman.records.base import Record
from dragoman.records.training import Interval

__all__ = [
    "Baseline",
    "Decision",
    "Finding",
    "GateResult",
    "Release",
    "ReleaseNote",
    "ReleaseStatus",
    "Simulation",
    "TallyRow",
    "Verdict",
]


Verdict = Literal["pass", "fail", "not enough evidence"]
ReleaseStatus = Literal["checking", "waiting", "shadow", "canary", "promoted", "rolled_back"]


class GateResult(Record, frozen=True, kw_only=True):
    """What a gate before traffic found. `language` is empty for a gate over all."""

    gate: str  # "accuracy", "forgetting", "floor", "parity", "latency", "cost", "power"
    language: str = ""
    champion: float | None = None
    challenger: float | None = None
    limit: float | None = None
    n: int = 0
    verdict: Verdict
    text: str = ""  # the same in words


class Baseline(Record, frozen=True, kw_only=True):
    """How often challenger and champion gave different labels to texts of one language before the release."""

    texts: int
    disagreements: int
    source: Literal["evaluation", "traffic"] = "evaluation"  # the test split, or recent texts of the prediction log


class TallyRow(Record, frozen=True, kw_only=True):
    """Harms of one metric, language and step of a release, as counts per bin; rows of replicas add."""

    metric: str
    language: str
    step: int
    counts: dict[str, int]  # bin, from "0" (harm -1) to "40" (harm 1) → requests


class Finding(Record, frozen=True, kw_only=True):
    """What the requests so far say of one metric in one language, or in several together.

    An interval or e-value may be looked at as often as one likes. Where there is no limit, nothing is judged.
    """

    metric: str
    language: str  # or the name of a family or script, or "all"
    scope: str  # "language", "family", "script" or "all"
    n: int
    effect: float  # mean harm: positive where the challenger is worse
    low: float  # interval of the mean harm, at level 1 - alpha at every time
    high: float
    limit: float | None  # greatest mean harm of a healthy challenger
    e_value: float  # evidence against "the harm is at most the limit"
    e_safe: float  # evidence against "the harm is at least the safe limit"
    verdict: Verdict
    basis: str = ""  # of the limit: "margin", "evaluation", "recent traffic", "evaluation of all languages" or ""
    safe_limit: float | None = None  # mean harm below which a challenger passes; the limit, or above it for agreement


class Decision(Record, frozen=True, kw_only=True):
    """What a release may do next, and why."""

    action: str  # "go on", "wait", "ask" or "roll back"
    failed: list[Finding] = []
    open: list[Finding] = []  # required, and not enough evidence
    pooled: list[Finding] = []  # passed only together with the languages of their family or script


class ReleaseNote(Record, frozen=True, kw_only=True):
    """One thing that happened to a release."""

    time: str
    status: ReleaseStatus
    share: float
    actor: str
    text: str


class Release(Record, frozen=True, kw_only=True):
    """The change from a champion to a challenger, and everything it was decided from."""

    id: str
    model: str
    champion: int
    challenger: int
    status: ReleaseStatus
    step: int = -1  # of the plan's steps, shadow among them; -1 before the first
    share: float = 0.0  # of the traffic that the challenger answers, in [0, 1]
    plan: dict[str, Any]  # the spec's [release], defaults included
    languages: list[str]
    actor: str
    reason: str = ""
    approved: str = ""  # by whom
    started: str
    stepped: str  # when the present step began
    finished: str = ""
    gates: list[GateResult] = []
    baselines: dict[str, Baseline] = {}  # by language
    findings: list[Finding] = []
    open: list[str] = []  # what the present step still lacks, in words
    accepted: list[str] = []  # languages that a person let pass without evidence
    exposed: dict[str, int] = {}  # language → requests of users that the challenger answered
    stepped_exposed: int = 0  # all of those when the present step began
    notes: list[ReleaseNote] = []
    revision: int = 0  # counts the changes of this record

    @property
    def is_active(self) -> bool:
        """Whether something is still to be done; a promoted release is finished when the champion has moved."""
        return not self.finished


class Simulation(Record, frozen=True, kw_only=True):
    """What a plan did in simulated releases. Rates have Wilson's 95% interval; requests and hours are medians.

    Detection, exposure and the oracle are those of the regressed language, the first one where there are several, and
    None where nothing regressed or nothing was rolled back.
    """

    releases: int
    seed: int
    alpha: float
    languages: int
    regress: dict[str, float]
    rollback_rate: Interval  # rolled back because of a finding
    rollback_rate_first_day: Interval
    named_rate: Interval  # rolled back, and a failed finding names a regressed language
    promoted_rate: Interval
    undecided_rate: Interval  # still open when the release's time was over
    median_hours: float  # from the start until the end of whatever kind
    median_detection_requests: float | None = None  # of the language, answered by both versions until the rollback
    median_detection_hours: float | None = None
    median_exposed_requests: float | None = None  # of the language, answered to users by the challenger until then
    median_exposed_total: float | None = None  # of all languages
    oracle_requests: float | None = None  # of the language, that a test of a fixed number of them needs
    oracle_power: float | None = None  # of that test
    detection_ratio: float | None = None
    exposure_ratio: float | None = None
    seconds: float = 0.0  # that the simulation took

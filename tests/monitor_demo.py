"""A model in 24 languages on a bad day: Arabic arrives broken, Thai is slow, some languages are nearly silent."""

from __future__ import annotations

import math
from random import Random
from typing import Any

from dragoman.api.monitor_fakes import FakeMonitor, fake_alert, fake_drift, fake_silence, fake_slo
from dragoman.records import (
    BurnRate,
    DriftState,
    Interval,
    LanguageView,
    ModelView,
    QualityView,
    SloView,
    SplitPart,
    SplitView,
    VersionView,
)

TEXTS = {
    "en": 412_000, "de": 120_400, "fr": 98_000, "es": 91_050, "ar": 62_300, "ja": 55_800, "pt": 51_000, "ru": 44_100,
    "zh": 40_020, "it": 30_500, "tr": 21_700, "nl": 20_100, "pl": 18_800, "ko": 15_000, "vi": 12_300, "th": 9_910,
    "id": 8_040, "hi": 7_777, "cs": 5_120, "uk": 3_030, "el": 900, "fa": 410, "bn": 31, "sw": 0,
}  # fmt: skip
NOW = "2026-07-02T12:00:00Z"
WINDOWS = (1 / 12, 1, 6, 24, 72)
UNDECIDED = DriftState(verdict="not enough evidence", signals=26, drifted=0, undecided=26)
MOJIBAKE = fake_drift(
    language="ar",
    signal="script",
    window_hours=1,
    n=2_590,
    p_value=0.0,
    effect=0.94,
    before="Arab: 99%",
    after="Latn: 94%",
    since="2026-07-02T09:00:00Z",
)


def demo() -> FakeMonitor:
    random = Random(7)
    rows = [language_row(language, texts, random) for language, texts in TEXTS.items()]
    alerts = demo_alerts()
    version = version_row("7", rows, aliases=["champion"], drift=over_all(), share=0.95)
    other = version_row(
        "8", [small(row) for row in rows if row.texts > 9_000], aliases=["challenger"], drift=UNDECIDED, share=0.05
    )
    model = ModelView(
        model="support",
        owner="support-team@example.com",
        versions=[version, other],
        slos=list(demo_slos()),
        alerts=[one for one in alerts if one.status == "firing"],
        **sums([version, other]),
    )
    quiet = version_row("3", [small(row) for row in rows[:4]], aliases=["champion"], drift=None)
    intents = ModelView(model="intents", owner="nlu@example.com", versions=[quiet], **sums([quiet]))
    return FakeMonitor(
        [model, intents],
        signals=demo_signals(),
        splits=[demo_split()],
        alerts=alerts,
        silences=[fake_silence()],
        now=NOW,
    )


def language_row(language: str, texts: int, random: Random) -> LanguageView:
    slow = language == "th"
    p50 = random.uniform(9, 16) * (9 if slow else 1)
    broken = language == "ar"
    labelled = texts // 900
    wrong = round(labelled * (0.34 if broken else random.uniform(0.05, 0.11)))
    quality = quality_of(labelled - wrong, labelled)
    numbers: dict[str, Any] = {}
    if texts:
        numbers = {
            "p50_ms": p50,
            "p95_ms": p50 * 3.1,
            "p99_ms": p50 * 6.2,
            "truncated": random.uniform(0, 0.01),
            "abstained": 0.41 if broken else random.uniform(0.005, 0.04),
            "score": 0.58 if broken else random.uniform(0.86, 0.95),
            "cache_hits": random.uniform(0.05, 0.3),
            "seconds_per_1000": p50 / 8,
            "cost_per_1000": p50 / 8 * 0.0004,
        }
    return LanguageView(
        language=language,
        requests=texts + texts // 5_000,
        texts=texts,
        texts_per_hour=texts / 24,
        share=texts / sum(TEXTS.values()),
        trend=random.uniform(-0.12, 0.12) if texts else None,
        course=[max(0, round(texts / 24 * (1 + 0.7 * math.sin(hour / 4)))) for hour in range(24)],
        tokens=texts * 23,
        errors=texts // 5_000,
        compute_seconds=texts * p50 / 8_000,
        quality=quality,
        drift=drift_of(language, texts),
        **numbers,
    )


def drift_of(language: str, texts: int) -> DriftState:
    if texts < 50:
        return UNDECIDED
    undecided = 26 if texts < 300 else 18 if texts < 1_000 else 0
    if language == "ar":
        return DriftState(verdict="fail", signals=26, drifted=9, undecided=0, worst=MOJIBAKE)
    if language == "fr":
        worst = fake_drift(language="fr", signal="label", effect=0.07, before="refund: 12%", after="refund: 19%")
        return DriftState(verdict="fail", signals=26, drifted=1, undecided=0, worst=worst)
    return DriftState(verdict="pass", signals=26, drifted=0, undecided=undecided)


def over_all() -> DriftState:
    return DriftState(verdict="fail", signals=26 * 24 + 1, drifted=10, undecided=70, worst=MOJIBAKE)


def small(row: LanguageView) -> LanguageView:
    texts = row.texts // 19
    return LanguageView(
        language=row.language,
        requests=texts,
        texts=texts,
        texts_per_hour=texts / 24,
        share=row.share,
        course=[one // 19 for one in row.course],
        tokens=texts * 23,
        p50_ms=12.0,
        p95_ms=41.0,
        p99_ms=88.0,
        truncated=0.0,
        abstained=0.02,
        score=0.92,
        compute_seconds=texts / 700,
    )


def version_row(version: str, rows: list[LanguageView], **fields: Any) -> VersionView:
    return VersionView(version=version, languages=rows, **{**sums(rows), **fields})


def sums(rows: Any) -> dict[str, Any]:
    texts = sum(row.texts for row in rows)
    labelled = [row.quality for row in rows if row.quality]
    right, n = sum(one.right for one in labelled), sum(one.share.n for one in labelled)

    def mean(field: str) -> float:
        return float(sum((getattr(row, field) or 0) * row.texts for row in rows) / max(texts, 1))

    return {
        "requests": sum(row.requests for row in rows),
        "texts": texts,
        "texts_per_hour": texts / 24,
        "share": 1.0,
        "trend": 0.031,
        "course": [sum(row.course[hour] for row in rows) for hour in range(24)],
        "tokens": texts * 23,
        "errors": sum(row.errors for row in rows),
        "p50_ms": 12.4,
        "p95_ms": 43.8,
        "p99_ms": 131.0,
        "truncated": mean("truncated"),
        "abstained": mean("abstained"),
        "score": mean("score"),
        "cache_hits": mean("cache_hits"),
        "compute_seconds": sum(row.compute_seconds for row in rows),
        "seconds_per_1000": mean("seconds_per_1000"),
        "cost_per_1000": mean("cost_per_1000"),
        "quality": quality_of(right, n),
    }


def quality_of(right: int, n: int) -> QualityView | None:
    return QualityView(right=right, wrong=n - right, share=wilson(right, n)) if n else None


def wilson(right: int, n: int, z: float = 1.96) -> Interval:
    share = right / n
    middle, spread = share + z * z / (2 * n), z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return Interval(value=share, low=(middle - spread) / scale, high=(middle + spread) / scale, n=n)


def demo_slos() -> list[SloView]:
    found = [
        slo("", "availability", 0.999, 0.2, 0.86),
        slo("", "latency", 0.99, 1.9, 0.11),
        slo("", "quality", 0.85, 0.6, 0.7),
    ]
    for language, texts in TEXTS.items():
        if texts < 50:
            found.append(slo(language, "latency", 0.99, None, None))
            continue
        bad = language == "th"
        found.append(slo(language, "availability", 0.999, 0.2, 0.8))
        found.append(slo(language, "latency", 0.99, 16.2 if bad else 0.4, -0.42 if bad else 0.77))
        found.append(
            slo(language, "quality", 0.85, 2.3 if language == "ar" else 0.5, 0.18 if language == "ar" else 0.8)
        )
    return found


def slo(language: str, objective: str, goal: float, burn: float | None, budget: float | None) -> SloView:
    total = TEXTS[language] if language else sum(TEXTS.values())
    bad = 0 if budget is None else round((1 - budget) * (1 - goal) * total * 30)
    rates = [
        BurnRate(hours=hours, rate=None if burn is None else burn * (1 - place / 7), bad=bad // 9, total=total)
        for place, hours in enumerate(WINDOWS)
    ]
    fires = burn is not None and burn > 14.4
    return fake_slo(
        language=language,
        objective=objective,
        goal=goal,
        seconds=0.5 if objective == "latency" else None,
        good=total * 30 - bad,
        bad=bad,
        total=total * 30 if budget is not None else 0,
        budget=budget,
        burn_rates=rates,
        firing={"5m and 1h at 14.4": "page"} if fires else {},
        verdict="not enough evidence" if budget is None else "fail" if fires or budget < 0 else "pass",
    )


def demo_signals() -> list[Any]:
    found = [
        MOJIBAKE,
        fake_drift(
            language="ar",
            signal="fertility",
            window_hours=1,
            n=2_590,
            p_value=0.0,
            effect=0.88,
            before="0.2 to 0.3: 71%",
            after="0.6 and more: 83%",
            since="2026-07-02T09:00:00Z",
        ),
        fake_drift(
            language="ar",
            signal="embedding",
            window_hours=1,
            n=2_590,
            p_value=3e-88,
            effect=0.41,
            before="",
            after="",
            since="2026-07-02T09:00:00Z",
        ),
        fake_drift(
            language="fr",
            signal="label",
            window_hours=168,
            n=98_000,
            p_value=4e-7,
            effect=0.07,
            before="refund: 12%",
            after="refund: 19%",
            since="2026-06-29T00:00:00Z",
        ),
        fake_drift(
            language="",
            signal="language-mix",
            window_hours=24,
            n=1_128_000,
            p_value=0.21,
            effect=0.012,
            before="en: 38%",
            after="en: 37%",
            verdict="pass",
            since="",
        ),
    ]
    for language, texts in TEXTS.items():
        for signal in ("tokens", "entropy"):
            enough = texts >= 50
            found.append(
                fake_drift(
                    language=language,
                    signal=signal,
                    window_hours=24,
                    n=texts,
                    p_value=0.37 if enough else None,
                    effect=0.01 if enough else None,
                    before="",
                    after="",
                    since="",
                    verdict="pass" if enough else "not enough evidence",
                )
            )
    return found


def demo_split() -> SplitView:
    parts = [
        SplitPart(
            language="ar",
            before_n=60_100,
            after_n=62_300,
            before_share=0.052,
            after_share=0.055,
            before=0.91,
            after=0.58,
            mix=0.0,
            within=-0.0177,
        ),
        SplitPart(
            language="en",
            before_n=440_000,
            after_n=412_000,
            before_share=0.38,
            after_share=0.365,
            before=0.93,
            after=0.931,
            mix=-0.0004,
            within=0.0004,
        ),
        SplitPart(language="sw", before_n=0, after_n=0, before_share=0.0, after_share=0.0, mix=0.0, within=0.0),
    ]
    return SplitView(
        model="support",
        metric="score",
        hours=24,
        start="2026-06-30T12:00:00Z",
        middle="2026-07-01T12:00:00Z",
        end=NOW,
        before=0.921,
        after=0.9033,
        mix=-0.0004,
        within=-0.0173,
        languages=parts,
    )


def demo_alerts() -> list[Any]:
    return [
        fake_alert(
            id="01K6Z3V8W4Q2N7M5R9T1X0C6BD",
            kind="slo",
            name="latency",
            version="",
            language="th",
            severity="page",
            summary="th uses up the latency budget 16.2 times too fast over 1h, 13.9 times over 5m.",
            since="2026-07-02T10:52:00Z",
            started="2026-07-02T11:40:00Z",
            runbook="https://example.com/runbooks/slo.md",
            evidence={"rate_1h": 16.2, "rate_5m": 13.9, "bad": 71, "total": 412},
        ),
        fake_alert(
            id="01K6Z3V8W4F0H2J8K6P3S5Y7AE",
            name="script",
            language="ar",
            summary="94% of the texts in ar have moved: Arab 99% before, Latn 94% now.",
            since="2026-07-02T09:00:00Z",
            started="2026-07-02T10:00:00Z",
            evidence={"p_value": 0.0, "effect": 0.94, "n": 2590, "windows": [1]},
        ),
        fake_alert(
            id="01K6Z3V8W4XXXXXXXXXXXXXXXX",
            name="label",
            language="fr",
            summary="7% of the labels in fr have moved.",
            since="2026-06-29T00:00:00Z",
            started="2026-07-02T06:00:00Z",
            silence="s-1",
        ),
        fake_alert(
            id="01K6Z3V8W4YYYYYYYYYYYYYYYY",
            name="tokens",
            language="hi",
            status="resolved",
            summary="11% of the texts in hi have moved.",
            started="2026-06-30T06:00:00Z",
            ended="2026-06-30T19:00:00Z",
        ),
    ]

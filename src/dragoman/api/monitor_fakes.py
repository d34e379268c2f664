"""A monitor without a workspace, for tests: what it shows is given to it, silences it keeps in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from dragoman.errors import Conflict, InvalidRequest, NotFound
from dragoman.records import (
    Alert,
    By,
    DriftView,
    LanguageView,
    ModelView,
    MonitorView,
    Silence,
    SloView,
    SplitView,
    VersionView,
)
from dragoman.serving.suggestion import shown, suggest

__all__ = ["FakeMonitor", "fake_alert", "fake_drift", "fake_model", "fake_silence", "fake_slo", "fake_split"]

NOW = "2026-07-02T12:00:00Z"


def fake_alert(**changes: Any) -> Alert:
    """Token counts have changed in Thai, and it is told; `changes` replace fields."""
    alert = Alert(
        id="a-1",
        model="support",
        version="7",
        kind="drift",
        name="tokens",
        language="th",
        severity="ticket",
        status="firing",
        summary="31% of the texts in th have moved to other token counts.",
        since="2026-07-02T05:00:00Z",
        evidence={"p_value": 1e-9, "effect": 0.31, "n": 420},
        owner="team@example.com",
        runbook="https://example.com/runbooks/drift.md",
        started="2026-07-02T06:00:00Z",
        updated="2026-07-02T11:00:00Z",
    )
    return msgspec.structs.replace(alert, **changes)


def fake_drift(**changes: Any) -> DriftView:
    """The signal of `fake_alert`; `changes` replace fields."""
    view = DriftView(
        model="support",
        version="7",
        language="th",
        signal="tokens",
        window_hours=6,
        n=420,
        p_value=1e-9,
        effect=0.31,
        before="12 to 20: 60%",
        after="12 to 20: 29%",
        verdict="fail",
        since="2026-07-02T05:00:00Z",
    )
    return msgspec.structs.replace(view, **changes)


def fake_slo(**changes: Any) -> SloView:
    """An objective of 99.9% of which half the budget is left; `changes` replace fields."""
    view = SloView(
        model="support",
        objective="availability",
        goal=0.999,
        days=30,
        good=199_900,
        bad=100,
        total=200_000,
        budget=0.5,
        verdict="pass",
    )
    return msgspec.structs.replace(view, **changes)


def fake_split(**changes: Any) -> SplitView:
    """A mean score that fell within languages; `changes` replace fields."""
    view = SplitView(
        model="support",
        metric="score",
        hours=24,
        start="2026-06-30T12:00:00Z",
        middle="2026-07-01T12:00:00Z",
        end=NOW,
        before=0.92,
        after=0.9,
        within=-0.02,
    )
    return msgspec.structs.replace(view, **changes)


def fake_silence(**changes: Any) -> Silence:
    """A silence of all alerts of a model for an hour; `changes` replace fields."""
    silence = Silence(
        id="s-1",
        model="support",
        starts="2026-07-02T11:30:00Z",
        ends="2026-07-02T12:30:00Z",
        reason="moving the database",
        actor="ada",
    )
    return msgspec.structs.replace(silence, **changes)


def fake_model(name: str = "support", *, languages: Sequence[str] = ("de", "th"), **changes: Any) -> ModelView:
    """A model whose version 7 answered 100 texts in each language; `changes` replace fields."""
    rows = [
        LanguageView(language=one, requests=100, texts=100, texts_per_hour=100 / 24, share=1 / len(languages))
        for one in languages
    ]
    texts = 100 * len(rows)
    sums: dict[str, Any] = {"requests": texts, "texts": texts, "texts_per_hour": texts / 24, "share": 1.0}
    version = VersionView(version="7", aliases=["champion"], languages=rows, **sums)
    return msgspec.structs.replace(
        ModelView(model=name, owner="team@example.com", versions=[version], **sums), **changes
    )


class FakeMonitor:
    """Keeps the rules of `MonitorDesk`."""

    def __init__(
        self,
        models: Iterable[ModelView] = (),
        *,
        signals: Sequence[DriftView] = (),
        splits: Sequence[SplitView] = (),
        alerts: Sequence[Alert] = (),
        silences: Sequence[Silence] = (),
        now: str = NOW,
    ) -> None:
        self.models = {one.model: one for one in models}
        self.signals, self.splits, self.kept_alerts = signals, splits, alerts
        self.kept = {one.id: one for one in silences}
        self.now = now
        self.changes: list[tuple[Silence, By]] = []

    def overview(
        self, *, model: str | None = None, version: str | None = None, language: str | None = None, hours: int = 24
    ) -> MonitorView:
        chosen = [self._model(model, version, language)] if model is not None else list(self.models.values())
        return MonitorView(
            start="2026-07-01T12:00:00Z",
            end=self.now,
            hours=hours,
            checked=self.now,
            currency="USD",
            models=[_narrowed(one, version, language) for one in chosen],
            alerts=[one for one in self.kept_alerts if not one.model and one.status == "firing" and model is None],
        )

    def drift(
        self, model: str, *, version: str | None = None, language: str | None = None, signal: str | None = None
    ) -> Sequence[DriftView]:
        self._model(model, version, language)
        known = {one.signal for one in self.signals}
        if signal is not None and signal not in known:
            raise InvalidRequest(f"There is no signal {shown(signal)}.", help=suggest(signal, known))
        asked = {"model": model, "version": version, "language": language, "signal": signal}
        wanted = {key: value for key, value in asked.items() if value is not None}
        return [one for one in self.signals if all(getattr(one, key) == value for key, value in wanted.items())]

    def split(self, model: str, metric: str, *, version: str | None = None, hours: int = 24) -> SplitView:
        self._model(model, version)
        known = {one.metric: one for one in self.splits if one.model == model}
        if metric not in known:
            raise InvalidRequest(f"There is no metric {shown(metric)}.", help=suggest(metric, known))
        return msgspec.structs.replace(known[metric], hours=hours, version=version or "")

    def slo(self, *, model: str | None = None, language: str | None = None) -> Sequence[SloView]:
        chosen = list(self.models.values()) if model is None else [self._model(model, None, language)]
        return [slo for one in chosen for slo in one.slos if language in (None, slo.language)]

    def alerts(
        self, *, model: str | None = None, firing: bool | None = None, since: str = "", limit: int | None = None
    ) -> Sequence[Alert]:
        if model is not None:
            self._model(model)
        found = [
            one
            for one in self.kept_alerts
            if model in (None, one.model)
            and firing in (None, one.status == "firing")
            and (one.status == "firing" or one.ended >= since)
        ]
        return sorted(found, key=lambda one: one.started, reverse=True)[:limit]

    def alert(self, id: str) -> Alert:
        for one in self.kept_alerts:
            if one.id == id:
                return one
        raise NotFound(f"There is no alert {shown(id)}.", help="GET /v1/alerts lists them.")

    def silences(self, *, model: str | None = None, active: bool | None = None) -> Sequence[Silence]:
        if model is not None:
            self._model(model)
        found = [one for one in self.kept.values() if model is None or one.model in ("", model)]
        return sorted((one for one in found if active in (None, one.ends > self.now)), key=lambda one: one.starts)

    def silence(self, silence: Silence, *, by: By) -> Silence:
        if silence.model:
            self._model(silence.model, silence.version or None, silence.language or None)
        return self._keep(silence, by)

    def end_silence(self, id: str, *, by: By) -> Silence:
        if id not in self.kept:
            raise NotFound(f"There is no silence {shown(id)}.", help="GET /v1/silences lists them.")
        if self.kept[id].ends <= self.now:
            raise Conflict(f"The silence {id} has ended.", help="nothing is to be done.")
        return self._keep(msgspec.structs.replace(self.kept[id], ends=self.now), by)

    def _keep(self, silence: Silence, by: By) -> Silence:
        self.kept[silence.id] = silence
        self.changes.append((silence, by))
        return silence

    def _model(self, name: str, version: str | None = None, language: str | None = None) -> ModelView:
        if name not in self.models:
            raise NotFound(f"There is no model {shown(name)}.", help=suggest(name, self.models))
        model = self.models[name]
        versions = {one.version for one in model.versions}
        if version is not None and version not in versions:
            raise NotFound(f"Model '{name}' has no version {shown(version)}.", help=suggest(version, versions))
        languages = {one.language for found in model.versions for one in found.languages}
        if language is not None and language not in languages:
            raise InvalidRequest(f"'{name}' has met no language {shown(language)}.", help=suggest(language, languages))
        return model


def _narrowed(model: ModelView, version: str | None, language: str | None) -> ModelView:
    versions = [
        msgspec.structs.replace(one, languages=[row for row in one.languages if language in (None, row.language)])
        for one in model.versions
        if version in (None, one.version)
    ]
    return msgspec.structs.replace(model, versions=versions)

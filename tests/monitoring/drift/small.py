"""A small model: languages with the same signals, whose texts are drawn as counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dragoman.monitoring.times import stamp
from dragoman.profiles import LanguageReference, Layout, Profile, Reference

START = 1_795_392_000  # a Monday, 00:00 UTC
HOUR = 3600
TOKENS = Layout(signal="tokens", kind="number", edges=[float(edge) for edge in range(4, 36, 4)])
LABEL = Layout(signal="label", kind="category", categories=["billing", "delivery", "refund"])
UNKNOWN = Layout(signal="unknown", kind="number", edges=[1e-6, 0.01, 0.05])
LAYOUTS = {"tokens": TOKENS, "label": LABEL, "unknown": UNKNOWN}
USUAL = {
    "tokens": np.full(9, 1 / 9),
    "label": np.array([0.6, 0.3, 0.1, 0.0]),
    "unknown": np.array([0.9, 0.05, 0.03, 0.02]),
}
LONGER = {"tokens": np.array([0.5 / 7] * 7 + [0.25, 0.25])}  # 22% to 50% of the texts have 28 tokens or more

Shares = Mapping[str, np.ndarray]


def reference_of(
    languages: Sequence[str] = ("de", "th"), texts: int = 1_000, *, signals: Sequence[str] = ("tokens", "label")
) -> Reference:
    """Counts as near to the usual shares as they can be."""
    layouts = {signal: LAYOUTS[signal] for signal in signals}
    counts = {signal: np.round(USUAL[signal] * texts).astype(np.int64) for signal in signals}
    built = {name: LanguageReference(texts, layouts, counts, None) for name in languages}
    return Reference(built, dict.fromkeys(languages, texts), None)


def profile_of(
    reference: Reference, texts: Mapping[str, int], chance: np.random.Generator, **changed: Shares
) -> Profile:
    """So many texts of each language; those named in `changed` have other shares of some signals."""
    profile = Profile(reference)
    for name, count in texts.items():
        profile.add_columns([name] * count, {})
        for signal in profile.counts.get(name, {}):
            shares = changed.get(name, {}).get(signal, USUAL[signal])
            profile.counts[name][signal] += chance.multinomial(count, shares)
    return profile


def hour(place: int) -> str:
    return stamp(START + HOUR * place)

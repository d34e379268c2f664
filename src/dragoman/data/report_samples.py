"""Texts of each language looked at one by one: their script, and whether they are in the language that they claim."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from dragoman.text.language import UNDETERMINED, Detector
from dragoman.text.script import script_of

__all__ = ["KnowingDetector", "Sampled", "look_at_samples"]

SURE = 0.9  # probability from which a detected language counts
SAME = {"nb": "no", "nn": "no", "in": "id", "iw": "he", "ji": "yi", "fil": "tl", "ms": "id", "sr": "hr", "bs": "hr"}


class KnowingDetector(Detector, Protocol):
    """A detector that says which languages it can tell."""

    languages: list[str]


class Sampled(NamedTuple):
    """What some texts of a language show."""

    sampled: int
    scripts: dict[str, int]
    agreeing: int
    unsure: int
    detected: dict[str, int]


def look_at_samples(samples: Mapping[str, list[str]], detector: KnowingDetector) -> Mapping[str, Sampled]:
    """Language → what its texts show; languages without texts included."""
    known = {primary(code) for code in detector.languages}
    return {code: _look(code, texts, detector, known) for code, texts in samples.items()}


def primary(code: str) -> str:
    """The part of a code that says the language; one for languages that texts hardly tell apart."""
    language = code.partition("-")[0].lower()
    return SAME.get(language, language)


def _look(declared: str, texts: list[str], detector: KnowingDetector, known: Iterable[str]) -> Sampled:
    found: Counter[str] = Counter(_answer(text, declared, detector) for text in texts)
    if primary(declared) not in known:
        found = Counter({"": len(texts)})
    agreeing, unsure = found.pop(declared, 0), found.pop("", 0)
    return Sampled(len(texts), _ranked(Counter(map(script_of, texts))), agreeing, unsure, _ranked(found))


def _answer(text: str, declared: str, detector: KnowingDetector) -> str:
    """The declared language, another one, or nothing if it is not sure."""
    language, probability = detector.detect(text)
    if language != UNDETERMINED and primary(language) == primary(declared):
        return declared
    return language if probability >= SURE and language != UNDETERMINED else ""


def _ranked(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

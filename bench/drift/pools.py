"""Pools of seen texts, one per language and change, from which windows are drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from bench.drift import corruptions
from bench.drift.corpora import Item, news, plain, topics
from bench.drift.signals import Seen, Seer

__all__ = ["CORPORA", "Change", "Pools"]

MOST_TEXTS = 6_000  # of a language; a corpus stands for all texts that there could be
MOST_CHANGED = 2_000
SEED = 1
CORPORA: dict[str, Callable[[], dict[str, list[Item]]]] = {"plain": plain, "topics": topics, "news": news}


class Change(NamedTuple):
    """What texts of a language turn into: other texts, the same ones spoilt, or those of some topics only."""

    source: str = ""  # language whose texts come instead
    spoil: str = ""  # a function of `corruptions`
    topics: tuple[str, ...] = ()


class Pools:
    """Seen texts by corpus, language and change."""

    def __init__(self, seer: Seer) -> None:
        self.seer = seer
        self._seen: dict[tuple[str, str, Change], Seen] = {}

    def of(self, corpus: str, language: str, change: Change = Change()) -> Seen:  # noqa: B008 (frozen)
        key = corpus, language, change
        if key not in self._seen:
            texts = texts_of(CORPORA[corpus]()[change.source or language], change)
            self._seen[key] = self.seer.see(texts, language)
        return self._seen[key]


def texts_of(items: Sequence[Item], change: Change) -> list[str]:
    """The texts of a pool, always the same ones."""
    kept = [item.text for item in items if not change.topics or item.topic in change.topics]
    most = MOST_CHANGED if change.spoil else MOST_TEXTS
    order = np.random.default_rng(SEED).permutation(len(kept))[:most]
    spoil = getattr(corruptions, change.spoil) if change.spoil else str
    return [spoil(kept[place]) for place in sorted(order)]

"""What goes wrong, in which language, and the traffic around it."""

from __future__ import annotations

from typing import NamedTuple

from bench.drift.pools import Change

__all__ = ["AROUND", "MODEL", "SCENARIOS", "Scenario"]

MODEL = (
    "ar", "bn", "cs", "de", "el", "en", "es", "fa", "fr", "hi", "id", "it",
    "ja", "ko", "nl", "pl", "pt", "ru", "sw", "th", "tr", "uk", "vi", "zh",
)  # fmt: skip
NEWS = (
    "amh", "en", "fr", "hau", "ibo", "lin", "lug", "orm",
    "pcm", "run", "sna", "som", "sw", "tir", "xho", "yor",
)  # fmt: skip
AROUND = {
    "plain": (*MODEL, "sr"),
    "topics": (*MODEL, "ks"),
    "news": NEWS,
}  # the languages that have traffic


class Scenario(NamedTuple):
    """From a known hour on, `share` of the texts of one language are changed, or it has `traffic` times as many."""

    name: str
    language: str
    change: Change = Change()
    share: float = 1.0
    corpus: str = "plain"
    traffic: float = 1.0

    @property
    def is_mix(self) -> bool:
        """Whether the language's texts stay as they are."""
        return self.traffic != 1.0


MISREAD = Change(spoil="misread")
SPORTS = Change(topics=("sports",))

SCENARIOS = (
    Scenario("UTF-8 read as Latin-1", "ar", MISREAD),
    Scenario("UTF-8 read as Latin-1, a third", "ar", MISREAD, 1 / 3),
    Scenario("UTF-8 read as Latin-1, a tenth", "ar", MISREAD, 0.1),
    Scenario("UTF-8 read as Latin-1", "fr", MISREAD),
    Scenario("UTF-8 read as Latin-1", "pl", MISREAD),
    Scenario("replacement characters", "de", Change(spoil="replaced")),
    Scenario("replacement characters", "cs", Change(spoil="replaced")),
    Scenario("first 30% of each text", "it", Change(spoil="truncated")),
    Scenario("first 30% of each text", "ja", Change(spoil="truncated")),
    Scenario("first 30%, of a tenth", "it", Change(spoil="truncated"), 0.1),
    Scenario("capitals", "tr", Change(spoil="capitals")),
    Scenario("capitals", "ru", Change(spoil="capitals")),
    Scenario("no diacritics", "vi", Change(spoil="unmarked")),
    Scenario("no diacritics", "cs", Change(spoil="unmarked")),
    Scenario("Portuguese, said to be Spanish", "es", Change(source="pt")),
    Scenario("Slovak, said to be Czech", "cs", Change(source="sk")),
    Scenario("Marathi, said to be Hindi", "hi", Change(source="mr")),
    Scenario("Malay, said to be Indonesian", "id", Change(source="ms")),
    Scenario("Cantonese, said to be Chinese", "zh", Change(source="yue")),
    Scenario("Portuguese, said to be Spanish, a tenth", "es", Change(source="pt"), 0.1),
    Scenario("Cyrillic becomes Latin", "sr", Change(spoil="romanised")),
    Scenario("Cyrillic becomes Latin, a tenth", "sr", Change(spoil="romanised"), 0.1),
    Scenario("simplified becomes traditional", "zh", Change(source="zh-Hant"), corpus="topics"),
    Scenario("Arabic script becomes Latin", "ar", Change(source="ar-Latn"), corpus="topics"),
    Scenario("Arabic script becomes Devanagari", "ks", Change(source="ks-Deva"), corpus="topics"),
    Scenario("all about sports (before: 12%)", "de", SPORTS, corpus="topics"),
    Scenario("all about sports (before: 12%)", "hi", SPORTS, corpus="topics"),
    Scenario("half about sports (before: 12%)", "de", SPORTS, 0.44, corpus="topics"),
    Scenario("all news about sports (before: 20%)", "en", SPORTS, corpus="news"),
    Scenario("all news about sports (before: 20%)", "yor", SPORTS, corpus="news"),
    Scenario("twice the traffic", "ko", traffic=2.0),
    Scenario("four times the traffic", "ko", traffic=4.0),
    Scenario("no traffic", "ko", traffic=0.0),
)

"""Who writes what: ordinary texts in every language, and from the change on a new way of asking for refunds."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from bench.game_day.sayings import ENDINGS, FILLERS, OPENINGS, SAYINGS

__all__ = ["NEW_SHARE", "World", "Writing", "new_way", "split_rows"]

NEW_SHARE = 0.4  # of the texts in Hindi and Portuguese after the change
NEW_LABEL = "refund"
PLACE = re.compile(r"\{(\w+)\}")
MARKS = (".", "!", "…", "🙏", "!!", "..", "😊", "--", ".!", ";", "!.", "^^")
VARIANTS = 1 + len(MARKS)  # of a text before it comes again


class Writing(NamedTuple):
    """A text that a user sends, and what they want by it."""

    text: str
    language: str
    label: str
    is_new: bool = False


class World:
    """Texts of a seed. The same seed gives the same texts, whenever it is asked and by whom."""

    def __init__(self, ordinary: dict[str, list[Writing]], *, seed: int) -> None:
        self.ordinary, self.seed = ordinary, seed
        self._orders: dict[str, list[int]] = {}

    def texts(self, language: str, slot: int, count: int, *, changed: bool) -> Iterator[Writing]:
        """What users write in one language in one slot of time; no two ordinary texts of a world are the same."""
        draw = random.Random(f"{self.seed} {language} {slot}")
        for number in range(slot * count, (slot + 1) * count):
            if changed and language in SAYINGS and draw.random() < NEW_SHARE:
                yield new_way(language, draw)
            else:
                yield self._ordinary(language, number)

    def _ordinary(self, language: str, number: int) -> Writing:
        """One of the texts in one of its variants, from the first day on: that some come again must not be a change."""
        known = self.ordinary[language]
        cycle, place = divmod(number, len(known) * VARIANTS)
        lap, index = divmod(self._order(language)[place], len(known))
        return known[index]._replace(text=varied(known[index].text, lap + cycle * VARIANTS))

    def _order(self, language: str) -> list[int]:
        if language not in self._orders:
            size = len(self.ordinary[language]) * VARIANTS
            self._orders[language] = random.Random(f"{self.seed} {language}").sample(range(size), size)
        return self._orders[language]


def varied(text: str, lap: int) -> str:
    """Another text that says the same, for each time that it is sent."""
    return text + "".join(f" {MARKS[digit]}" for digit in digits(lap))


def digits(number: int) -> Iterator[int]:
    """A number in bijective numeration: each has digits of its own, and 0 has none."""
    while number:
        number, digit = divmod(number - 1, len(MARKS))
        yield digit


def new_way(language: str, draw: random.Random) -> Writing:
    """A refund, asked for in the new way."""
    saying = draw.choice(OPENINGS[language]) + draw.choice(SAYINGS[language]) + draw.choice(ENDINGS[language])
    return Writing(PLACE.sub(lambda place: filled(language, place[1], draw), saying), language, NEW_LABEL, True)


def filled(language: str, name: str, draw: random.Random) -> str:
    if name == "number":
        return str(draw.randrange(10_000, 100_000))
    if name == "count":
        return str(draw.randrange(2, 21))
    return draw.choice(FILLERS[language][name])


def split_rows(folder: Path, languages: Iterable[str]) -> tuple[dict[str, list[str]], dict[str, list[Writing]]]:
    """The example's rows: lines that the first champion learns from, and texts that users will send, by language.

    Of each label of a language every second row to learn from is kept for users; held-out rows all stay.
    """
    learned: dict[str, list[str]] = {}
    written: dict[str, list[Writing]] = {}
    for path in (folder / f"{language}.jsonl" for language in sorted(languages)):
        seen: Counter[str] = Counter()
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            seen[row["label"]] += row["split"] == "train"
            if row["split"] == "train" and seen[row["label"]] % 2 == 0:
                written.setdefault(path.stem, []).append(Writing(row["text"], path.stem, row["label"]))
            else:
                learned.setdefault(path.stem, []).append(line)
    return learned, written

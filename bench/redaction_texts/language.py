"""Languages with their sentences, read from `sentences/*.txt`: one half to tune rules on, one to report."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

__all__ = ["HALVES", "KINDS_OF_SENTENCES", "Half", "Language", "languages"]

FOLDER = Path(__file__).parent / "sentences"
HALVES = ("development", "test")
SLOT = re.compile(r"\{[a-z]*\}")
LONGEST_WORD = 10
KINDS_OF_SENTENCES = ("email", "url", "ip", "iban", "card", "phone", "id", "any", "no")


class Half(NamedTuple):
    """Sentences by what stands in their `{}`, and what the language calls each kind of national id."""

    sentences: Mapping[str, Sequence[str]]
    names: Mapping[str, Sequence[str]]


class Language(NamedTuple):
    code: str
    name: str
    regions: Sequence[str]  # countries whose telephone numbers and bank accounts its speakers write
    zero: str  # of its own digits, or of full-width ones; empty if it has none in use
    halves: Mapping[str, Half]

    def words(self, half: str) -> list[str]:
        """Words of its own, for names of mailboxes and hosts."""
        text = " ".join(sentence for some in self.halves[half].sentences.values() for sentence in some)
        signs = (sign if unicodedata.category(sign)[0] in "LM" else " " for sign in SLOT.sub(" ", text).lower())
        words = {_short(word) for word in "".join(signs).split()}
        return sorted({word for word in words if len(word) > 1 and not word.isascii()} or words)


def _short(word: str) -> str:
    """The word, or of the run of words of a script without spaces the first three letters with their marks."""
    if len(word) <= LONGEST_WORD:
        return word
    end = 3
    while unicodedata.category(word[end])[0] == "M" and end < LONGEST_WORD:
        end += 1
    return word[:end]


@cache
def languages() -> Mapping[str, Language]:
    return {file.stem: _read(file) for file in sorted(FOLDER.glob("*.txt"))}


def _read(file: Path) -> Language:
    head, *halves = file.read_text(encoding="utf-8").split("\n\n")
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    assert [half.split("\n", 1)[0] for half in halves] == list(HALVES), file.name
    return Language(
        file.stem,
        fields["language"],
        fields["regions"].split(),
        fields.get("zero", ""),
        {name: _half(half) for name, half in zip(HALVES, halves, strict=True)},
    )


def _half(text: str) -> Half:
    sentences: dict[str, list[str]] = defaultdict(list)
    names: dict[str, list[str]] = {}
    for line in text.splitlines()[1:]:
        kind, sentence = line.split(": ", 1)
        if kind.startswith("name "):
            names[kind.removeprefix("name ")] = [name.strip() for name in sentence.replace("،", ",").split(",")]
        else:
            assert kind in KINDS_OF_SENTENCES, line
            sentences[kind].append(sentence)
    return Half(sentences, names)

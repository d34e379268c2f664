"""The script of a text, by Unicode property."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.text.native_text import Table, native_text
from dragoman.text.script_ranges import SCRIPT_RANGES

__all__ = ["NO_SCRIPT", "SCRIPTS", "ScriptMix", "script_mix", "script_of", "script_table"]

NO_SCRIPT = "Zyyy"  # ISO 15924: undetermined, such as digits, punctuation and emoji
SCRIPTS = (NO_SCRIPT, *SCRIPT_RANGES)
HAN, HANGUL, HIRAGANA, KATAKANA = map(SCRIPTS.index, ("Hani", "Hang", "Hira", "Kana"))
LEAST_OWN_SHARE = 0.1  # a kana in a Chinese brand name does not make a text Japanese
ASCII_LETTER = re.compile("[A-Za-z]")


class ScriptMix(NamedTuple):
    """The main script of a text, and how much of it is in others."""

    script: str  # as `script_of` gives it
    foreign: float | None  # share of the letters and marks that are of other scripts; None without any letter


def script_of(text: str) -> str:
    """ISO 15924 code of the most frequent script among the letters and marks of a text.

    Japanese and Korean mix scripts and have codes of their own: `Jpan` for kana with or without Han, `Kore` for Hangul
    with or without Han; Han alone is `Hani`. A text without letters has the script `Zyyy`.
    """
    return script_mix(text).script


def script_mix(text: str) -> ScriptMix:
    """The script of a text, as `script_of` gives it, and the share of its letters and marks that are of others."""
    if text.isascii():  # most texts of many models: nothing to look up
        return ScriptMix("Latn", 0.0) if ASCII_LETTER.search(text) else ScriptMix(NO_SCRIPT, None)
    counts = _count_scripts(text)
    letters, most = sum(counts), max(counts)
    if not letters:
        return ScriptMix(NO_SCRIPT, None)
    best = SCRIPTS[counts.index(most)]
    name = {"Hira": "Jpan", "Kana": "Jpan", "Hang": "Kore"}.get(best, best)
    return ScriptMix(name, (letters - most) / letters)


def _count_scripts(text: str) -> list[int]:
    """Letters and marks per script, in the order of `SCRIPTS`, those of a mixed script all under its own one."""
    native = native_text()
    counts = native.count_scripts(text, _native_table(), len(SCRIPTS)) if native else _count_code_points(text)
    counts[0] = 0
    counts[HIRAGANA] += counts[KATAKANA]
    counts[KATAKANA] = 0
    own = HIRAGANA if counts[HIRAGANA] >= counts[HANGUL] else HANGUL
    if counts[own] >= LEAST_OWN_SHARE * (counts[own] + counts[HAN]):
        counts[own] += counts[HAN]
        counts[HAN] = 0
    return counts


def _count_code_points(text: str) -> list[int]:
    table = script_table()
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    counts: list[int] = np.bincount(table[np.minimum(codes, len(table) - 1)], minlength=len(SCRIPTS)).tolist()
    return counts


@cache
def _native_table() -> Table:
    return Table(script_table())


@cache
def script_table() -> NDArray[np.uint8]:
    """Position in `SCRIPTS` of each code point; the last entry stands for everything above."""
    spans = [
        (int(first, 16), int(last or first, 16) + 1, number)
        for number, ranges in enumerate(SCRIPT_RANGES.values(), start=1)
        for first, _, last in (span.partition("-") for span in ranges.split())
    ]
    table = np.zeros(max(stop for _, stop, _ in spans) + 1, dtype=np.uint8)
    for start, stop, number in spans:
        table[start:stop] = number
    return table

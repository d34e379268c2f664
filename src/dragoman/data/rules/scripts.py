"""Texts in the script of their language."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dragoman.data.rules.base import Marks, RowRule
from dragoman.data.rules.masks import Mask
from dragoman.data.rules.rows import Column, Rows
from dragoman.data.rules.utf8 import Bytes
from dragoman.errors import InvalidSpec
from dragoman.text.language_scripts import scripts_of_language
from dragoman.text.script import SCRIPTS, script_table
from dragoman.text.script_ranges import SCRIPT_RANGES

__all__ = ["in_script", "refuse_unknown_languages"]

LATIN = SCRIPTS.index("Latn")
LAST_CODE_POINT = 0x1FFFFF  # that 21 bits can tell
LEAD, LEAD_OF_THREE, LEAD_OF_FOUR = 0xC0, 0xE0, 0xF0  # first bytes of longer characters in UTF-8

Ints = NDArray[np.int64]


def in_script(column: str, language: str, *, max_foreign: float) -> RowRule:
    """At most a share of the letters and marks of a text is of other scripts than its language is written in.

    Rows without a letter, or with a language whose script is not known, are not judged.
    """

    def judge(rows: Rows) -> Marks:
        texts = rows.columns[column]
        codes, languages = rows.columns[language].codes
        own = _own_scripts(languages)
        letters, foreign = _count(texts, codes, own)
        judged = (letters > 0) & own[:, 0][codes]
        if texts.valid is not None:
            judged &= texts.valid
        return Marks(judged & (foreign > max_foreign * letters), judged)

    words = f"'{column}' is in the script of its '{language}'"
    why = "no row has letters and a language whose script is known"
    return RowRule("script", words, (column, language), judge, why=why)


def refuse_unknown_languages(codes: Iterable[str]) -> None:
    """Raise `InvalidSpec` for the first language whose script nobody knows: its texts could not be judged."""
    for code in codes:
        if scripts_of_language(code) is None:
            raise InvalidSpec(
                f"The script of the language {code!r} is not known.",
                help=f"Name it in the code, such as {code.partition('-')[0]}-Latn, or take \"script\" out of 'refuse'.",
            )


def _own_scripts(languages: pa.Array) -> NDArray[np.bool_]:
    """`[languages + 1, scripts]` which letters are at home; the first column says whether any is known.

    The last row is for texts without a language.
    """
    own = np.zeros((len(languages) + 1, len(SCRIPTS)), dtype=bool)
    for number, code in enumerate(languages.to_pylist()):
        own[number] = _scripts_row(code)
    return own


@lru_cache(maxsize=4_096)
def _scripts_row(code: str) -> NDArray[np.bool_]:
    scripts = scripts_of_language(code) or frozenset()
    return np.array([bool(scripts), *(name in scripts for name in SCRIPT_RANGES)])


def _count(texts: Column, codes: Ints, own: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """`[rows]` letters and marks of each text, and how many of them are not at home."""
    data, starts = texts.text
    plain = _sums(((data | 0x20) - ord("a")) < 26, starts)  # bytes wrap around
    letters, foreign = plain.copy(), np.where(own[:, LATIN][codes], 0, plain)
    leads = np.flatnonzero(data >= LEAD)
    if len(leads):
        scripts = _scripts_at(data, leads)
        ends = np.searchsorted(leads, starts)
        home = own.ravel()[np.repeat(codes * len(SCRIPTS), np.diff(ends)) + scripts]
        found = scripts > 0
        letters += _sums(found, ends)
        foreign += _sums(found & ~home, ends)
    return letters, foreign


def _sums(flags: Mask, starts: Ints) -> Ints:
    """`[rows]` how many flags are set between a row's start and the next one's."""
    filled = np.flatnonzero(starts[1:] > starts[:-1])
    sums = np.zeros(len(starts) - 1, dtype=np.int64)
    if len(filled):
        sums[filled] = np.add.reduceat(flags.view(np.uint8), starts[filled], dtype=np.uint32)
    return sums


def _scripts_at(data: Bytes, leads: Ints) -> NDArray[np.uint8]:
    """The script of each character that begins at these bytes, as its position in `SCRIPTS`."""
    first = data[leads]
    codes = (first & 0x1F).astype(np.int64) << 6 | (data[leads + 1] & 0x3F)
    for lead, length in ((LEAD_OF_THREE, 3), (LEAD_OF_FOUR, 4)):
        longer = np.flatnonzero(first >= lead)
        if len(longer):
            codes[longer] = codes[longer] << 6 | (data[leads[longer] + length - 1] & 0x3F)
    codes &= LAST_CODE_POINT  # the first byte of the longest ones has fewer bits to give
    return np.asarray(_all_scripts()[codes])


@lru_cache(maxsize=1)
def _all_scripts() -> NDArray[np.uint8]:
    """The script of every code point."""
    table = np.zeros(LAST_CODE_POINT + 1, dtype=np.uint8)
    table[: len(script_table()) - 1] = script_table()[:-1]
    return table

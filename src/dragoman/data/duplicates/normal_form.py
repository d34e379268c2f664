"""The normal form in which texts are compared: what readers take for the same text is the same numbers."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dragoman.text.redaction.characters import IGNORABLE

__all__ = ["NormalTexts", "digest_texts", "digests_of", "normalize_texts"]

CODE_POINTS = 0x110000
DIGEST_BYTES = 16
SPACE, NOTHING, BORDER = 32, 0, 0x1E  # the border stands between texts while many are handled as one
TATWEEL = "\u0640"  # stretches Arabic letters, and means nothing

Codes = NDArray[np.uint32]
Ints = NDArray[np.int64]


class NormalTexts(NamedTuple):
    """Many texts in normal form, end to end, each with a space before and behind it."""

    codes: Codes  # code points
    starts: Ints  # [texts + 1] where each begins, and the end

    def inner(self, number: int) -> Codes:
        """One text without the spaces around it."""
        return self.codes[self.starts[number] + 1 : self.starts[number + 1] - 1]


def normalize_texts(texts: Sequence[str]) -> NormalTexts:
    """Compatibility form, case-folded; letters, marks and numbers, all else is one space; digits in ASCII.

    As `text.normalization.fold`, but many texts at once, digits of every script are the same, and characters that
    nobody sees (zero-width joiners, directions, variation selectors, tatweel) are left out before anything else.
    """
    codes = _known(_folded(_joined(texts)))
    return _padded(_without_extra_spaces(codes))


def digest_texts(texts: Sequence[str]) -> list[str]:
    """BLAKE2b of each text in normal form (UTF-32, little endian), 32 hex digits: the same for exact duplicates."""
    return [digest.hex() for digest in digests_of(normalize_texts(texts))]


def digests_of(normal: NormalTexts) -> list[bytes]:
    """The digests of `digest_texts`, as 16 bytes each."""
    flat, ends = memoryview(normal.codes.astype("<u4").tobytes()), (normal.starts * 4).tolist()
    return [
        hashlib.blake2b(flat[start + 4 : end - 4], digest_size=DIGEST_BYTES).digest() for start, end in pairwise(ends)
    ]


def _joined(texts: Sequence[str]) -> str:
    """All texts as one, with borders between them and behind the last: most steps are then one call for all."""
    border = chr(BORDER)
    joined = border.join([*texts, ""])
    if joined.count(border) > len(texts):
        joined = border.join([*(text.replace(border, " ") for text in texts), ""])
    return joined


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    codes = _codes(text)
    seen = codes[~_ignored()[codes]].astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen).casefold())


def _known(text: str) -> Codes:
    codes: Codes = _meanings()[_codes(text)]
    return np.asarray(codes[codes != NOTHING])


def _without_extra_spaces(codes: Codes) -> Codes:
    """No two spaces in a row, and none beside a border."""
    if not len(codes):
        return codes
    blank = codes == SPACE
    blank_or_border = blank | (codes == BORDER)
    kept: Codes = codes[~(blank & np.concatenate([[True], blank_or_border[:-1]]))]
    is_last = np.concatenate([kept[1:] == BORDER, [False]])
    return np.asarray(kept[~((kept == SPACE) & is_last)])


def _padded(codes: Codes) -> NormalTexts:
    """A space before and behind each text, in the place of the borders."""
    is_border = codes == BORDER
    count = int(np.count_nonzero(is_border))
    ends = np.flatnonzero(is_border) + 2 * np.arange(1, count + 1) - np.arange(count)
    padded = np.full(len(codes) + count, SPACE, dtype=np.uint32)
    owners = np.cumsum(is_border) - is_border
    places = np.arange(len(codes)) + owners + 1
    padded[places[~is_border]] = codes[~is_border]
    return NormalTexts(padded, np.concatenate([[0], ends]).astype(np.int64))


def _codes(text: str) -> Codes:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


@cache
def _ignored() -> NDArray[np.bool_]:
    """Of each code point, whether nobody sees it."""
    ignored = np.zeros(CODE_POINTS, dtype=np.bool_)
    found = re.findall(f"[{IGNORABLE}{TATWEEL}]", "".join(map(chr, range(CODE_POINTS))))
    ignored[[ord(char) for char in found]] = True
    return ignored


@cache
def _meanings() -> Codes:
    """Of each code point, what stands for it: itself, the ASCII digit, a space, or nothing."""
    chars = [chr(code) for code in range(CODE_POINTS)]
    kinds = np.array([unicodedata.category(char) for char in chars])
    is_kept = np.isin(kinds.astype("U1"), ["L", "M", "N"])
    meanings = np.where(is_kept, np.arange(CODE_POINTS), SPACE).astype(np.uint32)
    for code in np.flatnonzero(kinds == "Nd").tolist():
        meanings[code] = ord("0") + unicodedata.decimal(chars[code])
    meanings[_ignored()] = NOTHING
    meanings[BORDER] = BORDER
    return meanings

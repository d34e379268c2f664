"""The tokenizer's lock: golden texts with the ids that they gave when the model was trained.

The same file of pieces can give other ids under another release of the tokenizer library, another normalizer or other
Unicode tables, and the model would answer quietly worse. The lock travels in the bundle and is checked at load.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from dragoman.errors import Untrusted
from dragoman.text.tokenizer import Tokenizer

__all__ = ["UNIVERSAL_TEXTS", "golden_texts", "make_lock", "verify_lock"]

LOCK_FORMAT = 1
ANY_LANGUAGE = "und"
SHOWN_IDS = 12
SHOWN_CHARACTERS = 60

UNIVERSAL_TEXTS = (
    "",
    " ",
    "caf\u00e9 na\u00efve \u00c5ngstr\u00f6m",  # composed
    "cafe\u0301 nai\u0308ve A\u030angstro\u0308m",  # the same, decomposed
    "ti\u1ebfng Vi\u1ec7t",
    "tie\u0302\u0301ng Vie\u0323\u0302t",  # the same, marks in canonical order
    "tie\u0302\u0301ng Vie\u0302\u0323t",  # the same, marks in another order
    "\ud55c\uad6d\uc5b4 \u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165",  # Hangul: syllables, then jamo
    "\u304c\u304e\u3050 \u304b\u3099\u304d\u3099\u304f\u3099",  # kana: voiced, then with combining voice marks
    "\ufb01ne \u017feven \u2460 \u00bd \u2122 \u33a5",  # compatibility characters
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u0645\u06cc\u062e\u0648\u0627\u0647\u0645",  # ZWNJ or not
    "\u0915\u094d\u200d\u0937 \u0915\u094d\u200c\u0937 \u0915\u094d\u0937",  # ZWJ, ZWNJ, neither
    "\u0dc1\u0dca\u200d\u0dbb\u0dd3",  # ZWJ inside a Sinhala cluster
    "a\u200bb\u2060c\ufeffd\u00ade",  # zero-width space, word joiner, byte order mark, soft hyphen
    "\u200f\u0634\u0643\u0631\u0627\u200e ok \u061c\u0663\u066b\u0665",  # right-to-left and left-to-right marks
    "\u202bHTML \u05d4\u05d5\u05d0\u202c \u2067\u05e9\u05dc\u05d5\u05dd\u2069",  # embeddings and isolates
    "\u0643\u062a\u0627\u0628 \u0643\u0650\u062a\u064e\u0627\u0628\u064c",  # Arabic vowel signs
    "\u0643\u0640\u0640\u062a\u0640\u0627\u0628",  # tatweel
    "\U0001f44d\U0001f44d\U0001f3fb\U0001f44d\U0001f3ff",  # skin tones
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f3f3\ufe0f\u200d\U0001f308",  # a family, a flag
    "\U0001f1fa\U0001f1e6\U0001f1e7\U0001f1f7 \u2764\ufe0f \u2764\ufe0e 5\ufe0f\u20e3",  # regions, variation selectors
    "\uff28\uff45\uff4c\uff4c\uff4f\u3000\uff11\uff12\uff13\uff01",  # full width
    "\uff8a\uff9d\uff76\uff78 \uff76\uff9e\uff77\uff9e \uffa1\uffc2",  # half width
    "0123 \u0660\u0661\u0662 \u06f0\u06f1\u06f2 \u0966\u0967 \u09e6\u09e7 \u0e50\u0e51 \u1040\u1041 \u4e00\u4e8c",
    "I\u0130\u0131i \u00df\u1e9e \u03a3\u03c3\u03c2 \u01c5",  # letters whose case is peculiar
    "Z\u0351\u036b\u0343\u0363\u0323\u0330a\u0300\u0301\u0302\u0303\u0304\u0305l\u0334\u0335g\u0489o\u20dd",
    "\u0e17\u0e35\u0e48\u0e19\u0e35\u0e48 \u0e19\u0e33\u0e49 \u0e19\u0e49\u0e33",  # Thai vowels and tones
    "\U00020bb7\u91ce\u5bb6 \u845b\U000e0100\u57ce \u2f00",  # beyond the first plane, ideographic variation, radical
    "\u2d63 \u1c5a \uabc0 \u07ca \u1230 \u1780 \u0e81 \u1000 \u0f40 \u10d0 \u0531 \u05d0 \u0b05 \u0a95 \u0a15 \u0d85",
    "\u0000\u0001\u0007\u001b[0m\u007f\u0085",  # control characters
    "one\ttwo\r\nthree\u2028four\u00a0five\u3000six  seven",  # white space
    "<s> </s> <pad> <unk> <mask> [CLS] [SEP] \u2581 ##ing",  # what looks like a special token
    "https://example.com/a?b=1&c=%20#d user@example.com ORD-40088213",
    "\ufffd \ufffe \U0010ffff \ue000",  # replacement, non-characters, private use
    "Donaudampfschifffahrtselektrizit\u00e4tenhauptbetriebswerkbauunterbeamtengesellschaft",
    "a" * 1_000,
    "\u0e01" * 300,
)


class GoldenText(NamedTuple):
    """A text with the ids that it must give."""

    language: str
    text: str
    ids: list[int]


class Lock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The contents of a lock file."""

    format: int
    max_tokens: int
    vocabulary: int
    texts: list[GoldenText]


def make_lock(tokenizer: Tokenizer, samples: Mapping[str, Sequence[str]]) -> bytes:
    """The lock of a tokenizer, as JSON: `UNIVERSAL_TEXTS`, and the samples of each language, also in NFD.

    The same tokenizer and samples give the same bytes, in whatever order the languages come.
    """
    pairs = list(dict.fromkeys(_golden_pairs(samples)))
    encoded = tokenizer.encode_many([text for _, text in pairs])
    lock = {
        "format": LOCK_FORMAT,
        "max_tokens": tokenizer.max_tokens,
        "vocabulary": tokenizer.vocabulary,
        "texts": [[*pair, one.ids] for pair, one in zip(pairs, encoded, strict=True)],
    }
    # ASCII only: an editor or a transfer that normalises Unicode cannot touch the texts.
    return json.dumps(lock, ensure_ascii=True, separators=(",", ":")).encode()


def golden_texts(lock: bytes) -> dict[str, list[str]]:
    """The golden texts of each language, without those that every lock has."""
    texts: dict[str, list[str]] = {}
    for one in _read_lock(lock).texts:
        if one.language != ANY_LANGUAGE:
            texts.setdefault(one.language, []).append(one.text)
    return texts


def verify_lock(tokenizer: Tokenizer, lock: bytes) -> None:
    """Raise `Untrusted`, showing the first text that differs, unless the tokenizer gives every golden id."""
    golden = _read_lock(lock)
    for what, expected in (("max_tokens", golden.max_tokens), ("vocabulary", golden.vocabulary)):
        if (got := getattr(tokenizer, what)) != expected:
            raise _changed(f"its {what} is {got}, the lock says {expected}")
    encoded = tokenizer.encode_many([one.text for one in golden.texts])
    for one, got in zip(golden.texts, encoded, strict=True):
        if got.ids != one.ids:
            raise _changed(_difference(one, got.ids))


def _golden_pairs(samples: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    for language, texts in [(ANY_LANGUAGE, UNIVERSAL_TEXTS), *sorted(samples.items())]:
        for text in texts:
            yield language, text
            if language != ANY_LANGUAGE:
                yield language, unicodedata.normalize("NFD", text)


def _read_lock(lock: bytes) -> Lock:
    try:
        golden = msgspec.json.decode(lock, type=Lock)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Untrusted(f"The tokenizer's lock cannot be read: {error}.", help="Make the bundle again.") from None
    if golden.format != LOCK_FORMAT:
        raise Untrusted(
            f"The tokenizer's lock has the format {golden.format}; this release reads {LOCK_FORMAT}.",
            help="Load the bundle with the release that made it, or make it again.",
        )
    return golden


def _changed(difference: str) -> Untrusted:
    return Untrusted(
        f"The tokenizer is not the one that the model was trained with: {difference}.",
        help="Restore tokenizer.json and the release of `tokenizers` that the bundle's environment names.",
    )


def _difference(golden: GoldenText, got: Sequence[int]) -> str:
    text = ascii(golden.text[:SHOWN_CHARACTERS]) + ("..." if len(golden.text) > SHOWN_CHARACTERS else "")
    pairs = zip(golden.ids, got, strict=False)
    place = next((index for index, (a, b) in enumerate(pairs) if a != b), min(len(golden.ids), len(got)))
    start = max(0, place - SHOWN_IDS // 2)
    shown = f"expected {_excerpt(golden.ids, start)}, got {_excerpt(got, start)}"
    return f"the text {text} ({golden.language}) differs at token {place}: {shown}"


def _excerpt(ids: Sequence[Any], start: int) -> str:
    inside = " ".join(map(str, ids[start : start + SHOWN_IDS]))
    return f"[{'... ' if start else ''}{inside}{' ...' if len(ids) > start + SHOWN_IDS else ''}]"

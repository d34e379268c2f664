"""Real texts in many languages, from the folder that the environment variable DRAGOMAN_DATA names."""

from __future__ import annotations

import gzip
import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from dragoman.text.script import script_of

__all__ = ["PLAIN", "Item", "data_folder", "news", "plain", "topics"]

PLAIN = {
    "ar": ("ara", "arb"), "bn": ("ben",), "cs": ("ces",), "de": ("deu",), "el": ("ell",), "en": ("eng",),
    "es": ("spa",), "fa": ("fas", "pes"), "fr": ("fra",), "hi": ("hin",), "id": ("ind",), "it": ("ita",),
    "ja": ("jpn",), "ko": ("kor",), "nl": ("nld",), "pl": ("pol",), "pt": ("por",), "ru": ("rus",),
    "sw": ("swa", "swh"), "th": ("tha",), "tr": ("tur",), "uk": ("ukr",), "vi": ("vie",), "zh": ("zho",),
    "mr": ("mar",), "ms": ("msa", "zsm"), "sk": ("slk",), "sr": ("srp",), "yue": ("yue",),
}  # fmt: skip
TOPICS = {
    "ar": "arb_Arab", "bn": "ben_Beng", "cs": "ces_Latn", "de": "deu_Latn", "el": "ell_Grek", "en": "eng_Latn",
    "es": "spa_Latn", "fa": "pes_Arab", "fr": "fra_Latn", "hi": "hin_Deva", "id": "ind_Latn", "it": "ita_Latn",
    "ja": "jpn_Jpan", "ko": "kor_Hang", "nl": "nld_Latn", "pl": "pol_Latn", "pt": "por_Latn", "ru": "rus_Cyrl",
    "sw": "swh_Latn", "th": "tha_Thai", "tr": "tur_Latn", "uk": "ukr_Cyrl", "vi": "vie_Latn", "zh": "zho_Hans",
    "ks": "kas_Arab", "ar-Latn": "arb_Latn", "ks-Deva": "kas_Deva", "zh-Hant": "zho_Hant",
}  # fmt: skip
NEWS = {"en": "eng", "fr": "fra", "sw": "swa"} | {
    name: name for name in ("amh", "hau", "ibo", "lin", "lug", "orm", "pcm", "run", "sna", "som", "tir", "xho", "yor")
}


class Item(NamedTuple):
    """A text and its topic; without one, where it comes from."""

    text: str
    topic: str


def data_folder() -> Path:
    """Where the texts lie; ends the program where there are none."""
    if not (named := os.environ.get("DRAGOMAN_DATA")) or not Path(named).is_dir():
        sys.exit("error: Name the folder of the texts in DRAGOMAN_DATA.")
    return Path(named)


@cache
def plain() -> dict[str, list[Item]]:
    """`multilingual-text`: sentences of Common Voice, treebanks and a few others, no topics; Serbian in Cyrillic."""
    found = _by_language(_rows("multilingual-text"), PLAIN)
    return found | {"sr": [item for item in found["sr"] if script_of(item.text) == "Cyrl"]}


@cache
def topics() -> dict[str, list[Item]]:
    """`sib200`: the same sentences in every language, in 7 topics; some languages in a second script."""
    return _by_language(_rows("sib200"), {name: (code,) for name, code in TOPICS.items()})


@cache
def news() -> dict[str, list[Item]]:
    """`masakhanews`: headlines in 16 languages and 7 topics, few of which any part of the example's model knows."""
    return _by_language(_rows("masakhanews"), {name: (code,) for name, code in NEWS.items()})


def _by_language(rows: Iterator[dict[str, str]], codes: dict[str, tuple[str, ...]]) -> dict[str, list[Item]]:
    names = {code: name for name, several in codes.items() for code in several}
    found: dict[str, dict[str, Item]] = defaultdict(dict)
    for row in rows:
        if name := names.get(row["lang"]):
            text = row.get("headline") or row["text"]
            found[name].setdefault(text, Item(text, row.get("label", "")))
    return {name: list(items.values()) for name, items in sorted(found.items())}


def _rows(folder: str) -> Iterator[dict[str, str]]:
    for file in sorted((data_folder() / folder).glob("*.jsonl.gz")):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)

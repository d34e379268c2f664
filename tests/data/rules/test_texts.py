from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data.rules import oracle
from tests.data.rules.tables import batch, check, column, texts

from dragoman.data.rules.damage_pattern import ALL
from dragoman.errors import InvalidSpec
from dragoman.text.language_scripts import known_languages

CORPUS = Path(__file__).parents[3] / "examples" / "support" / "data"


def good_rows(values, refuse: str) -> list[bool]:
    return check(column(f'type = "string"\nrefuse = ["{refuse}"]'), batch({"x": texts(values)})).good


def corpus() -> list[dict[str, str]]:
    """Every seventh text of the example's corpus: 24 languages."""
    paths = sorted(CORPUS.glob("*.jsonl"))
    rows = [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    return rows[::7]


SEEN_AND_UNSEEN = "a \t\n\r\x00\x1f\x7f\x80\x9f\u00a0\u00ad\u115f\u1680\u180e\u200b\u200f\u2028\u202e\u2060\u2800\u3000\u3164\ufeff\uffa0é漢😀"


@pytest.mark.parametrize(("refuse", "bad"), [("blank", oracle.is_blank), ("control", oracle.has_controls)])
@given(values=st.lists(st.one_of(st.none(), st.text(SEEN_AND_UNSEEN, max_size=4), st.text(max_size=4)), max_size=20))
def test_blank_and_control_characters_are_found_as_the_oracle_finds_them(refuse, bad, values):
    assert good_rows(values, refuse) == [value is None or not bad(value) for value in values]


def test_every_code_point_is_judged_for_blank_and_control_as_the_oracle_judges_it():
    chars = [chr(code) for code in [*range(0xD800), *range(0xE000, 0x11000), *range(0xE0000, 0xE0100)]]
    assert good_rows(chars, "blank") == [not oracle.is_blank(char) for char in chars]
    assert good_rows(chars, "control") == [not oracle.has_controls(char) for char in chars]


# Encoding damage ------------------------------------------------------------------------------------------------------


def as_latin_1(text: str) -> str:
    return text.encode().decode("latin-1")


def as_windows_1252(text: str) -> str:
    return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in text.encode())


DAMAGED = st.sampled_from("ÂÃÄÅÆÈÉÖßàáâíðñôõ" + "".join(sorted(ALL)) * 2 + "aZzžß \u0301.5漢\ufffd")


@given(st.lists(st.lists(DAMAGED, max_size=7).map("".join), min_size=20, max_size=60))
def test_damage_is_found_as_the_oracle_finds_it(values):
    assert good_rows(values, "damage") == [not oracle.is_damaged(value) for value in values]


REAL = [
    "« voilà »",
    "« déjà »",
    "“Tomáš”",
    "„Spaß“",
    "„SCHÖN“",
    "Ç’kemi",
    "LIBERTÉ»",
    "NESTLÉ®",
    "Café™”",
    "«Café®»",
    "está»…",
    "café…”",
    "“déjà”²",
    "5 Å²",
    "10 Å·mol",
    "Å–Ö",
    "Ä–Ö–Ü",
    "TÄSSÄ…",
    "AMANHÃ…",
    "AMANHÃ—A LOJA",
    "IRMÃ –",
    "MÃ\xa0SỐ",
    "MÃ®",
    "CITROËN",
    "AB’ye",
    "Úžasný",
    "TÜRKÇÜ’nün",
    "Nguyễn Ái Quốc",
    "ĐÃ™",
    "È’",
    "C'È™",
    "BRÅ’s",
    "« É »",
    "“Ö”",
    "Lukáš»",
    "mládež!",
    "Â",
    "à «",
    "où »",
    "3×²",
    "ÚŽÍŠEK…",
    "l’été",
    "ÎN «ROMÂNIA»",
    "Îles",
    "ÅSA",
    "Åse–Ärlig",
    "ŽÁK",
    "¿Qué? ¡Sí!",
    "a\xa0: b",
    "Œuvre",
    "Ðað",
    "þú",
    "Øre",
    "straße…",
    "Fuß–",
    "“Å”",
    "æ»",
    "naïve",
    "coöperatie",
    "Zoë’s",
    "100 €",
    "20 °C",
    "x²",
    "½ l",
    "Señor·a",
]


def test_real_spellings_raise_no_alarm():
    assert [text for text, good in zip(REAL, good_rows(REAL, "damage"), strict=True) if not good] == []


@pytest.mark.parametrize(
    "frame", ["{}", "“{}”", "«{}»", "« {} »", "„{}“", "{}…", "{}…”", "{}™", "{}’s", "{}²", "{}—{}"]
)
@pytest.mark.parametrize("form", [str, str.upper, lambda text: unicodedata.normalize("NFD", text)])
def test_the_texts_of_24_languages_raise_no_alarm(frame, form):
    words = [form(row["text"].rstrip(".!?。？！…")) for row in corpus()]
    framed = [frame.replace("{}", text) for text in words if not ("™" in frame and text.endswith("C'È"))]
    assert [text for text, good in zip(framed, good_rows(framed, "damage"), strict=True) if not good] == []


@pytest.mark.parametrize("read", [as_latin_1, as_windows_1252])
@pytest.mark.parametrize("times", [1, 2])
def test_damage_is_found_in_nearly_every_text_of_every_language(read, times):
    found: dict[str, list[bool]] = {}
    rows = [row for row in corpus() if not row["text"].isascii()]
    broken = [read(row["text"]) if times == 1 else read(read(row["text"])) for row in rows]
    for row, good in zip(rows, good_rows(broken, "damage"), strict=True):
        found.setdefault(row["language"], []).append(not good)
    assert min(sum(one) / len(one) for one in found.values()) > 0.97
    assert sum(map(sum, found.values())) / len(rows) > 0.999


# Scripts --------------------------------------------------------------------------------------------------------------

SCRIPT_CONTRACT = """
[columns.x]
type = "string"
refuse = ["script"]
max_foreign = {share}
[columns.language]
type = "string"
[languages]
"""
LETTERS = st.sampled_from("aZéßяЖабاלאあア漢한ไก่हिਅક😀 1.٣̈𐐀𠀀\u200d")
LANGUAGES = st.sampled_from(["en", "ru", "sr", "sr-Latn", "ja", "zh-Hant", "ko", "ar", "th", "hi", "xx", "", None])


@pytest.mark.parametrize("share", [0, 0.25, 0.5, 1])
@given(
    rows=st.lists(st.tuples(st.one_of(st.none(), st.lists(LETTERS, max_size=8).map("".join)), LANGUAGES), max_size=25)
)
def test_the_script_is_judged_as_the_oracle_judges_it(share, rows):
    data = batch(
        {
            "x": pa.array([text for text, _ in rows], pa.string()),
            "language": pa.array([one for _, one in rows], pa.string()),
        }
    )
    counted = [oracle.foreign_letters(text, language) if text is not None else None for text, language in rows]
    expected = [one is None or one[1] <= share * one[0] for one in counted]
    checked = check(SCRIPT_CONTRACT.format(share=share), data)
    assert checked.good == expected
    assert bool(checked.report.unjudged) == all(one is None for one in counted)


def test_the_texts_of_24_languages_are_in_their_scripts():
    rows = [
        row
        for row in corpus()
        if row["language"] not in ("hi", "el", "ar", "bn", "ja", "ru", "uk", "fa", "ko", "th", "zh")
    ]
    data = batch({"x": [row["text"] for row in rows], "language": [row["language"] for row in rows]})
    assert all(check(SCRIPT_CONTRACT.format(share=0.5), data).good)


def test_a_language_of_no_known_script_is_refused_before_any_row():
    with pytest.raises(InvalidSpec, match="'qx'"):
        check(SCRIPT_CONTRACT.format(share=0.5) + 'allowed = ["de", "qx"]', batch({"x": [], "language": []}))


def test_more_than_100_languages_have_a_script():
    assert len(known_languages()) > 300

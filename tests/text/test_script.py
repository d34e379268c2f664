from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.text.script import NO_SCRIPT, script_mix, script_of
from dragoman.text.script_ranges import SCRIPT_RANGES

# The first words of a character's name in Unicode, and the script that they tell.
NAMED = {
    "ADLAM": "Adlm", "ARABIC": "Arab", "ARMENIAN": "Armn", "BALINESE": "Bali", "BAMUM": "Bamu", "BASSA VAH": "Bass",
    "BATAK": "Batk", "BENGALI": "Beng", "BOPOMOFO": "Bopo", "BUGINESE": "Bugi", "BUHID": "Buhd",
    "CANADIAN SYLLABICS": "Cans", "CHAKMA": "Cakm", "CHAM": "Cham", "CHEROKEE": "Cher", "CJK": "Hani",
    "COPTIC": "Copt", "CYRILLIC": "Cyrl", "COMBINING CYRILLIC": "Cyrl", "DESERET": "Dsrt", "DEVANAGARI": "Deva",
    "DUPLOYAN": "Dupl", "EGYPTIAN HIEROGLYPH": "Egyp", "ETHIOPIC": "Ethi", "FULLWIDTH LATIN": "Latn",
    "GEORGIAN": "Geor", "GLAGOLITIC": "Glag", "GOTHIC": "Goth", "GRANTHA": "Gran", "GREEK": "Grek", "GUJARATI": "Gujr",
    "GUNJALA GONDI": "Gong", "GURMUKHI": "Guru", "HALFWIDTH HANGUL": "Hang", "HALFWIDTH KATAKANA LETTER": "Kana",
    "HANGUL": "Hang", "HANIFI ROHINGYA": "Rohg", "HANUNOO": "Hano", "HEBREW": "Hebr", "HENTAIGANA": "Hira",
    "HIRAGANA": "Hira", "JAVANESE": "Java", "KANNADA": "Knda", "KATAKANA": "Kana", "KAYAH LI": "Kali", "KHMER": "Khmr",
    "KHOJKI": "Khoj", "LAO": "Laoo", "LATIN": "Latn", "LEPCHA": "Lepc", "LIMBU": "Limb", "LISU": "Lisu",
    "MALAYALAM": "Mlym", "MANDAIC": "Mand", "MASARAM GONDI": "Gonm", "MEDEFAIDRIN": "Medf", "MEETEI MAYEK": "Mtei",
    "MENDE KIKAKUI": "Mend", "MIAO": "Plrd", "MODI": "Modi", "MONGOLIAN": "Mong", "MRO": "Mroo", "MYANMAR": "Mymr",
    "NEW TAI LUE": "Talu", "NEWA": "Newa", "NKO": "Nkoo", "NUSHU": "Nshu", "NYIAKENG PUACHUE HMONG": "Hmnp",
    "OGHAM": "Ogam", "OL CHIKI": "Olck", "OLD HUNGARIAN": "Hung", "OLD TURKIC": "Orkh", "ORIYA": "Orya",
    "OSAGE": "Osge", "OSMANYA": "Osma", "PAHAWH HMONG": "Hmng", "PAU CIN HAU": "Pauc", "PHAGS-PA": "Phag",
    "REJANG": "Rjng", "RUNIC": "Runr", "SAMARITAN": "Samr", "SAURASHTRA": "Saur", "SHARADA": "Shrd", "SHAVIAN": "Shaw",
    "SIGNWRITING": "Sgnw", "SINHALA": "Sinh", "SORA SOMPENG": "Sora", "SUNDANESE": "Sund", "SYLOTI NAGRI": "Sylo",
    "SYRIAC": "Syrc", "TAGALOG": "Tglg", "TAGBANWA": "Tagb", "TAI LE": "Tale", "TAI THAM": "Lana", "TAI VIET": "Tavt",
    "TAKRI": "Takr", "TAMIL": "Taml", "TANGSA": "Tnsa", "TANGUT": "Tang", "TELUGU": "Telu", "THAANA": "Thaa",
    "THAI": "Thai", "TIBETAN": "Tibt", "TIFINAGH": "Tfng", "TIRHUTA": "Tirh", "TOTO": "Toto", "VAI": "Vaii",
    "VITHKUQI": "Vith", "WANCHO": "Wcho", "WARANG CITI": "Wara", "YEZIDI": "Yezi", "YI": "Yiii",
}  # fmt: skip

# Marks and letters that several scripts share, in spite of their names.
SHARED = {
    *range(0x64B, 0x656), 0x640, 0x670,  # vowel signs of Arabic, also written over Syriac
    *range(0x951, 0x955),  # accents of Vedic texts in all scripts of India
    0x485, 0x486,  # breathings of Church Slavonic, also written in Glagolitic
    0x374, 0xA9CF, 0x102E0,
}  # fmt: skip

MIXED = {"Hira": "Jpan", "Kana": "Jpan", "Hang": "Kore"}


def named_characters() -> Iterator[tuple[str, str]]:
    """Every letter and mark whose name tells its script, with the script."""
    for char in map(chr, range(0x110000)):
        words = unicodedata.name(char, "").split(" ")
        heads = (" ".join(words[:length]) for length in (3, 2, 1))
        told = next((NAMED[head] for head in heads if head in NAMED), None)
        if told and unicodedata.category(char)[0] in "LM" and ord(char) not in SHARED:
            yield char, told


def test_every_letter_and_mark_has_the_script_of_its_name() -> None:
    named = list(named_characters())
    assert not [(hex(ord(char)), told) for char, told in named if script_of(char) != MIXED.get(told, told)]
    assert len(named) > 120_000


def test_only_letters_and_marks_have_a_script() -> None:
    assert not [
        hex(code)
        for code in range(0x110000)
        if unicodedata.category(chr(code))[0] not in "LMC" and script_of(chr(code)) != NO_SCRIPT
    ]


def test_the_ranges_are_sorted_and_do_not_overlap() -> None:
    spans = sorted(
        (int(first, 16), int(last or first, 16))
        for ranges in SCRIPT_RANGES.values()
        for first, _, last in (span.partition("-") for span in ranges.split())
    )
    assert all(first <= last for first, last in spans)
    assert all(before[1] < after[0] for before, after in pairwise(spans))


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Where is my order #4021?", "Latn"),
        ("Где мой заказ 4021?", "Cyrl"),
        ("ⵜⴰⵎⴰⵣⵉⵖⵜ", "Tfng"),
        ("ᱥᱟᱱᱛᱟᱲᱤ", "Olck"),
        ("ꯃꯤꯇꯩꯂꯣꯟ", "Mtei"),
        ("ߒߞߏ", "Nkoo"),
        ("አማርኛ", "Ethi"),
        ("ខ្មែរ", "Khmr"),
        ("བོད་སྐད", "Tibt"),
        ("سلام، Anna!! ok", "Latn"),
        ("سلام، An", "Arab"),
        ("我的包裹", "Hani"),
        ("荷物まだ?", "Jpan"),
        ("まだ?", "Jpan"),
        ("ﾊﾝｶｸ", "Jpan"),
        ("주문 번호", "Kore"),
        ("大韓民國 국민", "Kore"),
        ("鲜の味是一家很好吃的蛋糕店", "Hani"),
        ("", "Zyyy"),
        ("😀👍🏽 +49 30 1234!", "Zyyy"),
        ("\u0301" * 100_000, "Zyyy"),
        ("\ud800", "Zyyy"),
        ("\x00", "Zyyy"),
    ],
)
def test_the_script_is_the_most_frequent_one_among_letters(text: str, script: str) -> None:
    assert script_of(text) == script


@given(st.text(), st.text(alphabet=" 0123456789.,!?😀\u200d\u200f"))
def test_digits_punctuation_and_emoji_do_not_change_the_script(text: str, noise: str) -> None:
    assert script_of(noise + text + noise) == script_of(text)


@pytest.mark.parametrize(
    ("text", "foreign"),
    [
        ("Where is my order?", 0.0),
        ("Где мой Mac?", 1 / 3),
        ("荷物まだ? OK", 1 / 3),  # Han and kana are one script in Japanese
        ("주문 大韓", 0.0),
        ("e\u0301", 0.0),
        ("12:30 😀", None),
        ("", None),
    ],
)
def test_letters_outside_the_main_script_are_foreign(text: str, foreign: float | None) -> None:
    assert script_mix(text).foreign == pytest.approx(foreign)


@given(st.text())
def test_the_foreign_share_is_below_one_and_known_where_there_are_letters(text: str) -> None:
    script, foreign = script_mix(text)
    assert (foreign is None) == (script == NO_SCRIPT)
    assert foreign is None or 0 <= foreign < 1

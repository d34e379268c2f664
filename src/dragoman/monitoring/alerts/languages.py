"""English names of languages, for people who are woken at night."""

from __future__ import annotations

__all__ = ["language_name"]

TABLE = """
ace Acehnese, af Afrikaans, am Amharic, an Aragonese, ar Arabic, ary Moroccan Arabic, arz Egyptian Arabic,
as Assamese, az Azerbaijani, ba Bashkir, bcl Central Bikol, be Belarusian, bg Bulgarian, bn Bengali, bo Tibetan,
br Breton, bs Bosnian, ca Catalan, ceb Cebuano, ckb Central Kurdish, crh Crimean Tatar, cs Czech, cy Welsh, da Danish,
de German, dz Dzongkha, el Greek, en English, eo Esperanto, es Spanish, et Estonian, eu Basque, ext Extremaduran,
fa Persian, fi Finnish, fil Filipino, fo Faroese, fr French, fuv Nigerian Fulfulde, fy Frisian, ga Irish,
gcf Guadeloupean Creole, gcr Guianese Creole, gd Scottish Gaelic, gl Galician, gom Goan Konkani, grc Ancient Greek,
gu Gujarati, gug Paraguayan Guarani, guw Gun, ha Hausa, hbo Ancient Hebrew, he Hebrew, hi Hindi, hr Croatian,
ht Haitian Creole, hu Hungarian, hy Armenian, id Indonesian, ig Igbo, is Icelandic, it Italian, ja Japanese,
jv Javanese, ka Georgian, kab Kabyle, kik Kikuyu, kk Kazakh, km Khmer, kn Kannada, ko Korean, ku Kurdish, ky Kyrgyz,
la Latin, lb Luxembourgish, lg Ganda, lij Ligurian, ln Lingala, lo Lao, lt Lithuanian, ltg Latgalian, lv Latvian,
mg Malagasy, mi Maori, mk Macedonian, ml Malayalam, mn Mongolian, mr Marathi, ms Malay, mt Maltese, my Burmese,
nb Norwegian Bokmål, ne Nepali, nl Dutch, nn Norwegian Nynorsk, no Norwegian, nso Northern Sotho, ny Chewa,
oc Occitan, om Oromo, or Odia, other other languages, pa Punjabi, pcm Nigerian Pidgin, pl Polish, ps Pashto,
pt Portuguese, qu Quechua, ro Romanian, ru Russian, rw Kinyarwanda, sa Sanskrit, sd Sindhi, sdh Southern Kurdish,
se Northern Sami, si Sinhala, sk Slovak, sl Slovenian, sn Shona, so Somali, sq Albanian, sr Serbian, st Sotho,
su Sundanese, sv Swedish, sw Swahili, ta Tamil, te Telugu, tg Tajik, th Thai, ti Tigrinya, tk Turkmen, tl Tagalog,
tn Tswana, tr Turkish, tt Tatar, ug Uyghur, uk Ukrainian, und an undetermined language, ur Urdu, uz Uzbek,
uzs Southern Uzbek, vec Venetian, vi Vietnamese, vo Volapük, wa Walloon, war Waray, wo Wolof, wuu Wu Chinese,
xh Xhosa, yi Yiddish, yo Yoruba, yue Cantonese, zh Chinese, zu Zulu, zxx no language
"""
NAMES = dict(one.strip().split(maxsplit=1) for one in TABLE.replace("\n", " ").split(","))


def language_name(code: str) -> str:
    """`hi` → `Hindi`, `pt-BR` → `Portuguese (pt-BR)`; a code without a name as it is."""
    name = NAMES.get(code.partition("-")[0])
    if name is None:
        return code
    return name if code in NAMES else f"{name} ({code})"

"""The scripts that languages are written in: more than one where both are in common use."""

from __future__ import annotations

from functools import cache

from dragoman.text.script_ranges import SCRIPT_RANGES

__all__ = ["known_languages", "scripts_of_language"]

LANGUAGES_BY_SCRIPT = {
    "Latn": (
        "aa ace af ak an arn ast ay az ban bar bbc bem bi bik bm br bs bug ca cdo ceb ch co cr crh cs csb cy da dag "
        "de dsb dyu ee en eo es et eu ff fi fil fj fo fon fr frp fur fy ga gag gd gl gn ha hak haw hil hr hsb ht hu "
        "ia id ie ig ilo io is it iu jbo jv kaa kab kbp kea kg ki kk kl kmb kr ksh ku lad lb lg li lij lmo ln lt "
        "ltg lua luo lus lv mad mg mh mi min mo mos ms mt mwl na nah nan nap nb nds nl nn no nov nr nso nus ny oc "
        "oj om pag pam pap pcm pl pms prg pt qu rif rm rn ro rw sc scn sco se sg sgs sh shi sk sl sm sma smj smn "
        "sms sn so sq sr srn ss st stq su sv sw szl tet tk tl tn to tpi tr ts tum tw ty tzm umb uz vec vep vi vls "
        "vo vro wa war wo xh yo zea zu"
    ),
    "Cyrl": (
        "ab abq ady alt av az ba be bg bs bua bxr ce chm crh cu cv inh kaa kbd kjh kk koi krc kum kv ky lbe lez mdf "
        "mhr mk mn mo mrj myv nog os ru rue sah sr tab tg tk tt tyv udm uk uz"
    ),
    "Arab": (
        "acm aeb ajp apc ar arq ary arz azb bal bgn bqi ckb fa glk ha kk ks ku lrc mzn ota pa pnb prs ps sd skr ug "
        "ur uz"
    ),
    "Deva": "anp awa bh bho brx dgo doi dty gom hi hne kok ks mag mai mr mwr ne new sa sat sd",
    "Beng": "as bn bpy mni",
    "Hebr": "he iw lad yi",
    "Ethi": "am gez har sgw ti tig wal",
    "Grek": "el grc pnt",
    "Armn": "hy hyw",
    "Geor": "ka xmf",
    "Thai": "nod th",
    "Laoo": "lo",
    "Khmr": "km",
    "Mymr": "ksw mnw my shn",
    "Tibt": "bo dz",
    "Taml": "ta",
    "Telu": "te",
    "Knda": "kn tcy",
    "Mlym": "ml",
    "Gujr": "gu",
    "Guru": "pa",
    "Orya": "or",
    "Sinh": "si",
    "Thaa": "dv",
    "Hani": "cdo cmn gan hak ja ko lzh nan wuu yue zh",
    "Bopo": "cmn zh",
    "Hira": "ja",
    "Kana": "ain ja",
    "Hang": "ko",
    "Mong": "mn mvf",
    "Tfng": "ber rif shi tzm zgh",
    "Nkoo": "bm dyu nqo",
    "Olck": "sat",
    "Mtei": "mni",
    "Cher": "chr",
    "Cans": "cr iu oj",
    "Yiii": "ii",
    "Syrc": "aii arc syr",
    "Java": "jv",
    "Bali": "ban",
    "Sund": "su",
    "Bugi": "bug",
    "Adlm": "ff",
    "Vaii": "vai",
    "Copt": "cop",
    "Goth": "got",
    "Glag": "cu",
    "Tale": "tdd",
    "Talu": "khb",
    "Lana": "nod",
    "Batk": "bbc",
    "Cakm": "ccp",
    "Limb": "lif",
    "Lepc": "lep",
    "Newa": "new",
    "Osge": "osa",
    "Rohg": "rhg",
    "Hmnp": "hnj",
    "Yezi": "ku",
}
COMBINED = {
    "Jpan": frozenset({"Hani", "Hira", "Kana"}),
    "Kore": frozenset({"Hang", "Hani"}),
    "Hans": frozenset({"Hani"}),
    "Hant": frozenset({"Bopo", "Hani"}),
    "Hanb": frozenset({"Bopo", "Hani"}),
}


def scripts_of_language(code: str) -> frozenset[str] | None:
    """ISO 15924 codes of the scripts of a BCP 47 language, as `SCRIPT_RANGES` has them; None for an unknown one.

    A script in the code decides: `sr-Latn`, `zh-Hant`. Han is `Hani`, whichever its form.
    """
    language, _, rest = code.partition("-")
    script = next((part.title() for part in rest.split("-") if len(part) == len("Latn") and part.isalpha()), "")
    if script in COMBINED:
        return COMBINED[script]
    if script in SCRIPT_RANGES:
        return frozenset({script})
    return None if script else _table().get(language.lower())


def known_languages() -> list[str]:
    """The languages whose scripts are known, sorted."""
    return sorted(_table())


@cache
def _table() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for script, languages in LANGUAGES_BY_SCRIPT.items():
        for language in languages.split():
            found.setdefault(language, set()).add(script)
    return {language: frozenset(scripts) for language, scripts in found.items()}

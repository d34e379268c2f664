"""National ids of Belgium, Britain, France, Greece, Ireland, Italy, the Netherlands, Portugal and Spain."""

# ruff: noqa: RUF001 (words of other scripts)

from __future__ import annotations

from dragoman.text.redaction.checksums import is_date, luhn, weighted
from dragoman.text.redaction.rule import rule

__all__ = ["WESTERN_EUROPE"]

DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
PPS_LETTERS = "WABCDEFGHIJKLMNOPQRSTUV"
ODD_PLACES = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
OMOCODIA = r"[0-9LMNP-V]"  # the letters that replace digits when two people would share a code


def _be_national_number(value: str) -> bool:
    """Born from 2000 on, a 2 goes before the nine digits; months of people abroad are 20 or 40 higher."""
    month, day, key = int(value[2:4]) % 20, int(value[4:6]), int(value[9:])
    born = (int(value[:9]), int("2" + value[:9]))
    return month <= 12 and day <= 31 and any(97 - number % 97 == key for number in born)


def _es_dni(value: str) -> bool:
    number = value[:-1].translate({ord("X"): "0", ord("Y"): "1", ord("Z"): "2"})
    return DNI_LETTERS[int(number) % 23] == value[-1]


def _fr_nir(value: str) -> bool:
    """Corsica's departments 2A and 2B count as 19 and 18."""
    number = value[:13].replace("2A", "19").replace("2B", "18")
    return 97 - int(number) % 97 == int(value[13:])


def _gb_nhs(value: str) -> bool:
    return (11 - weighted(value, range(10, 1, -1)) % 11) % 11 == int(value[9])


def _gb_nino(value: str) -> bool:
    return value[:2] not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}


def _gr_afm(value: str) -> bool:
    return value != "0" * 9 and weighted(value, [2**power for power in range(8, 0, -1)]) % 11 % 10 == int(value[8])


def _gr_amka(value: str) -> bool:
    return is_date(value[:2], value[2:4]) and luhn(value)


def _ie_pps(value: str) -> bool:
    second = ord(value[8]) - ord("A") + 1 if value[8:] in {"A", "B", "H"} else 0  # older second letters do not count
    return PPS_LETTERS[(weighted(value[:7], range(8, 1, -1)) + 9 * second) % 23] == value[7]


def _it_codice_fiscale(value: str) -> bool:
    """Letters and digits in odd places have values of their own; A and 0 share theirs, B and 1, and so on."""
    numbers = [int(char, 36) if char.isdigit() else ord(char) - ord("A") for char in value]
    total = sum(ODD_PLACES[number] for number in numbers[:15:2]) + sum(numbers[1:15:2])
    return total % 26 == numbers[15]


def _nl_bsn(value: str) -> bool:
    return value != "0" * 9 and weighted(value, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


def _pt_nif(value: str) -> bool:
    return (11 - weighted(value, range(9, 1, -1)) % 11) % 11 % 10 == int(value[8])


WESTERN_EUROPE = (
    rule(
        "be_national_number",
        r"[0-9]{11}",
        _be_national_number,
        ["~11", "2.2.2-3.2", "2.2.2.3-2", "2.2.2.3.2", "2 2 2 3 2", "6-3-2", "6 3 2", "6-3.2"],
        "rijksregisternummer|rijksregister|registre national|numéro national|insz|niss|nationalregister",
    ),
    rule(
        "es_dni",
        r"[0-9]{8}[A-HJ-NP-TV-Z]",
        _es_dni,
        ["9", "8-1", "2.3.3-1", "2.3.4", "~2 3 4"],
        "dni|nif|documento nacional|documento de identidad|carnet de identidad",
    ),
    rule("es_nie", r"[XYZ][0-9]{7}[A-HJ-NP-TV-Z]", _es_dni, ["9", "1-7-1", "8-1", "1.7.1"], "nie|nif|extranjero"),
    rule(
        "fr_nir",
        r"[1-478][0-9]{2}(?:0[1-9]|1[0-2]|20)(?:[0-9]{2}|2[AB])[0-9]{8}",
        _fr_nir,
        ["15", "13 2", "13-2", "1 2 2 2 3 3 2", "1-2-2-2-3-3-2", "1.2.2.2.3.3.2"],
        "sécurité sociale|sécu|nir|numéro insee|carte vitale",
    ),
    rule("gb_nhs", r"[0-9]{10}", _gb_nhs, ["~10", "~3 3 4", "~3-3-4"], "nhs|national health"),
    rule(
        "gb_nino",
        r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][0-9]{6}[A-D]",
        _gb_nino,
        ["~9", "2-2-2-2-1", "2.2.2.2.1", "~8-1"],
        "nino|national insurance|ni number|ni no",
    ),
    rule("gr_afm", r"[0-9]{9}", _gr_afm, ["~9", "~3 3 3"], "αφμ|α.φ.μ|αριθμός φορολογικού|φορολογικό μητρώο|afm"),
    rule("gr_amka", r"[0-9]{11}", _gr_amka, ["~11", "~6 5", "~6-5"], "αμκα|α.μ.κ.α|αριθμός μητρώου κοινωνικής|amka"),
    rule("ie_pps", r"[0-9]{7}[A-W][ABHWTX]?", _ie_pps, ["8", "9", "7-1", "7-2"], "pps|ppsn|personal public service"),
    rule(
        "it_codice_fiscale",
        rf"[A-Z]{{6}}{OMOCODIA}{{2}}[A-EHLMPR-T]{OMOCODIA}{{2}}[A-Z]{OMOCODIA}{{3}}[A-Z]",
        _it_codice_fiscale,
        ["16", "6-5-5", "6-5-4-1", "3-3-5-5"],
        "codice fiscale|c.f.",
    ),
    rule(
        "nl_bsn",
        r"[0-9]{9}",
        _nl_bsn,
        ["~9", "~3 3 3", "~3.3.3", "~3-3-3", "4.2.3", "4-2-3"],
        "bsn|burgerservicenummer|burger service nummer|sofinummer|sofi-nummer|sofi",
    ),
    rule(
        "pt_nif",
        r"[1-35689][0-9]{8}",
        _pt_nif,
        ["~9", "~3 3 3", "~3.3.3", "~3-3-3"],
        "nif|contribuinte|número fiscal|identificação fiscal|núm. fiscal",
    ),
)

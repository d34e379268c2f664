"""National ids of Denmark, Estonia, Finland, Iceland, Latvia, Lithuania, Norway and Sweden."""

from __future__ import annotations

from dragoman.text.redaction.checksums import is_date, luhn, weighted
from dragoman.text.redaction.rule import rule

__all__ = ["NORTHERN_EUROPE"]

HETU_SIGNS = "0123456789ABCDEFHJKLMNPRSTUVWXY"


def _dk_cpr(value: str) -> bool:
    """The check digit is no rule since 2007: the date alone decides."""
    return is_date(value[:2], value[2:4])


def _ee_lt_personal_code(value: str) -> bool:
    check = weighted(value[:10], (1, 2, 3, 4, 5, 6, 7, 8, 9, 1)) % 11
    if check == 10:
        check = weighted(value[:10], (3, 4, 5, 6, 7, 8, 9, 1, 2, 3)) % 11 % 10
    return is_date(value[5:7], value[3:5]) and check == int(value[10])


def _fi_hetu(value: str) -> bool:
    number = int(value[:6] + value[-4:-1])
    return is_date(value[:2], value[2:4]) and HETU_SIGNS[number % 31] == value[-1]


def _is_kennitala(value: str) -> bool:
    """Companies' days are 40 higher."""
    check = (11 - weighted(value, (3, 2, 7, 6, 5, 4, 3, 2)) % 11) % 11
    return is_date(int(value[:2]) % 40, value[2:4]) and check == int(value[8])


def _lv_personal_code(value: str) -> bool:
    """Numbers that begin with 32 are drawn by lot, and have neither date nor check digit."""
    if value.startswith("32"):
        return True
    check = (1 + weighted(value, (10, 5, 8, 4, 2, 1, 6, 3, 7, 9))) % 11 % 10
    return is_date(value[:2], value[2:4]) and check == int(value[10])


def _no_birth_number(value: str) -> bool:
    """Foreigners' days are 40 higher (D-number)."""
    return (
        is_date(int(value[:2]) % 40, value[2:4])
        and weighted(value, (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)) % 11 == 0
        and weighted(value, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0
    )


def _se_personnummer(value: str) -> bool:
    """Days of people abroad are 60 higher (samordningsnummer)."""
    return is_date(int(value[-6:-4]) % 60, value[-8:-6]) and luhn(value[-10:])


NORTHERN_EUROPE = (
    rule(
        "se_personnummer",
        r"(?:1[6-9]|20)?[0-9]{10}",
        _se_personnummer,
        ["12", "6-4", "6+4", "8-4", "8+4", "~10", "~6 4", "~8 4"],
        "personnummer|personnr|pers.nr|samordningsnummer|födelsenummer",
    ),
    rule("is_kennitala", r"[0-9]{9}[089]", _is_kennitala, ["6-4", "~10", "~6 4"], "kennitala|kennitölu|kt."),
    rule("dk_cpr", r"[0-9]{10}", _dk_cpr, ["6-4", "~10", "~6 4"], "cpr|cpr-nr|cpr-nummer|cprnr|personnummer"),
    rule(
        "ee_lt_personal_code",
        r"[1-8][0-9]{10}",
        _ee_lt_personal_code,
        ["~11"],
        "isikukood|isikukoodi|asmens kodas|asmens kodo|asmens kodą|personal code",
    ),
    rule(
        "fi_hetu",
        r"[0-9]{6}[A-FU-Y]?[0-9]{3}[0-9A-FHJ-NPR-Y]",
        _fi_hetu,
        ["11", "6-4", "6+4"],
        "henkilötunnus|hetu|sosiaaliturvatunnus|personbeteckning",
    ),
    rule(
        "lv_personal_code",
        r"[0-9]{11}",
        _lv_personal_code,
        ["6-5", "~11", "~6 5"],
        "personas kods|personas kodu|pers. kods",
    ),
    rule(
        "no_birth_number",
        r"[0-9]{11}",
        _no_birth_number,
        ["11", "6 5", "6-5"],
        "fødselsnummer|fødselsnr|personnummer|d-nummer|fnr",
    ),
)

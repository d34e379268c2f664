"""National ids of Austria, Croatia, Czechia, Germany, Luxembourg, Poland, Romania, Slovakia and Switzerland."""

# ruff: noqa: RUF001 (words of other scripts)

from __future__ import annotations

from collections import Counter

from dragoman.text.redaction.checksums import is_date, luhn, mod_11_10, verhoeff, weighted
from dragoman.text.redaction.rule import rule

__all__ = ["CENTRAL_EUROPE"]

LAST_SHORT_YEAR = 53  # Czechoslovak numbers have their tenth digit, which makes them divisible by 11, since 1954


def _at_svnr(value: str) -> bool:
    """Months 13 to 15 stand for a date whose serials have run out."""
    month = int(value[6:8])
    check = weighted(value, (3, 7, 9, 0, 5, 8, 4, 2, 1, 6)) % 11
    return is_date(value[4:6], 1 if 12 < month < 16 else month) and check == int(value[3])


def _ch_ahv(value: str) -> bool:
    """EAN-13."""
    return weighted(value, (1, 3) * 6 + (1,)) % 10 == 0


def _cz_sk_birth_number(value: str) -> bool:
    """Women's months are 50 higher; since 2004 both may be 20 higher."""
    if not is_date(value[4:6], int(value[2:4]) % 50 % 20):
        return False
    if len(value) == 9:
        return int(value[:2]) <= LAST_SHORT_YEAR and value[6:] != "000"
    return int(value) % 11 == 0 or (int(value[:9]) % 11 == 10 and value[9] == "0")


def _de_pension_number(value: str) -> bool:
    """Area, date of birth, letter, serial: cross sums of products, the letter counting as its two-digit place."""
    digits = f"{value[:8]}{ord(value[8]) - ord('A') + 1:02d}{value[9:11]}"
    products = [int(digit) * weight for digit, weight in zip(digits, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), strict=True)]
    return is_date(int(value[2:4]) % 50, value[4:6]) and sum(sum(divmod(one, 10)) for one in products) % 10 == int(
        value[11]
    )


def _de_tax_id(value: str) -> bool:
    """Among the first ten digits one comes two or three times, and no other one more than once."""
    repeated = [count for count in Counter(value[:10]).values() if count > 1]
    return len(repeated) == 1 and repeated[0] <= 3 and mod_11_10(value)


def _jmbg(value: str) -> bool:
    """The number of former Yugoslavia; the years are those of 1900 to 2099."""
    check = (11 - weighted(value, (7, 6, 5, 4, 3, 2) * 2) % 11) % 11
    return is_date(value[:2], value[2:4]) and check == int(value[12])


def _lu_matricule(value: str) -> bool:
    return is_date(value[6:8], value[4:6]) and luhn(value[:12]) and verhoeff(value[:11] + value[12])


def _pl_nip(value: str) -> bool:
    return value[:3] != "000" and weighted(value, (6, 5, 7, 2, 3, 4, 5, 6, 7)) % 11 == int(value[9])


def _pl_pesel(value: str) -> bool:
    """Months are 20 higher for each century after 1900, and 80 higher before."""
    check = -weighted(value, (1, 3, 7, 9) * 2 + (1, 3)) % 10
    return is_date(value[4:6], int(value[2:4]) % 20) and check == int(value[10])


def _ro_cnp(value: str) -> bool:
    check = weighted(value, (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)) % 11
    return is_date(value[5:7], value[3:5]) and (1 if check == 10 else check) == int(value[12])


CENTRAL_EUROPE = (
    rule(
        "at_svnr",
        r"[1-9][0-9]{9}",
        _at_svnr,
        ["~10", "4 6", "4-6", "4/6"],
        "svnr|sv-nr|sv-nummer|sv nummer|sozialversicherung|versicherungsnummer",
    ),
    rule("ch_ahv", r"756[0-9]{10}", _ch_ahv, ["13", "3.4.4.2", "3 4 4 2", "3-4-4-2"], "ahv|avs|ahv-nummer|numéro avs"),
    rule(
        "cz_sk_birth_number",
        r"[0-9]{9,10}",
        _cz_sk_birth_number,
        ["6/4", "6/3", "~10", "~9", "~6 4"],
        "rodné číslo|rodného čísla|rodným číslem|r.č|rč|rodne cislo",
    ),
    rule(
        "de_pension_number",
        r"[0-9]{8}[A-Z][0-9]{3}",
        _de_pension_number,
        ["12"],
        "rentenversicherung|sozialversicherung|versicherungsnummer|rv-nummer|svnr|rvnr",
    ),
    rule(
        "de_tax_id",
        r"[1-9][0-9]{10}",
        _de_tax_id,
        ["~11", "~2 3 3 3", "~2/3/3/3", "~2.3.3.3"],
        "steuer-id|steuerid|steueridentifikation|steuernummer|identifikationsnummer|idnr|id-nr|steuer-identifikation|tin",
    ),
    rule("hr_oib", r"[0-9]{11}", mod_11_10, ["~11"], "oib|osobni identifikacijski"),
    rule(
        "jmbg",
        r"[0-9]{4}[09][0-9]{8}",
        _jmbg,
        ["13", "7 2 3 1", "7-2-3-1"],
        "jmbg|јмбг|емшо|emšo|емшо|matični broj|матични број|матичен број",
    ),
    rule(
        "lu_matricule",
        r"(?:18|19|20)[0-9]{11}",
        _lu_matricule,
        ["13", "4 4 5", "4 2 2 5"],
        "matricule|numéro d'identification",
    ),
    rule("pl_nip", r"[1-9][0-9]{9}", _pl_nip, ["~10", "3-3-2-2", "3-2-2-3"], "nip"),
    rule("pl_pesel", r"[0-9]{11}", _pl_pesel, ["~11"], "pesel|peselu|numer ewidencyjny"),
    rule(
        "ro_cnp",
        r"[1-9][0-9]{6}(?:0[1-9]|[1-3][0-9]|4[0-8]|5[12]|70)[0-9]{4}",
        _ro_cnp,
        ["~13", "~1 6 6", "~1 6 2 3 1"],
        "cnp|cod numeric personal|codul numeric",
    ),
)

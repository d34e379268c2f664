"""National ids of Europe, made from their published rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bench.redaction_texts.arithmetic import date, dot, luhn_digit, mod_11_10_digit, until
from bench.redaction_texts.chance import Chance

__all__ = ["EUROPE"]

MODULO_23 = "TRWAGMYFPDXBNJZSQVHLCKE"


def at_svnr(chance: Chance) -> str:
    def attempt() -> str | None:
        serial, born = chance.fill("NXX"), date(chance, "dmy")
        check = dot(serial + born, (3, 7, 9, 5, 8, 4, 2, 1, 6)) % 11
        return f"{serial}{check}{born}" if check < 10 else None

    return until(attempt)


def be_national_number(chance: Chance) -> str:
    body = date(chance, "ymd") + f"{chance.randint(1, 997):03d}"
    return f"{body}{97 - int(body) % 97:02d}"


def bg_egn(chance: Chance) -> str:
    body = date(chance, "ymd") + chance.digits(3)
    return body + str(dot(body, (2, 4, 8, 5, 10, 9, 7, 3, 6)) % 11 % 10)


def ch_ahv(chance: Chance) -> str:
    body = "756" + chance.digits(9)
    return body + str(-dot(body, (1, 3) * 6) % 10)


def cz_sk_birth_number(chance: Chance) -> str:
    def attempt() -> str | None:
        year, month = chance.randint(54, 99), chance.randint(1, 12) + chance.choice((0, 50))
        body = f"{year}{month:02d}{chance.randint(1, 28):02d}{chance.digits(3)}"
        check = int(body) % 11
        return f"{body}{check}" if check < 10 else None

    return until(attempt)


def de_pension_number(chance: Chance) -> str:
    area, letter = f"{chance.randint(2, 89):02d}", chance.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    born, serial = date(chance, "dmy"), chance.digits(2)
    digits = f"{area}{born}{ord(letter) - 64:02d}{serial}"
    products = (int(digit) * weight for digit, weight in zip(digits, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), strict=True))
    return f"{area}{born}{letter}{serial}{sum(sum(map(int, str(one))) for one in products) % 10}"


def de_tax_id(chance: Chance) -> str:
    """Ten digits of which exactly one comes twice and none first is 0, and a check digit."""
    digits = chance.sample("0123456789", 9)
    digits.insert(chance.randrange(9), chance.choice(digits))
    body = "".join(digits)
    return body + mod_11_10_digit(body) if body[0] != "0" else de_tax_id(chance)


def dk_cpr(chance: Chance) -> str:
    return date(chance, "dmy") + chance.choice("0123") + chance.digits(3)


def ee_lt_personal_code(chance: Chance) -> str:
    body = chance.choice("34") + date(chance, "ymd") + chance.digits(3)
    check = dot(body, (1, 2, 3, 4, 5, 6, 7, 8, 9, 1)) % 11
    return body + str(check if check < 10 else dot(body, (3, 4, 5, 6, 7, 8, 9, 1, 2, 3)) % 11 % 10)


def es_dni(chance: Chance) -> str:
    number = chance.digits(8)
    return number + MODULO_23[int(number) % 23]


def es_nie(chance: Chance) -> str:
    first, number = chance.randrange(3), chance.digits(7)
    return f"{'XYZ'[first]}{number}{MODULO_23[int(f'{first}{number}') % 23]}"


def fi_hetu(chance: Chance) -> str:
    born, serial = date(chance, "dmy"), f"{chance.randint(2, 899):03d}"
    return f"{born}-{serial}{'0123456789ABCDEFHJKLMNPRSTUVWXY'[int(born + serial) % 31]}"


def fr_nir(chance: Chance) -> str:
    department = f"{chance.choice([place for place in range(1, 96) if place != 20]):02d}"
    body = f"{chance.choice('12')}{date(chance, 'ym')}{department}{chance.fill('NXXNXX')}"
    return f"{body}{97 - int(body) % 97:02d}"


def gb_nhs(chance: Chance) -> str:
    def attempt() -> str | None:
        body = chance.choice("4679") + chance.digits(8)
        check = -dot(body, range(10, 1, -1)) % 11
        return f"{body}{check}" if check < 10 else None

    return until(attempt)


def gb_nino(chance: Chance) -> str:
    return f"{chance.choice(('AB', 'CE', 'JN', 'PX', 'WK', 'TL', 'SR'))}{chance.digits(6)}{chance.choice('ABCD')}"


def gr_afm(chance: Chance) -> str:
    body = chance.choice("01") + chance.fill("NXXXXXX")
    return body + str(sum(int(digit) << (8 - place) for place, digit in enumerate(body)) % 11 % 10)


def gr_amka(chance: Chance) -> str:
    body = date(chance, "dmy") + chance.digits(4)
    return body + luhn_digit(body)


def hr_oib(chance: Chance) -> str:
    body = chance.digits(10)
    return body + mod_11_10_digit(body)


def ie_pps(chance: Chance) -> str:
    body, second = chance.digits(7), chance.choice(("", "A"))
    total = dot(body, range(8, 1, -1)) + (9 if second else 0)
    return f"{body}{'WABCDEFGHIJKLMNOPQRSTUV'[total % 23]}{second}"


def is_kennitala(chance: Chance) -> str:
    def attempt() -> str | None:
        body = date(chance, "dmy") + f"{chance.randint(20, 99)}"
        check = -dot(body, (3, 2, 7, 6, 5, 4, 3, 2)) % 11
        return f"{body}{check}9" if check < 10 else None

    return until(attempt)


def it_codice_fiscale(chance: Chance) -> str:
    born = f"{chance.randint(40, 99)}{chance.choice('ABCDEHLMPRST')}{chance.randint(1, 28):02d}"
    body = chance.letters(6, "BCDFGLMNPRSTVZ") + born + chance.choice("ABCDEFGHL") + chance.fill("NXX")
    odd = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
    numbers = [int(sign) if sign.isdigit() else ord(sign) - 65 for sign in body]
    return body + chr(65 + (sum(odd[one] for one in numbers[::2]) + sum(numbers[1::2])) % 26)


def jmbg(chance: Chance) -> str:
    def attempt() -> str | None:
        day, month, year = chance.randint(1, 28), chance.randint(1, 12), chance.randint(940, 999)
        body = f"{day:02d}{month:02d}{year}{chance.randint(10, 89)}{chance.digits(3)}"
        check = 11 - dot(body, (7, 6, 5, 4, 3, 2) * 2) % 11
        return f"{body}{check % 11}" if check != 10 else None

    return until(attempt)


def lu_matricule(chance: Chance) -> str:
    body = date(chance, "Ymd") + chance.digits(3)
    return body + luhn_digit(body) + verhoeff_digit(body)


def lv_personal_code(chance: Chance) -> str:
    def attempt() -> str | None:
        body = date(chance, "dmy") + "1" + chance.digits(3)
        check = (1101 - dot(body, (1, 6, 3, 7, 9, 10, 5, 8, 4, 2))) % 11
        return f"{body}{check}" if check < 10 else None

    return until(attempt)


def nl_bsn(chance: Chance) -> str:
    def attempt() -> str | None:
        body = chance.fill("NXXXXXXX")
        check = dot(body, range(9, 1, -1)) % 11
        return f"{body}{check}" if check < 10 else None

    return until(attempt)


def no_birth_number(chance: Chance) -> str:
    def attempt() -> str | None:
        body = date(chance, "dmy") + f"{chance.randint(0, 499):03d}"
        first = -dot(body, (3, 7, 6, 1, 8, 9, 4, 5, 2)) % 11
        second = -dot([*map(int, body), first], (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
        return f"{body}{first}{second}" if max(first, second) < 10 else None

    return until(attempt)


def pl_nip(chance: Chance) -> str:
    def attempt() -> str | None:
        body = chance.fill("NNNXXXXXX")
        check = dot(body, (6, 5, 7, 2, 3, 4, 5, 6, 7)) % 11
        return f"{body}{check}" if check < 10 else None

    return until(attempt)


def pl_pesel(chance: Chance) -> str:
    body = date(chance, "ymd") + chance.digits(4)
    return body + str(-dot(body, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)) % 10)


def pt_nif(chance: Chance) -> str:
    body = chance.choice("123") + chance.digits(7)
    rest = dot(body, range(9, 1, -1)) % 11
    return body + str(0 if rest < 2 else 11 - rest)


def ro_cnp(chance: Chance) -> str:
    body = chance.choice("12") + date(chance, "ymd") + f"{chance.randint(1, 46):02d}{chance.randint(1, 999):03d}"
    rest = dot(body, (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)) % 11
    return body + str(1 if rest == 10 else rest)


def se_personnummer(chance: Chance) -> str:
    body = date(chance, "ymd") + chance.digits(3)
    return body + luhn_digit(body)


def verhoeff_digit(body: str) -> str:
    """The dihedral group of the pentagon: a turn by `n`, or `5 + n` for one that is reflected."""
    shuffles = [list(range(10))]
    for _ in range(7):
        shuffles.append([shuffles[-1][place] for place in (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)])
    state = 0
    for place, digit in enumerate(reversed(body), 1):
        state = _turn(state, shuffles[place % 8][int(digit)])
    return next(str(last) for last in range(10) if _turn(state, last) == 0)


def _turn(one: int, other: int) -> int:
    sign = -1 if one > 4 else 1
    return (one + sign * other) % 5 + (5 if (one > 4) != (other > 4) else 0)


EUROPE: Mapping[str, Callable[[Chance], str]] = {
    make.__name__: make
    for make in (
        *(at_svnr, be_national_number, bg_egn, ch_ahv, cz_sk_birth_number, de_pension_number, de_tax_id, dk_cpr),
        *(ee_lt_personal_code, es_dni, es_nie, fi_hetu, fr_nir, gb_nhs, gb_nino, gr_afm, gr_amka, hr_oib, ie_pps),
        *(is_kennitala, it_codice_fiscale, jmbg, lu_matricule, lv_personal_code, nl_bsn, no_birth_number, pl_nip),
        *(pl_pesel, pt_nif, ro_cnp, se_personnummer),
    )
}

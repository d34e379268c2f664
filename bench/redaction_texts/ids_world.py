"""National ids of the rest of the world, made from their published rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bench.redaction_texts.arithmetic import date, dot, luhn_digit, until
from bench.redaction_texts.chance import Chance
from bench.redaction_texts.ids_europe import verhoeff_digit

__all__ = ["WORLD"]


def ae_emirates_id(chance: Chance) -> str:
    return f"784{date(chance, 'Y')}{chance.fill('XXXXXXNX')}"


def ar_cuit(chance: Chance) -> str:
    def attempt() -> str | None:
        body = chance.choice(("20", "23", "24", "27")) + chance.digits(8)
        check = -dot(body, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
        return f"{body}{check}" if check < 10 else None

    return until(attempt)


def br_cnpj(chance: Chance) -> str:
    body = chance.digits(8) + "0001"
    for weights in ((5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2), (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)):
        rest = dot(body, weights) % 11
        body += str(0 if rest < 2 else 11 - rest)
    return body


def br_cpf(chance: Chance) -> str:
    body = chance.digits(9)
    for most in (10, 11):
        rest = dot(body, range(most, 1, -1)) % 11
        body += str(0 if rest < 2 else 11 - rest)
    return body


def ca_sin(chance: Chance) -> str:
    body = chance.choice("124567") + chance.digits(7)
    return body + luhn_digit(body)


def cl_rut(chance: Chance) -> str:
    body = str(chance.randint(10_000_000, 25_999_999))
    check = -dot(body, (3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return body + "0123456789K"[check]


def cn_resident_id(chance: Chance) -> str:
    body = chance.choice(("110101", "310115", "440305", "510104", "330106")) + date(chance, "Ymd") + chance.digits(3)
    rest = dot(body, (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)) % 11
    return body + "10X98765432"[rest]


def ec_cedula(chance: Chance) -> str:
    body = f"{chance.randint(1, 24):02d}{chance.randint(0, 5)}{chance.digits(6)}"
    return body + luhn_digit(body)


def eg_national_id(chance: Chance) -> str:
    return f"2{date(chance, 'ymd')}{chance.choice(('01', '02', '12', '21', '27'))}{chance.digits(5)}"


def hk_id(chance: Chance) -> str:
    letter, body = chance.choice("ABCDEGHKPRVYZ"), chance.digits(6)
    total = 36 * 9 + (ord(letter) - 55) * 8 + dot(body, range(7, 1, -1))
    return letter + body + "0123456789A"[-total % 11]


def id_nik(chance: Chance) -> str:
    region = chance.choice(("317101", "327301", "337402", "357805", "510301"))
    return f"{region}{date(chance, 'dmy')}{chance.randint(1, 99):04d}"


def il_id(chance: Chance) -> str:
    body = chance.choice("0123") + chance.digits(7)
    return body + luhn_digit(body)


def in_aadhaar(chance: Chance) -> str:
    body = chance.fill("NXXXXXXXXXX")
    return body + verhoeff_digit(body)


def in_pan(chance: Chance) -> str:
    return f"{chance.letters(3)}P{chance.letters(1)}{chance.fill('NXXX')}{chance.letters(1)}"


def ir_national_code(chance: Chance) -> str:
    body = chance.choice(("001", "007", "049", "127", "228")) + chance.digits(6)
    rest = dot(body, range(10, 1, -1)) % 11
    return body + str(rest if rest < 2 else 11 - rest)


def jp_my_number(chance: Chance) -> str:
    body = chance.digits(11)
    rest = dot(body, (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11
    return body + str(0 if rest < 2 else 11 - rest)


def kr_rrn(chance: Chance) -> str:
    body = date(chance, "ymd") + chance.choice("12") + f"{chance.randint(0, 96):02d}" + chance.digits(3)
    return body + str((11 - dot(body, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)) % 11) % 10)


def kz_iin(chance: Chance) -> str:
    def attempt() -> str | None:
        body = date(chance, "ymd") + chance.choice("34") + chance.digits(4)
        check = dot(body, range(1, 12)) % 11
        check = dot(body, (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)) % 11 if check == 10 else check
        return f"{body}{check}" if check < 10 else None

    return until(attempt)


def mx_curp(chance: Chance) -> str:
    name, rest = chance.letters(1, "BCDGHLMR") + chance.letters(1, "AEIO") + chance.letters(2, "BCDGHLMR"), "BCDFGLMNR"
    state = chance.choice(("DF", "JC", "NL", "MC", "PL"))
    body = f"{name}{date(chance, 'ymd')}{chance.choice('HM')}{state}{chance.letters(3, rest)}0"
    total = sum((int(sign, 36) + (sign > "N")) * weight for sign, weight in zip(body, range(18, 1, -1), strict=True))
    return body + str(-total % 10)  # an Ñ comes after N, so that later letters count one more


def my_nric(chance: Chance) -> str:
    return f"{date(chance, 'ymd')}{chance.choice(('01', '08', '10', '14'))}{chance.digits(4)}"


def pk_cnic(chance: Chance) -> str:
    return chance.choice(("35202", "42101", "61101", "17301")) + chance.fill("NXXXXXXN")


def ru_inn(chance: Chance) -> str:
    body = chance.choice(("77", "78", "50", "54")) + chance.digits(8)
    body += str(dot(body, (7, 2, 4, 10, 3, 5, 9, 4, 6, 8)) % 11 % 10)
    return body + str(dot(body, (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)) % 11 % 10)


def ru_snils(chance: Chance) -> str:
    body = chance.fill("NXXXXXXXX")
    rest = dot(body, range(9, 0, -1)) % 101
    return f"{body}{0 if rest == 100 else rest:02d}"


def sa_id(chance: Chance) -> str:
    body = chance.choice("12") + chance.digits(8)
    return body + luhn_digit(body)


def sg_nric(chance: Chance) -> str:
    kind, body = chance.choice("STFG"), chance.digits(7)
    total = dot(body, (2, 7, 6, 5, 4, 3, 2)) + (4 if kind in "TG" else 0)
    return kind + body + ("JZIHGFEDCBA" if kind in "ST" else "XWUTRQPNMLK")[total % 11]


def th_national_id(chance: Chance) -> str:
    body = chance.choice("135") + chance.digits(11)
    return body + str((11 - dot(body, range(13, 1, -1)) % 11) % 10)


def tr_kimlik(chance: Chance) -> str:
    body = chance.fill("NXXXXXXXX")
    tenth = (sum(map(int, body[::2])) * 7 - sum(map(int, body[1::2]))) % 10
    return f"{body}{tenth}{(sum(map(int, body)) + tenth) % 10}"


def tw_national_id(chance: Chance) -> str:
    letters = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
    letter, body = chance.randrange(26), chance.choice("12") + chance.digits(7)
    number = letter + 10
    total = number // 10 + number % 10 * 9 + dot(body, range(8, 0, -1))
    return f"{letters[letter]}{body}{-total % 10}"


def ua_rnokpp(chance: Chance) -> str:
    body = chance.choice("23") + chance.digits(8)
    return body + str(dot(body, (-1, 5, 7, 9, 4, 6, 10, 5, 7)) % 11 % 10)


def us_ssn(chance: Chance) -> str:
    return f"{chance.choice((219, 321, 456, 512, 78)):03d}{chance.fill('N1')}{chance.fill('XNXX')}"


def vn_cccd(chance: Chance) -> str:
    return (
        chance.choice(("001", "079", "048", "031")) + chance.choice("0123") + date(chance, "y") + chance.fill("XXXXXN")
    )


def za_id(chance: Chance) -> str:
    body = date(chance, "ymd") + chance.digits(4) + "08"
    return body + luhn_digit(body)


WORLD: Mapping[str, Callable[[Chance], str]] = {
    make.__name__: make
    for make in (
        *(ae_emirates_id, ar_cuit, br_cnpj, br_cpf, ca_sin, cl_rut, cn_resident_id, ec_cedula, eg_national_id, hk_id),
        *(id_nik, il_id, in_aadhaar, in_pan, ir_national_code, jp_my_number, kr_rrn, kz_iin, mx_curp, my_nric, pk_cnic),
        *(ru_inn, ru_snils, sa_id, sg_nric, th_national_id, tr_kimlik, tw_national_id, ua_rnokpp, us_ssn, vn_cccd),
        za_id,
    )
}

"""National ids of Bulgaria, Kazakhstan, Russia, Turkey and Ukraine."""

from __future__ import annotations

from dragoman.text.redaction.checksums import is_date, weighted
from dragoman.text.redaction.rule import rule

__all__ = ["EASTERN_EUROPE"]


def _bg_egn(value: str) -> bool:
    """Months are 20 higher before 1900 and 40 higher from 2000 on."""
    check = weighted(value, (2, 4, 8, 5, 10, 9, 7, 3, 6)) % 11 % 10
    return is_date(value[4:6], int(value[2:4]) % 20) and int(value[2:4]) < 60 and check == int(value[9])


def _kz_iin(value: str) -> bool:
    """A second row of weights when the first one gives 10."""
    check = weighted(value[:11], range(1, 12)) % 11
    if check == 10:
        check = weighted(value[:11], (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)) % 11
    return is_date(value[4:6], value[2:4]) and check == int(value[11])


def _ru_inn(value: str) -> bool:
    """The number of a person; those of companies have ten digits."""
    first = weighted(value, (7, 2, 4, 10, 3, 5, 9, 4, 6, 8)) % 11 % 10
    second = weighted(value, (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)) % 11 % 10
    return (first, second) == (int(value[10]), int(value[11]))


def _ru_snils(value: str) -> bool:
    return value[:9] != "0" * 9 and weighted(value, range(9, 0, -1)) % 101 % 100 == int(value[9:])


def _tr_kimlik(value: str) -> bool:
    odd, even = sum(map(int, value[:9:2])), sum(map(int, value[1:8:2]))
    return (7 * odd - even) % 10 == int(value[9]) and sum(map(int, value[:10])) % 10 == int(value[10])


def _ua_rnokpp(value: str) -> bool:
    return weighted(value, (-1, 5, 7, 9, 4, 6, 10, 5, 7)) % 11 % 10 == int(value[9])


EASTERN_EUROPE = (
    rule("bg_egn", r"[0-9]{10}", _bg_egn, ["~10"], "егн|единен граждански|egn"),
    rule("kz_iin", r"[0-9]{6}[0-6][0-9]{5}", _kz_iin, ["~12"], "иин|жсн|iin|индивидуальный идентификационный"),
    rule("ru_inn", r"[0-9]{12}", _ru_inn, ["~12"], "инн|идентификационный номер налогоплательщика|inn"),
    rule("ru_snils", r"[0-9]{11}", _ru_snils, ["3-3-3 2", "3-3-3-2", "~3 3 3 2", "~11"], "снилс|страховой номер|snils"),
    rule(
        "tr_kimlik",
        r"[1-9][0-9]{10}",
        _tr_kimlik,
        ["~11", "~3 3 3 2"],
        "tc kimlik|t.c. kimlik|kimlik no|kimlik numara|tckn|t.c. no|tc no",
    ),
    rule("ua_rnokpp", r"[0-9]{10}", _ua_rnokpp, ["~10"], "рнокпп|ідентифікаційний код|ідентифікаційний номер|іпн|інн"),
)

"""National ids of China, Hong Kong, Japan, Korea and Taiwan."""

from __future__ import annotations

from dragoman.text.redaction.checksums import is_date, weighted
from dragoman.text.redaction.rule import rule

__all__ = ["EAST_ASIA"]

TAIWAN_PLACES = "ABCDEFGHJKLMNPQRSTUVXYWZIO"  # A counts 10, B 11, …, O 35


def _cn_resident_id(value: str) -> bool:
    """GB 11643: region, date of birth, serial, ISO 7064 MOD 11-2."""
    check = (12 - weighted(value, [2 ** (17 - place) for place in range(17)])) % 11
    return is_date(value[12:14], value[10:12]) and "0123456789X"[check] == value[17]


def _hk_id(value: str) -> bool:
    """One or two letters, six digits, a check digit; a missing second letter counts as a space, 36."""
    signs = value[:-1].rjust(8)
    numbers = [36 if sign == " " else int(sign, 36) for sign in signs]
    check = -sum(number * weight for number, weight in zip(numbers, range(9, 1, -1), strict=True)) % 11
    return "0123456789A"[check] == value[-1]


def _jp_my_number(value: str) -> bool:
    rest = weighted(value[-2::-1], (2, 3, 4, 5, 6, 7, 2, 3, 4, 5, 6)) % 11
    return (0 if rest < 2 else 11 - rest) == int(value[-1])


def _kr_rrn(value: str) -> bool:
    """Numbers given since October 2020 are drawn by lot after the sex, so that only the date can be checked."""
    return is_date(value[4:6], value[2:4])


def _kr_rrn_bare(value: str) -> bool:
    check = (11 - weighted(value, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)) % 11) % 10
    return _kr_rrn(value) and check == int(value[12])


def _tw_id(value: str) -> bool:
    """The letter counts as two digits; foreigners' second letter, until 2020, by its last digit."""
    first = TAIWAN_PLACES.index(value[0]) + 10
    second = str(TAIWAN_PLACES.index(value[1]) % 10) if value[1].isalpha() else value[1]
    total = first // 10 + first % 10 * 9 + weighted(second + value[2:], (8, 7, 6, 5, 4, 3, 2, 1, 1))
    return total % 10 == 0


EAST_ASIA = (
    rule(
        "cn_resident_id",
        r"[1-9][0-9]{5}(?:18|19|20)[0-9]{9}[0-9X]",
        _cn_resident_id,
        ["18", "6 8 4", "6-8-4"],
        "身份证|身份證|身份证号|公民身份号码|身分證",
    ),
    rule("hk_id", r"[A-Z]{1,2}[0-9]{6}[0-9A]", _hk_id, ["7(1)", "8(1)", "~8", "~9"], "hkid|香港身份證|身份證|身份证"),
    rule(
        "jp_my_number",
        r"[0-9]{12}",
        _jp_my_number,
        ["~12", "~4 4 4", "~4-4-4"],
        "マイナンバー|個人番号|my number|mynumber|共通番号",
    ),
    rule("kr_rrn", r"[0-9]{6}[0-9][0-9]{6}", _kr_rrn, ["6-7"], "주민등록번호|주민번호|주민등록|외국인등록번호"),
    rule("kr_rrn", r"[0-9]{13}", _kr_rrn_bare, ["~13", "~6 7"], "주민등록번호|주민번호|주민등록|외국인등록번호"),
    rule("tw_national_id", r"[A-Z][1289A-D][0-9]{8}", _tw_id, ["10"], "身分證|身份證|統一編號|身分證字號|居留證"),
)

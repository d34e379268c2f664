"""National ids of Egypt, Iran, Israel, Saudi Arabia and the United Arab Emirates."""

from __future__ import annotations

from dragoman.text.redaction.checksums import is_date, luhn, weighted
from dragoman.text.redaction.rule import rule

__all__ = ["MIDDLE_EAST"]


def _ae_emirates_id(value: str) -> bool:
    """The country's number and the year of birth; the check digit's rule is not published."""
    return value[7:] != "0" * 8


def _eg_national_id(value: str) -> bool:
    """Century, date of birth, governorate; the check digit's rule is not published."""
    return is_date(value[5:7], value[3:5])


def _ir_national_code(value: str) -> bool:
    rest = weighted(value, range(10, 1, -1)) % 11
    return len(set(value)) > 1 and (rest if rest < 2 else 11 - rest) == int(value[9])


MIDDLE_EAST = (
    rule(
        "ae_emirates_id",
        r"784(?:19|20)[0-9]{10}",
        _ae_emirates_id,
        ["15", "3-4-7-1", "3 4 7 1"],
        "emirates id|الهوية الإماراتية|هوية",
    ),
    rule(
        "eg_national_id",
        r"[23][0-9]{6}(?:0[1-4]|1[1-9]|2[1-9]|3[1-5]|88)[0-9]{5}",
        _eg_national_id,
        ["~14"],
        "الرقم القومي|رقم قومي|رقم البطاقة|بطاقة",
    ),
    rule("il_id", r"[0-9]{9}", luhn, ["~9", "~8-1"], 'תעודת זהות|ת.ז|ת״ז|ת"ז|מספר זהות|teudat zehut'),
    rule("ir_national_code", r"[0-9]{10}", _ir_national_code, ["~10", "3-6-1"], "کد ملی|کدملی|شماره ملی|کد ملّی"),
    rule("sa_id", r"[12][0-9]{9}", luhn, ["~10"], "رقم الهوية|الهوية الوطنية|هوية|إقامة|الإقامة|iqama"),
)

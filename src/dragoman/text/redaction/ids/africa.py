"""National ids of South Africa."""

from __future__ import annotations

from dragoman.text.redaction.checksums import is_date, luhn
from dragoman.text.redaction.rule import rule

__all__ = ["AFRICA"]


def _za_id(value: str) -> bool:
    """Date of birth, serial, citizen or not, 8 or 9, check digit."""
    return is_date(value[4:6], value[2:4]) and luhn(value)


AFRICA = (
    rule(
        "za_id",
        r"[0-9]{10}[0-2][89][0-9]",
        _za_id,
        ["13", "6 4 3", "6 4 2 1", "6-4-3"],
        "id number|identity number|id-nommer|identiteitsnommer|inombolo kamazisi|isazisi",
    ),
)

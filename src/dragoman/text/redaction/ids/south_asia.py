"""National ids of India, Indonesia, Malaysia, Pakistan, Singapore, Thailand and Vietnam."""

from __future__ import annotations

from dragoman.text.redaction.checksums import is_date, verhoeff, weighted
from dragoman.text.redaction.rule import rule

__all__ = ["SOUTH_ASIA"]

NO_PLACES_OF_BIRTH = {"00", "17", "18", "19", "20", "69", "70", "73", "80", "81", "94", "95", "96", "97"}
NRIC_LETTERS = {"S": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "M": "KLJNPQRTUWX"}
NRIC_ALIASES = {"T": ("S", 4), "G": ("F", 4), "S": ("S", 0), "F": ("F", 0), "M": ("M", 3)}


def _id_nik(value: str) -> bool:
    """Region, date of birth with women's days 40 higher, serial."""
    return is_date(int(value[6:8]) % 40, value[8:10]) and value[12:] != "0000"


def _in_pan(value: str) -> bool:
    """The fourth letter says whose it is, P a person's; the last one's rule is not published."""
    return value[5:9] != "0000"


def _my_nric(value: str) -> bool:
    return is_date(value[4:6], value[2:4]) and value[6:8] not in NO_PLACES_OF_BIRTH


def _pk_cnic(value: str) -> bool:
    return value[5:12] != "0000000"


def _sg_nric(value: str) -> bool:
    letters, offset = NRIC_ALIASES[value[0]]
    place = (weighted(value[1:8], (2, 7, 6, 5, 4, 3, 2)) + offset) % 11
    return NRIC_LETTERS[letters][10 - place if letters == "M" else place] == value[8]


def _th_national_id(value: str) -> bool:
    return (11 - weighted(value, range(13, 1, -1)) % 11) % 10 == int(value[12])


def _vn_cccd(value: str) -> bool:
    """Province, century and sex, year of birth, serial."""
    return int(value[:3]) <= 96 and value[6:] != "000000"


SOUTH_ASIA = (
    rule(
        "id_nik",
        r"(?:1[1-9]|2[1]|3[1-6]|5[1-3]|6[1-5]|7[1-6]|8[12]|9[1-7])[0-9]{14}",
        _id_nik,
        ["~16", "~4 4 4 4", "~6 6 4", "~6.6.4"],
        "nik|ktp|e-ktp|nomor induk kependudukan|no induk",
    ),
    rule(
        "in_aadhaar",
        r"[2-9][0-9]{11}",
        verhoeff,
        ["~12", "4 4 4", "4-4-4"],
        "aadhaar|aadhar|adhar|uidai|आधार|আধার|ஆதார்|ఆధార్|ಆಧಾರ್|ആധാർ|આધાર|ਆਧਾਰ|آدھار",
    ),
    rule("in_pan", r"[A-Z]{3}P[A-Z][0-9]{4}[A-Z]", _in_pan, ["10", "5-4-1"], "pan|पैन|permanent account"),
    rule("my_nric", r"[0-9]{12}", _my_nric, ["6-2-4", "~12", "~6 2 4"], "mykad|nric|kad pengenalan|no. ic|ic no|no ic"),
    rule("pk_cnic", r"[1-7][0-9]{11}[1-9]", _pk_cnic, ["5-7-1", "~13"], "cnic|nic|شناختی کارڈ|شناختی"),
    rule("sg_nric", r"[FGMST][0-9]{7}[A-Z]", _sg_nric, ["9", "1-7-1", "8-1"], "nric|fin|ic no"),
    rule(
        "th_national_id",
        r"[1-8][0-9]{12}",
        _th_national_id,
        ["~13", "1-4-5-2-1", "1 4 5 2 1"],
        "เลขบัตรประชาชน|บัตรประชาชน|เลขประจำตัวประชาชน|เลขประจำตัว|บัตรประจำตัว|ปชช",
    ),
    rule(
        "vn_cccd",
        r"0[0-9]{2}[0-3][0-9]{8}",
        _vn_cccd,
        ["~12", "~3 3 3 3", "~4 4 4"],
        "cccd|căn cước|cmnd|chứng minh nhân dân|số định danh",
    ),
)

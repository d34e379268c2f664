"""National ids of Argentina, Brazil, Canada, Chile, Ecuador, Mexico and the United States."""

from __future__ import annotations

from dragoman.text.redaction.checksums import is_date, luhn, weighted
from dragoman.text.redaction.rule import rule

__all__ = ["AMERICAS"]

CURP_SIGNS = "0123456789ABCDEFGHIJKLMN\xd1OPQRSTUVWXYZ"
CURP_STATES = "AS|B[CS]|C[CHLMS]|D[FG]|G[RT]|HG|JC|M[CNS]|N[ELT]|OC|PL|Q[RT]|S[LPR]|T[CLS]|VZ|YN|ZS"


def _ar_cuit(value: str) -> bool:
    check = (11 - weighted(value, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11) % 11
    return min(check, 9) == int(value[10])


def _br_cpf(value: str) -> bool:
    if len(set(value)) == 1:
        return False
    first = weighted(value, range(10, 1, -1)) * 10 % 11 % 10
    second = weighted(value, range(11, 1, -1)) * 10 % 11 % 10
    return (first, second) == (int(value[9]), int(value[10]))


def _br_cnpj(value: str) -> bool:
    """Letters are allowed since 2026 and count by their ASCII code, as digits do: `A` is 17."""
    numbers = [ord(char) - ord("0") for char in value]
    weights = (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)
    first = -sum(map(int.__mul__, numbers[:12], weights[1:])) % 11 % 10
    second = -sum(map(int.__mul__, numbers[:13], weights)) % 11 % 10
    return len(set(value)) > 1 and [first, second] == numbers[12:]


def _ca_sin(value: str) -> bool:
    return luhn(value)


def _cl_rut(value: str) -> bool:
    check = -weighted(value[-2::-1], (2, 3, 4, 5, 6, 7) * 2) % 11
    return "0123456789K"[check] == value[-1]


def _ec_cedula(value: str) -> bool:
    return luhn(value)


def _mx_curp(value: str) -> bool:
    total = sum(CURP_SIGNS.index(char) * weight for char, weight in zip(value, range(18, 1, -1), strict=False))
    return is_date(value[8:10], value[6:8]) and -total % 10 == int(value[17])


def _us_ssn(value: str) -> bool:
    """No check digit: the groups that were never issued. Areas from 900 on are tax numbers (ITIN)."""
    area, group, serial = value[:3], int(value[3:5]), value[5:]
    if area[0] == "9":
        return 50 <= group <= 65 or 70 <= group <= 88 or 90 <= group <= 92 or group >= 94
    return area not in {"000", "666"} and group > 0 and serial != "0000"


AMERICAS = (
    rule("ar_cuit", r"(?:2[03-7]|3[034])[0-9]{9}", _ar_cuit, ["2-8-1", "2.8.1", "~2 8 1", "~11"], "cuit|cuil"),
    rule(
        "br_cnpj",
        r"[0-9A-Z]{12}[0-9]{2}",
        _br_cnpj,
        ["2.3.3/4-2", "8/4-2", "~14", "~12-2", "~2 3 3 4 2"],
        "cnpj|cadastro nacional da pessoa jurídica",
    ),
    rule(
        "br_cpf",
        r"[0-9]{11}",
        _br_cpf,
        ["3.3.3-2", "3.3.3.2", "9-2", "3-3-3-2", "~3 3 3 2", "~11"],
        "cpf|cadastro de pessoa",
    ),
    rule(
        "ca_sin",
        r"[1-79][0-9]{8}|0[0-9]{8}",
        _ca_sin,
        ["3-3-3", "~3 3 3", "~9"],
        "sin|nas|social insurance|assurance sociale",
    ),
    rule(
        "cl_rut",
        r"[1-9][0-9]{6,7}[0-9K]",
        _cl_rut,
        ["1.3.3-1", "2.3.3-1", "7-1", "8-1", "~8", "~9", "~2.3.4", "~1.3.4"],
        "rut|run|r.u.t|rol único",
    ),
    rule("ec_cedula", r"(?:0[1-9]|1[0-9]|2[0-4]|30)[0-5][0-9]{7}", _ec_cedula, ["~10", "~9-1"], "cédula|c.i.|cedula"),
    rule(
        "mx_curp",
        rf"[A-Z]{{4}}[0-9]{{6}}[HMX](?:{CURP_STATES})[B-DF-HJ-NP-TV-Z]{{3}}[0-9A-Z][0-9]",
        _mx_curp,
        ["18"],
        "curp|clave única",
    ),
    rule("us_ssn", r"[0-9]{9}", _us_ssn, ["3-2-4", "~3 2 4", "~9"], "ssn|social security|itin"),
)

"""What is no personal data and looks like it: orders, dates, prices, parcels, numbers with a wrong check digit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bench.redaction_texts.accounts import card_body, raw_iban, spelled_card
from bench.redaction_texts.arithmetic import dot, luhn_digit
from bench.redaction_texts.chance import Chance
from bench.redaction_texts.ids import MAKERS, NO_CHECK_DIGIT, SPELLINGS, grouped

__all__ = ["SLOTS", "made_slot"]

ORDERS = (
    *("#XXXXXXXXXX", "XXXXXXXXXX", "XXXXXXXX", "AA-XXXXXX", "2024-XXXXXX", "XXX-XXXXXXX-XXXXXXX", "ORD-2025-XXXXX"),
    *(
        "XX-XXXXX-XXXXX",
        "XXXXXXXXXXXX",
        "XXXXXXXXX",
        "AAXXXXXXX",
        "NXXXXXX",
        "XXXX-XXXX",
        "R/2025/XXXXX",
        "XXX XXX XXX",
    ),
)
TRACKING = (
    *(
        "1ZXXXAXXXXXXXXXXXX",
        "XXXXXXXXXXXX",
        "00340434XXXXXXXXXXXX",
        "JJD0140XXXXXXXXXXX",
        "LP00XXXXXXXXXXXX",
        "XXXXXXXXXX",
    ),
    *("XXXXXXXXXXXXXX", "TBAXXXXXXXXXXXX", "XXXX XXXX XXXX XXXX XXXX XX", "%XXXXXXXX", "XXXXXXXXXXXXXXXXXXXX"),
)
PRICES = (
    *(
        "N.NXX,XX €",
        "$N,NXX.XX",
        "N NXX,XX kr",
        "₹N,NX,XXX",
        "NN NXX Ft",
        "N.NXX.XXXđ",
        "RpN.NXX.XXX",
        "¥NN,XXX",
        "NN,XX",
        "NXXX.-",
    ),
    *(
        "€NN",
        "NN.XX USD",
        "NNX",
        "NXX XXX ₽",
        "NN.XX €",
        "NXX 000 000",
        "NXXX,XX",
        "-N.NXX,XX",
        "£NN.XX",
        "N'NXX.XX CHF",
    ),
)
SIZES = ("NX", "M", "XL", "NX x NX cm", "4X,5", "1NX×NX×NX", "38/40", "10-12", "3N/3N", "NXXX mm", "N-N", "104/110")
POSTCODES = (
    *(
        "XXXXX",
        "NXXX AA",
        "SW1A NAA",
        "NXXXXX",
        "XXXXX-XXX",
        "XXX-XXXX",
        "NX-XXX",
        "XXX XX",
        "XXXXX-XXXX",
        "NXXX-XXX",
        "NXXX",
    ),
    *("AA-NXXX", "NXX-XXX"),
)
VERSIONS = (
    *(
        "N.X.X",
        "10.0.1904N.NXXX",
        "vNX.N",
        "1.N.N.NXXX",
        "4.1N.0-NX",
        "2N.04",
        "3.12.0.1N",
        "12N.0.60NN.7N",
        "N.NN",
        "1.0.0",
    ),
    *("2025.N.1", "17.4.1 (21E236)", "6.8.0-4N", "0.N.12", "N.0.0-rc.1"),
)
SERIALS = (
    "SN-NAXXAXXA",
    "C02AANAXAAHN",
    "RNNMXXAAAAA",
    "XXXXXXXXXXX",
    "NXXXXXXXXXXXX",
    "AXXXXXXXXXXAA",
    "FCC-XXXX-A",
    "AAXXXX-NXX",
)
HOSTS = (
    *(
        "Node.js",
        "index.html",
        "and/or",
        "z.B./d.h.",
        "TCP/IP",
        "km/h",
        "README.md",
        "setup.exe",
        "app.py",
        "3.5/5",
        "U.S./Canada",
    ),
    *(
        "ASP.NET",
        "input/output",
        "data.csv",
        "user.name",
        "v2.0/beta",
        "@support",
        "C:/temp",
        "c:\\windows",
        "24/7",
        "App Store/Play",
    ),
    *(
        "e.g./i.e.",
        "Wi-Fi 6/6E",
        "photo.jpg",
        "src/main.rs",
        "example.com",
        "config.toml/yaml",
        "1:1",
        "A:B:C",
        "::",
        "std::vector",
    ),
    *(
        "print(x[1:2])",
        "#12345",
        "@me",
        "50%",
        "PS5/Xbox",
        "iPhone 15/16",
        "12:30:45",
        "9/11",
        "USB-C 3.2",
        "www",
        "http",
    ),
)
MONTHS = (
    "{d}.{m}.{Y}",
    "{d}/{m}/{Y}",
    "{Y}-{m}-{d}",
    "{d}-{m}-{Y}",
    "{m}/{d}/{Y}",
    "{d}.{m}.{y}",
    "{Y}/{m}/{d}",
    "{d}. {m}. {Y}",
)
MORE_DATES = (
    "{d}.{m}.",
    "{Y}{m}{d}",
    "{d}.{m}.{Y} 10:30",
    "{Y}-{m}-{d}T10:30:00Z",
    "{d}/{m}",
    "{d} {m} {Y}",
    "{d}{m}{Y}",
)
TIMES = (
    "1X:2X",
    "1X.4X",
    "1Xh3X",
    "08:30-17:30",
    "8.30-17.30",
    "10:3X:2X",
    "0X:5X",
    "9-17",
    "1X:30 - 1X:45",
    "14.00-16.00",
)


def made_slot(chance: Chance, name: str, *, code: str, kinds: Sequence[str], regions: Sequence[str]) -> str:
    """What stands in a sentence for `{name}`; `kinds` are the national ids of the language."""
    if name == "date":
        return made_date(chance, code)
    if name == "number":
        return chance.choice((wrong_id, wrong_card, wrong_iban, plain_number))(chance, kinds, regions)
    return SLOTS[name](chance)


def made_date(chance: Chance, code: str) -> str:
    year = {"fa": 579, "th": -543}.get(code, 0)
    parts = {"Y": str(2025 - (year if chance.likely(0.7) else 0)), "m": f"{chance.randint(1, 12):02d}"}
    parts |= {"d": f"{chance.randint(1, 28):02d}", "y": "25"}
    if code in {"zh", "zh-Hant", "ja", "ko"} and chance.likely(0.6):
        form = "{Y}년 {m}월 {d}일" if code == "ko" else "{Y}年{m}月{d}日"
    else:
        form = chance.choice((*MONTHS, *MONTHS, *MORE_DATES))
    return form.format(
        **{name: part.lstrip("0") if name in "dm" and chance.likely(0.3) else part for name, part in parts.items()}
    )


def made_tracking(chance: Chance) -> str:
    """Also the form of the postal union: eight digits, a check digit, a country."""
    form = chance.choice((*TRACKING, "S10", "S10"))
    if form != "S10":
        return chance.fill(form).replace("%", "CN")
    body = chance.digits(8)
    check = {10: 0, 11: 5}.get(rest := 11 - dot(body, (8, 6, 4, 2, 3, 5, 9, 7)) % 11, rest)
    return f"{chance.choice(('RR', 'CP', 'EE', 'LX'))}{body}{check}{chance.choice(('DE', 'CN', 'FR', 'JP', 'US'))}"


def made_isbn(chance: Chance) -> str:
    body = f"978{chance.digits(9)}"
    value = body + str(-dot(body, (1, 3) * 6) % 10)
    short = chance.digits(9)
    check = "0123456789X"[-dot(short, range(10, 1, -1)) % 11]
    if chance.likely(0.7):
        return grouped(value, chance.choice(("13", "3-1-2-6-1", "3-1-4-4-1", "3 1 2 6 1", "3-10")))
    return grouped(short + check, chance.choice(("1-4-4-1", "10", "1-5-3-1")))


def wrong_id(chance: Chance, kinds: Sequence[str], regions: Sequence[str]) -> str:
    """An id of the language, if its last digit is a check digit, with another one."""
    fitting = [kind for kind in kinds if kind not in NO_CHECK_DIGIT]
    if not fitting:
        return wrong_card(chance, kinds, regions)
    kind = chance.choice(fitting)
    value = MAKERS[kind](chance)
    if not value[-1].isdigit():
        return wrong_card(chance, kinds, regions)
    return grouped(value[:-1] + str((int(value[-1]) + chance.randint(1, 9)) % 10), chance.choice(SPELLINGS[kind]))


def wrong_card(chance: Chance, kinds: Sequence[str], regions: Sequence[str]) -> str:
    body = card_body(chance)
    return spelled_card(chance, body + str((int(luhn_digit(body)) + chance.randint(1, 9)) % 10))


def wrong_iban(chance: Chance, kinds: Sequence[str], regions: Sequence[str]) -> str:
    value = raw_iban(chance, regions)
    wrong = f"{value[:2]}{(int(value[2:4]) + chance.randint(1, 96) - 2) % 97 + 2:02d}{value[4:]}"
    return " ".join(wrong[place : place + 4] for place in range(0, len(wrong), 4)) if chance.likely(0.6) else wrong


def plain_number(chance: Chance, kinds: Sequence[str], regions: Sequence[str]) -> str:
    forms = (
        "XXXXXXX",
        "XXXXXXXXXXX",
        "XXXXXXXXXXXXX",
        "NN.XXXX, N.XXXX",
        "35XXXXXXXXXXXXX",
        "XXXX-XXXX-XXXX",
        "NNN.XXX.XXX",
    )
    return chance.fill(chance.choice((*forms, "XXXXXXXXXXXXXXXXX", "NX XX NX XX", "N:N:N:N", "AAXXXXXXXXXXXX")))


def filled(*forms: str) -> Callable[[Chance], str]:
    return lambda chance: chance.fill(chance.choice(forms))


SLOTS: Mapping[str, Callable[[Chance], str]] = {
    "order": filled(*ORDERS),
    "price": filled(*PRICES),
    "time": filled(*TIMES),
    "size": filled(*SIZES),
    "postcode": filled(*POSTCODES),
    "version": filled(*VERSIONS),
    "serial": filled(*SERIALS),
    "tracking": made_tracking,
    "isbn": made_isbn,
    "host": lambda chance: chance.choice(HOSTS),
}

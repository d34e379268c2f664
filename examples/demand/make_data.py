"""Makes data/demand.csv: what six shops sold of four goods each day, for three years.

    python make_data.py

Everything is drawn from distributions that are written here, with a fixed seed. Sales are Poisson counts around an
expected demand, so that a forecast that knew it would still err: by 4.4 pieces in the mean, which is printed.
"""

from __future__ import annotations

import csv
import math
import random
from datetime import date, timedelta
from pathlib import Path

FIRST, LAST = date(2023, 1, 1), date(2025, 12, 31)
SHOPS = {"lisbon": 1.4, "porto": 1.0, "zagreb": 0.8, "krakow": 1.2, "tallinn": 0.6, "athens": 1.1}
GOODS = {  # size, price, share of summer, share of weekend
    "bread": (42.0, 2.4, 0.0, 0.15),
    "ice_cream": (18.0, 3.2, 0.9, 0.45),
    "soup": (15.0, 4.1, -0.7, 0.05),
    "coffee": (30.0, 2.9, -0.1, -0.1),
}
WARM = {"lisbon": 17.0, "porto": 15.0, "zagreb": 12.0, "krakow": 9.0, "tallinn": 6.5, "athens": 19.0}
HOLIDAYS = {(1, 1), (5, 1), (8, 15), (11, 1), (12, 25), (12, 26)}
COLUMNS = ("day", "shop", "good", "price", "promotion", "holiday", "temperature", "sold")


def main() -> None:
    chance = random.Random(11)
    rows, errors = [], []
    for shop, busy in SHOPS.items():
        growth = chance.uniform(-0.05, 0.2)  # a year
        weather = weather_of(shop, chance)
        for good, kind in GOODS.items():
            promotions = promotions_of(chance)
            for number, temperature in enumerate(weather):
                day = FIRST + timedelta(days=number)
                promoted = day in promotions
                expected = demand(day, kind, temperature, promoted=promoted) * busy * (1 + growth) ** (number / 365)
                sold = poisson(expected, chance)
                errors.append(abs(sold - expected))
                price = round(kind[1] * (0.75 if promoted else 1.0), 2)
                is_holiday = (day.month, day.day) in HOLIDAYS
                rows.append((day, shop, good, price, int(promoted), int(is_holiday), round(temperature, 1), sold))
    rows.sort(key=lambda row: row[:3])
    path = Path(__file__).parent / "data" / "demand.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([COLUMNS, *rows])
    print(f"{len(rows):,} rows; who knows the expected demand errs by {sum(errors) / len(errors):.2f} in the mean")


def demand(day: date, kind: tuple[float, float, float, float], temperature: float, *, promoted: bool) -> float:
    size, _, summer, weekend = kind
    season = math.cos((day.timetuple().tm_yday - 200) / 365 * 2 * math.pi)
    week = weekend if day.weekday() >= 5 else -0.05 * (day.weekday() == 0)
    holiday = -0.6 if (day.month, day.day) in HOLIDAYS else 0.0
    heat = 0.02 * summer * (temperature - 12)
    share = (1 + 0.5 * summer * season + heat) * (1 + week) * (1 + holiday) * (1.6 if promoted else 1.0)
    return size * max(0.05, share)


def weather_of(shop: str, chance: random.Random) -> list[float]:
    """Degrees of each day: the season, and a deviation that lasts for some days."""
    deviation, found = 0.0, []
    for number in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days=number)
        deviation = 0.8 * deviation + chance.gauss(0, 2.2)
        found.append(WARM[shop] + 9 * math.cos((day.timetuple().tm_yday - 205) / 365 * 2 * math.pi) + deviation)
    return found


def promotions_of(chance: random.Random) -> set[date]:
    """Weeks of promotion: some eight a year."""
    starts = [number for number in range(0, (LAST - FIRST).days, 7) if chance.random() < 8 / 52]
    return {FIRST + timedelta(days=start + offset) for start in starts for offset in range(7)}


def poisson(mean: float, chance: random.Random) -> int:
    """A count: of exponential waiting times, how many fit into one day."""
    count, passed = 0, chance.expovariate(mean)
    while passed < 1:
        count += 1
        passed += chance.expovariate(mean)
    return count


if __name__ == "__main__":
    main()

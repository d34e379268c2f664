"""Make the data of this workspace: `python make_data.py` writes `data/`, always the same for the same seed.

An audio library sells subscriptions. Customers listen and pay: these are events, some of which become known days after
they happened, and some are corrected later. Customers also write to the support. Whether one who writes cancels within
30 days is drawn from a probability that depends on what the message is about, on what was known of the customer at that
time, and on both together. `data/truth.csv` has these probabilities, which nobody has in real life: with them the
greatest area under the ROC curve that any model can reach is known. Nothing here needs Dragoman.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import random
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
WRITTEN = json.loads((HERE / "phrases.json").read_text(encoding="utf-8"))
PHRASES: dict[str, dict[str, list[str]]] = WRITTEN["languages"]
TOPICS: list[str] = WRITTEN["topics"]

START = datetime(2025, 1, 1, tzinfo=UTC)
DAY = 86_400
LAST_DAY = 300.0  # after it nobody writes
HISTORY = 95.0  # days before the first message of a customer for which there are events
SLUMP = 0.4  # a fall of use beyond it changes what a message means
PLANS = {"monthly": 0.6, "yearly": 0.22, "family": 0.18}
CHANNELS = ("app", "web", "mail")
SHARES = {"test": 0.25, "dev": 0.12}


class Event(NamedTuple):
    """A version of something that a customer did. Times are seconds after START."""

    id: str
    customer: str
    kind: str  # "use" or "payment"
    happened: int
    known: int
    minutes: int | None
    status: str | None  # of a payment: "paid", "failed", "refunded"


class Known(NamedTuple):
    """What was known of a customer at some time: the definition of the features, in a few slow lines."""

    uses_14d: int
    uses_60d: int
    failed_60d: int

    @property
    def slump(self) -> float:
        """0 for steady use, 1 for half of it."""
        expected = self.uses_60d * 14 / 60
        return max(-1.5, min(2.0, -math.log2((self.uses_14d + 1) / (expected + 1))))


class Message(NamedTuple):
    """A message, and what the generator knows of it."""

    row: dict[str, object]
    chance: float
    known: Known


class Customer:
    """One customer: what they do, what they write, and whether they stay."""

    def __init__(self, number: int, random: random.Random) -> None:
        self.id, self.random = f"c-{number:05}", random
        self.language = random.choice(sorted(PHRASES))
        self.plan = random.choices(list(PLANS), list(PLANS.values()))[0]
        self.months = int(random.expovariate(1 / 14)) + 1
        self.split = self._split()
        self.writes = self._days_of_messages()
        self.events = [*self._uses(), *self._payments()]
        self.messages = list(self._messages())

    def _split(self) -> str:
        drawn = self.random.random()
        return "test" if drawn < SHARES["test"] else "dev" if drawn < sum(SHARES.values()) else "train"

    def _days_of_messages(self) -> list[float]:
        days = [self.random.uniform(HISTORY, LAST_DAY - 40)]
        while (day := days[-1] + self.random.expovariate(1 / 45)) < LAST_DAY:
            days.append(day)
        return days

    @property
    def begin(self) -> float:
        return self.writes[0] - HISTORY

    # Events

    def _uses(self) -> Iterator[Event]:
        """Listening, in phases of more and of less. A device that was offline tells of it days later."""
        rate, day, number = self.random.lognormvariate(-1.2, 0.7), self.begin, 0
        factor, phase = 1.0, day
        while (day := day + self.random.expovariate(rate * factor + 0.002)) < self.writes[-1] + 30:
            if day >= phase:
                factor, phase = self.random.choice([0.15, 0.5, 1.0, 1.0, 1.6]), day + self.random.expovariate(1 / 40)
            late = self.random.random() < 0.15
            known = day + (self.random.uniform(1, 6) if late else self.random.uniform(0.001, 0.02))
            minutes = max(1, int(self.random.gauss(35, 15)))
            number += 1
            yield Event(f"{self.id}-u{number}", self.id, "use", _seconds(day), _seconds(known), minutes, None)

    def _payments(self) -> Iterator[Event]:
        """A payment every month or year; some fail, and some of these succeed days later: the event is corrected."""
        is_poor = self.random.random() < 0.15
        every = 365.0 if self.plan == "yearly" else 30.0
        day, number = self.begin + self.random.uniform(0, every), 0
        while day < self.writes[-1] + 30:
            number += 1
            known = day + self.random.uniform(0.1, 1.5)
            failed = self.random.random() < (0.5 if is_poor else 0.04)
            event_id, times = f"{self.id}-p{number}", (_seconds(day), _seconds(known))
            yield Event(event_id, self.id, "payment", *times, None, "failed" if failed else "paid")
            if failed and self.random.random() < 0.4:
                corrected = _seconds(known + self.random.uniform(2, 7))
                yield Event(event_id, self.id, "payment", times[0], corrected, None, "paid")
            day += every

    def known_at(self, time: int) -> Known:
        """From the newest version of each event that was known by then."""
        newest: dict[str, Event] = {}
        for event in self.events:
            if event.known <= time and (event.id not in newest or event.known >= newest[event.id].known):
                newest[event.id] = event
        seen = [event for event in newest.values() if event.happened <= time]
        uses = [(time - event.happened) / DAY for event in seen if event.kind == "use"]
        failed = [(time - event.happened) / DAY for event in seen if event.status == "failed"]
        return Known(sum(age < 14 for age in uses), sum(age < 60 for age in uses), sum(age < 60 for age in failed))

    # Messages

    def _messages(self) -> Iterator[Message]:
        for number, day in enumerate(self.writes, start=1):
            topic, known = self.random.choice(TOPICS), self.known_at(_seconds(day))
            months = self.months + int((day - self.writes[0]) / 30)
            chance = chance_of(topic, known, plan=self.plan, months=months)
            leaves = self.random.random() < chance
            row = {
                "id": f"{self.id}-{number}",
                "text": self._text(topic),
                "label": "cancels" if leaves else "stays",
                "language": self.language,
                "split": self.split,
                "asked_at": _time(_seconds(day)),
                "customer_id": self.id,
                "plan": self.plan,
                "months": months if self.random.random() < 0.94 else None,
                "channel": self.random.choice(CHANNELS),
            }
            yield Message(row, chance, known)
            if leaves:
                self._cancel(day + self.random.uniform(3, 28))
                return

    def _text(self, topic: str) -> str:
        phrases = PHRASES[self.language]
        parts = [self.random.choice(phrases["greeting"]), self.random.choice(phrases[topic])]
        if self.random.random() < 0.4:
            parts.insert(self.random.choice([1, 2]), self.random.choice(phrases["filler"]))
        parts.append(self.random.choice(phrases["end"]))
        text = ("" if self.language == "ja" else " ").join(part for part in parts if part)
        return text.lower() if self.random.random() < 0.15 else text

    def _cancel(self, day: float) -> None:
        """From now on there are no events; the last payment is given back, which changes an event of the past."""
        self.events = [event for event in self.events if event.happened <= _seconds(day)]
        paid = [event for event in self.events if event.status == "paid"]
        if paid:
            last = max(paid, key=lambda event: event.happened)
            self.events.append(last._replace(known=max(_seconds(day), last.known) + DAY, status="refunded"))


def chance_of(topic: str, known: Known, *, plan: str, months: int) -> float:
    """The probability that a customer who writes about `topic` cancels within 30 days."""
    slump = known.slump
    score = -1.4 + 1.1 * slump + 0.8 * min(known.failed_60d, 3) - 0.02 * min(months, 36)
    score += {"monthly": 0.5, "yearly": -0.9, "family": -0.4}[plan]
    meaning = {
        "price": 1.8 if plan == "monthly" else 0.4,
        "rival": 2.0 if slump > SLUMP else 0.3,
        "pause": 1.4 if slump > SLUMP else -0.3,
        "fault": 0.9 if known.uses_14d >= 5 else 0.1,
        "bill": 0.8 if known.failed_60d else -0.4,
        "howto": -1.2,
        "praise": 1.5 if slump > SLUMP else -1.6,
        "family": -1.5,
    }
    return 1 / (1 + math.exp(-1.7 * (score + meaning[topic])))


def area(chances: Sequence[float], happened: Sequence[bool]) -> float:
    """How often a row in which it happened has the higher chance."""
    order = sorted(range(len(chances)), key=chances.__getitem__)
    ranks = {row: rank for rank, row in enumerate(order, start=1)}
    yes = [ranks[row] for row, true in enumerate(happened) if true]
    return (sum(yes) - len(yes) * (len(yes) + 1) / 2) / (len(yes) * (len(happened) - len(yes)))


def _seconds(day: float) -> int:
    return round(day * DAY)


def _time(seconds: int) -> str:
    return (START + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def make_customers(count: int, seed: int) -> list[Customer]:
    """Customers, each from a generator of their own: more of them change none."""
    return [Customer(number, random.Random(f"{seed} {number}")) for number in range(count)]


def write(customers: Sequence[Customer], folder: Path) -> None:
    """`messages.jsonl`, `events.csv` in the order in which they became known, and `truth.csv`."""
    folder.mkdir(parents=True, exist_ok=True)
    messages = sorted((one for who in customers for one in who.messages), key=lambda one: str(one.row["asked_at"]))
    with (folder / "messages.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(one.row, ensure_ascii=False) + "\n" for one in messages)
    with (folder / "truth.csv").open("w", encoding="utf-8", newline="") as file:
        truth = csv.writer(file, lineterminator="\n")
        truth.writerow(["id", "chance", *Known._fields])
        truth.writerows([one.row["id"], f"{one.chance:.6f}", *one.known] for one in messages)
    events = sorted((event for who in customers for event in who.events), key=lambda event: (event.known, event.id))
    with (folder / "events.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["event_id", "customer_id", "kind", "happened_at", "known_at", "minutes", "status"])
        for event in events:
            times = _time(event.happened), _time(event.known)
            table.writerow([event.id, event.customer, event.kind, *times, event.minutes, event.status])


def main() -> None:
    """Read the command line, write the data, and say what can be reached at best."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--customers", type=int, default=8_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--folder", type=Path, default=HERE / "data")
    given = parser.parse_args()
    customers = make_customers(given.customers, given.seed)
    write(customers, given.folder)
    test = [one for who in customers for one in who.messages if one.row["split"] == "test"]
    best = area([one.chance for one in test], [one.row["label"] == "cancels" for one in test])
    rows, events = sum(len(who.messages) for who in customers), sum(len(who.events) for who in customers)
    said = f"{rows} messages, {events} events in {given.folder}; best possible ROC AUC on the test split: {best:.3f}"
    sys.stdout.write(said + "\n")


if __name__ == "__main__":
    main()

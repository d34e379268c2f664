"""A small dataset whose label follows from a word of the text and from two columns, and a spec that reads them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import msgspec
from tests.training.world import ENVIRONMENT, ignore, small_dataset, small_spec

from dragoman.records import Example
from dragoman.spec import FeaturesSpec, ModelSpec
from dragoman.training.loop import Report
from dragoman.training.pipeline import Trained, train_bundle

WORDS = {"en": "please money now thanks paid bill mail", "ru": "деньги пожалуйста сейчас оплату счёт чек почте"}
ANGRY = {"en": "never", "ru": "никогда"}
FEATURES = FeaturesSpec(columns=["amount", "plan", "noise"], views=["activity"])


def fused_examples(each: int = 160) -> list[Example]:
    """A text is of the label "invoice" if its customer pays much or has the plan "gold", and it is angry or lucky."""
    chance = random.Random(0)
    rows = []
    for language, words in WORDS.items():
        for number in range(each):
            angry, plan, amount = chance.random() < 0.5, chance.choice(["free", "gold"]), chance.gauss(50, 20)
            text = chance.choices(words.split(), k=chance.randint(2, 5)) + [ANGRY[language]] * angry
            score = (amount - 50) / 10 + (2 if plan == "gold" else -2) + (1.5 if angry else -1.5)
            known = {"amount": amount, "plan": plan, "noise": chance.randint(0, 9), "activity.orders": number % 7}
            rows.append(
                Example(
                    id=f"{language}-{number:03}",
                    text=" ".join(text),
                    label="invoice" if score > 0 else "refund",
                    language=language,
                    split={0: "dev", 1: "test"}.get(number % 4, "train"),
                    features={name: value for name, value in known.items() if chance.random() < 0.95},
                )
            )
    return rows


def fused_spec(features: FeaturesSpec = FEATURES, **changes: Any) -> ModelSpec:
    spec = small_spec(**({"epochs": 20, "learning_rate": 3e-3} | changes))
    return msgspec.structs.replace(spec, features=features, data=msgspec.structs.replace(spec.data, time="asked_at"))


def train_fused(
    folder: Path, spec: ModelSpec | None = None, examples: list[Example] | None = None, *, report: Report = ignore
) -> Trained:
    return train_bundle(
        spec or fused_spec(),
        examples or fused_examples(),
        small_dataset(),
        run="run-1",
        environment=ENVIRONMENT,
        workspace=folder.parent,
        folder=folder,
        report=report,
    )

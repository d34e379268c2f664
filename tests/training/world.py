"""A small dataset and spec that train in about a second."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from dragoman.records import DatasetVersion, Example
from dragoman.spec import ModelSpec, convert_spec
from dragoman.training.loop import Progress, Report
from dragoman.training.pipeline import Trained, train_bundle

WORDS = {
    ("en", "refund"): "please refund my money back now thanks return paid",
    ("en", "invoice"): "send the invoice bill copy receipt by mail please",
    ("ru", "refund"): "верните мне деньги назад пожалуйста сейчас оплату возврат",
    ("ru", "invoice"): "пришлите счёт копию чека по почте пожалуйста квитанцию",
}
ENVIRONMENT = {"python": "3"}


def small_examples(each: int = 24) -> list[Example]:
    """Texts of random words: three quarters to train on, the rest to look at."""
    chance = random.Random(0)
    rows = []
    for (language, label), words in WORDS.items():
        for number in range(each):
            text = " ".join(chance.choices(words.split(), k=chance.randint(2, 7)))
            split = {0: "dev", 1: "test"}.get(number % 8, "train")
            rows.append(
                Example(id=f"{language}-{label}-{number:02}", text=text, label=label, language=language, split=split)
            )
    return rows


def small_spec(*, base: dict[str, Any] | None = None, **training: Any) -> ModelSpec:
    quick = {"epochs": 2, "batch_tokens": 256, "threads": 1, "checkpoint_seconds": 0.0}
    return convert_spec(
        {
            "name": "small",
            "owner": "team@example.com",
            "languages": ["en", "ru"],
            "data": {"files": ["data.jsonl"], "labels": ["refund", "invoice"]},
            "base": {"checkpoint": "scratch:mini", "vocabulary": 500, "max_tokens": 24} | (base or {}),
            "training": quick | training,
        }
    )


def small_dataset() -> DatasetVersion:
    return DatasetVersion(
        name="small", number=0, digest="d" * 64, rows=96, splits={}, languages={}, labels={}, sources={}, created=""
    )


def ignore(progress: Progress) -> None:
    """A report that nobody reads."""


def train_small(folder: Path, spec: ModelSpec, *, report: Report = ignore) -> Trained:
    return train_bundle(
        spec,
        small_examples(),
        small_dataset(),
        run="run-1",
        environment=ENVIRONMENT,
        workspace=folder.parent,
        folder=folder,
        report=report,
    )

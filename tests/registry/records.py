"""Records of two small versions, for tests of what is told of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from tests.training.world import small_spec

from dragoman.records import (
    BundleFile,
    DatasetVersion,
    GateResult,
    GroupError,
    Interval,
    LanguageScore,
    Manifest,
    ParityReport,
    Release,
    Report,
    Run,
    ValueReport,
    Version,
)
from dragoman.registry.bundle import LOCK_FILE, TOKENIZER_FILE, Bundle, Calibration, Lineage, TextParts
from dragoman.serving.fakes import fake_tokenizer
from dragoman.spec import spec_to_dict

SIZES = {LOCK_FILE: 10, "model.safetensors": 1_000, TOKENIZER_FILE: 20}


def interval(value: float, *, half: float = 0.05, n: int = 200) -> Interval:
    return Interval(value=value, low=value - half, high=value + half, n=n)


def report(**accuracies: float) -> Report:
    """An evaluation by language; over all it is the first one's."""
    scores = [
        LanguageScore(language=language, accuracy=interval(value), macro_f1=value)
        for language, value in sorted(accuracies.items(), key=lambda item: item[1])
    ]
    return Report(
        split="test",
        accuracy=interval(next(iter(accuracies.values()))),
        macro_f1=0.9,
        calibration_error=0.03,
        languages=scores,
        confusions=[],
    )


def value_report(*, mae: float = 12.5, coverage: float = 0.9, **changes: Any) -> ValueReport:
    """An evaluation of a model of numbers."""
    groups = [GroupError(name=name, n=50, mae=one, naive_mae=20, coverage=0.9) for name, one in (("pt", 25), ("de", 5))]
    made = ValueReport(
        split="test", mae=interval(mae, half=1), rmse=20.0, r2=0.8, wape=0.2, naive_mae=20.0, skill=0.4,
        coverage=interval(coverage, half=0.02), width=60.0, target_coverage=0.9, groups={"language": groups},
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def bundle(*, digests: str = "a", max_tokens: int = 16, **changes: Any) -> Bundle:
    """`digests` is the digit that all digests of files consist of; `changes` replace parts."""
    files = [BundleFile(path=path, digest=digests * 64, size=size) for path, size in SIZES.items()]
    lineage = Lineage(run="run-1", dataset="small", dataset_number=0, dataset_digest="d" * 64, sources={}, base="b")
    parity = ParityReport(
        texts=9, max_hidden_difference=0, max_logit_difference=0, label_agreement=1, languages={}, tolerance=1e-4
    )
    made = Bundle(
        folder=Path("none"),
        manifest=Manifest(format=1, model="small", task="text-classification", files=files),
        spec=small_spec(),
        labels=["refund", "invoice"],
        calibration=Calibration(),
        text=TextParts(fake_tokenizer(max_tokens=max_tokens), first_position=2),
        features=None,
        lineage=lineage,
        evaluation=report(en=0.9, ru=0.8),
        parity=parity,
        tuning=None,
    )
    return made._replace(**changes)


def version(number: int = 1, **changes: Any) -> Version:
    made = Version(model="small", number=number, bundle=str(number) * 64, run="run-1", owner="o", created="2026-01-01")
    return msgspec.structs.replace(made, **changes)


def run(**changes: Any) -> Run:
    made = Run(
        id="run-1", model="small", status="completed", spec=spec_to_dict(small_spec()), spec_digest="s",
        dataset="small", dataset_number=0, dataset_digest="d" * 64, code={"dragoman": "1"},
        environment={"numpy": "2.0", "torch": "2.1"}, hardware={}, seed=0, started="2026-01-01",
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def dataset(**changes: Any) -> DatasetVersion:
    made = DatasetVersion(
        name="small", number=0, digest="d" * 64, rows=100, splits={"test": 40, "train": 60},
        languages={"en": 60, "ru": 40}, labels={"invoice": 50, "refund": 50}, sources={"a.jsonl": "e" * 64},
        created="2026-01-01",
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def release(**changes: Any) -> Release:
    made = Release(
        id="rel-1", model="small", champion=1, challenger=2, status="promoted", plan={}, languages=["en", "ru"],
        actor="ana", reason="better data", started="2026-02-01", stepped="2026-02-02", finished="2026-02-03",
        exposed={"en": 70, "ru": 30},
        gates=[
            GateResult(gate="accuracy", verdict="pass"),
            GateResult(gate="forgetting", verdict="not enough evidence", text="forgetting in ru: 9 texts"),
        ],
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)

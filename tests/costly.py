"""A workspace whose models answered, trained and stored something that costs."""

from __future__ import annotations

from pathlib import Path

from dragoman.app.workspace import Workspace, open_workspace
from dragoman.clock import written
from dragoman.monitoring.service import ServiceCounts
from dragoman.monitoring.times import bucket_of, seconds_of
from dragoman.records import BundleFile, Counts, Manifest, Run, Spent
from dragoman.registry.manifest import encode_manifest

__all__ = ["HOUR", "NOW", "add_run", "add_version", "answered", "costly"]

HOUR = 3_600.0
NOW = seconds_of("2026-03-31T12:30:00Z")
PRICES = "price_cpu_hour = 0.5\nprice_gb_hour = 0.1\nprice_gpu_hour = 3\nprice_stored_gb_month = 1_000_000\n"
SPEC = """
name = "{name}"
{team}
owner = "ann@example.com"
languages = ["en", "ru"]

[data]
files = ["data/*.jsonl"]
labels = ["invoice", "refund"]
"""


def costly(root: Path, *, settings: str = PRICES) -> Workspace:
    """Two models: `support` of a team of its own, and `mail` of its owner's. Nothing has happened yet."""
    (root / "models").mkdir()
    (root / "dragoman.toml").write_text(settings)
    for name, team in (("support", 'team = "shop"'), ("mail", "")):
        (root / "models" / f"{name}.toml").write_text(SPEC.format(name=name, team=team))
    return open_workspace(root)


def add_version(place: Workspace, model: str, *, run: str, files: dict[str, bytes]) -> str:
    """Register a bundle with these files; the digest of the bundle."""
    made = [BundleFile(path=path, digest=place.blobs.put_bytes(data), size=len(data)) for path, data in files.items()]
    bundle = place.blobs.put_bytes(encode_manifest(Manifest(format=1, model=model, task="t", files=made)))
    created = f"2026-03-{10 + len(place.catalog.models()):02}"
    place.catalog.add_version(model=model, bundle=bundle, run=run, owner="ann@example.com", created=created)
    return bundle


def add_run(
    place: Workspace, model: str, id: str, *, hours: float, days_ago: float = 1.0, bundle: str = "", gpu: float = 0.0
) -> None:
    """A training that took so many hours of one core, and of a GPU."""
    run = Run(
        id=id,
        model=model,
        status="completed" if bundle else "failed",
        spec={},
        spec_digest="d",
        dataset=model,
        dataset_number=1,
        dataset_digest="d",
        code={},
        environment={},
        hardware={},
        seed=0,
        started=written(NOW - 24 * HOUR * days_ago),
        bundle=bundle,
        spent=Spent(cpu_seconds=HOUR * hours, gpu_seconds=HOUR * gpu),
    )
    place.catalog.save_run(run)


def answered(
    place: Workspace, model: str, version: str, *, days_ago: float = 0.0, **languages: tuple[int, float]
) -> None:
    """Texts and hours of one core by language, and a gigabyte that was held for an hour."""
    counts = ServiceCounts()
    for name, (texts, hours) in languages.items():
        one = counts.language(name)
        one.texts, one.compute_us, one.core_us = texts, round(HOUR * 1e6 * hours), round(HOUR * 1e6 * hours)
    counts.language("").held_mbs = round(1_000 * HOUR)
    start = bucket_of(NOW - 24 * HOUR * days_ago, minutes=60)
    row = Counts(kind="service", model=model, version=version, start=start, replica="a", content=counts.encode())
    place.catalog.save_counts([row])

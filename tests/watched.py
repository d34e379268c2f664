"""A workspace whose version has the reference of invented texts and nothing else: enough to be watched."""

from __future__ import annotations

from pathlib import Path

from dragoman.app.workspace import Workspace, open_workspace
from dragoman.monitoring.fakes import fake_reference
from dragoman.records import BundleFile, Manifest
from dragoman.registry.bundle import REFERENCE_FILE
from dragoman.registry.manifest import encode_manifest

__all__ = ["REFERENCE", "watched"]

REFERENCE = fake_reference()
SPEC = """
name = "support"
owner = "team@example.com"
languages = ["en", "ru"]

[data]
files = ["data/*.jsonl"]
labels = ["invoice", "refund", "other"]
"""
WATCHING = """
[drift]
every_minutes = 1
windows = [1, 5]
min_texts = 30

[alerts]
group_seconds = 0
"""


def watched(root: Path, *, watching: str = WATCHING, receivers: str = "") -> Workspace:
    """Version 1 of `support` is the champion; what is watched of it, and who is told, say the texts of the files."""
    (root / "models").mkdir()
    (root / "dragoman.toml").write_text("")
    (root / "models" / "support.toml").write_text(SPEC + watching)
    (root / "receivers.toml").write_text(receivers)
    place = open_workspace(root)
    place.catalog.add_version(model="support", bundle=_bundle(place), run="r", owner="o", created="2026-07-01")
    place.catalog.move_alias("support", "champion", 1, expected=None)
    return place


def _bundle(place: Workspace) -> str:
    content = REFERENCE.to_bytes()
    file = BundleFile(path=REFERENCE_FILE, digest=place.blobs.put_bytes(content), size=len(content))
    manifest = Manifest(format=1, model="support", task="text-classification", files=[file])
    return place.blobs.put_bytes(encode_manifest(manifest))

"""A workspace with versions of nothing: enough for what only the catalog knows."""

from __future__ import annotations

from pathlib import Path

from dragoman.app.workspace import Workspace, open_workspace

SPEC = """
name = "support"
owner = "team@example.com"
languages = ["de", "th"]

[data]
files = ["data/*.jsonl"]
labels = ["refund", "invoice"]

[release]
steps = [5, 100]
"""


def registered(root: Path) -> Workspace:
    """Three versions of `support`, the first of which is the champion."""
    (root / "models").mkdir()
    (root / "dragoman.toml").write_text("")
    (root / "models" / "support.toml").write_text(SPEC)
    place = open_workspace(root)
    place.keychain.ensure()
    for bundle in ("a", "b", "c"):
        place.catalog.add_version(model="support", bundle=bundle * 64, run="r", owner="o", created="2026-07-01")
    place.catalog.move_alias("support", "champion", 1, expected=None)
    return place

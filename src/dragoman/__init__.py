"""Dragoman takes multilingual text models through their whole life in production.

import dragoman

model = dragoman.load("models:/support@champion")
model.predict("Wo ist mein Paket?")[0].label
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dragoman.app import Workspace, init_workspace, load, open_workspace

__all__ = ["Workspace", "init_workspace", "load", "open_workspace"]


def __getattr__(name: str) -> Any:
    """The public names arrive on first use, so that `import dragoman` costs nothing."""
    if name not in __all__:
        raise AttributeError(f"module 'dragoman' has no attribute '{name}'")
    from dragoman import app

    return getattr(app, name)

"""One version's place in the table of models."""

from __future__ import annotations

import threading
from typing import Literal, NamedTuple

from dragoman.errors import DragomanError, ModelNotReady, Unavailable
from dragoman.serving.model import Model

__all__ = ["Slot", "SlotState", "VersionState"]

SlotState = Literal["loading", "ready", "draining", "failed"]


class VersionState(NamedTuple):
    """How a version is doing."""

    name: str
    version: str
    state: SlotState
    reason: str  # why it failed; empty otherwise


class Slot:
    """A model on its way in, at work, or on its way out, and how many requests hold it."""

    def __init__(self, name: str, version: str, model: Model | None = None) -> None:
        self.name, self.version, self.model = name, version, model
        self.state: SlotState = "ready" if model else "loading"
        self.reason = ""
        self.users = 0
        self.gone = threading.Event()  # the model is closed

    def shown(self) -> VersionState:
        return VersionState(self.name, self.version, self.state, self.reason)

    def fail(self, error: BaseException) -> None:
        """Loading did not work."""
        self.state = "failed"
        self.reason = str(error) if isinstance(error, DragomanError) else f"{type(error).__name__}; the log has more"
        self.gone.set()

    def refuse(self) -> Unavailable:
        """What somebody is told who asks for a version that does not answer."""
        what = f"Version {self.version or '(none)'} of model '{self.name}'"
        if self.state == "failed":
            return Unavailable(f"{what} could not be loaded: {self.reason}", help="load it again.")
        return ModelNotReady(f"{what} is {self.state}.", help="send it again later.")

    def end(self) -> None:
        """Close the model."""
        try:
            if self.model:
                self.model.close()
        finally:
            self.gone.set()

    def end_aside(self) -> None:
        """Close the model on a thread of its own: whoever gives it back last is not to wait for that."""
        threading.Thread(target=self.end, name="dragoman-unload", daemon=True).start()

"""Which model answers to which name."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from types import TracebackType

from dragoman.errors import Conflict, DragomanError, NotFound
from dragoman.registry.uri import CHAMPION
from dragoman.serving.info import ModelInfo
from dragoman.serving.model import Model
from dragoman.serving.slot import Slot, VersionState
from dragoman.serving.suggestion import shown, suggest

__all__ = ["Lease", "ModelTable"]

logger = logging.getLogger(__name__)


class ModelTable:
    """The loaded models, by `name`, `name@alias` or `name/version`.

    A bare name means the champion, or without one the version added last. Safe to share between threads. A request
    leases its model: a version that is replaced or removed is not found any more at once, and closes when the last
    request that holds it has given it back. So a swap under load fails nobody.
    """

    def __init__(self) -> None:
        self._slots: dict[str, dict[str, Slot]] = {}  # that are ready: by name, then by version
        self._others: list[Slot] = []  # that load, failed, or drain
        self._aliases: dict[str, dict[str, str]] = {}  # by name, then alias → version
        self._lock = threading.RLock()

    # Coming and going

    def add(self, model: Model, *, aliases: Collection[str] = (), replaces: str | None = None) -> None:
        """Answer with this model from now on. An alias that pointed elsewhere moves here.

        In the same moment a model of the same version, and the version named by `replaces`, are retired; the aliases
        of both move here.
        """
        with self._lock:
            versions = self._slots.setdefault(model.name, {})
            pointing = self._aliases.setdefault(model.name, {})
            retired = [versions.pop(one) for one in {model.version, replaces} if one is not None and one in versions]
            moved = [alias for alias, version in pointing.items() if version == replaces]
            versions[model.version] = Slot(model.name, model.version, model)
            pointing.update(dict.fromkeys([*moved, *aliases], model.version))
            for slot in retired:
                self._retire(slot)

    def load(
        self,
        name: str,
        version: str,
        make: Callable[[], Model],
        *,
        aliases: Collection[str] = (),
        replaces: str | None = None,
    ) -> Model:
        """Add the model that `make` loads and warms; until then, and if that fails, everything stays as it is.

        Raises what `make` raises, and `Conflict` while the same version is being loaded already.
        """
        slot = self._begin(name, version)
        try:
            model = make()
        except BaseException as error:
            slot.fail(error)
            if not isinstance(error, DragomanError):  # those say themselves what is wrong
                logger.exception("Version %s of model '%s' could not be loaded.", version or "(none)", name)
            raise
        with self._lock:
            self._others.remove(slot)
            self.add(model, aliases=aliases, replaces=replaces)
        return model

    def remove(self, name: str, version: str) -> threading.Event:
        """Answer with this version no more; the event is set when it is closed. Raises `NotFound`."""
        with self._lock:
            if self._forget_failed(name, version) and version not in self._slots.get(name, {}):
                return _set_event()
            slot = self._versioned(name, version)
            if slot.state != "ready":
                raise slot.refuse()
            self._take_out(name, version)
            self._retire(slot)
            return slot.gone

    def point(self, name: str, alias: str, version: str) -> None:
        """Let an alias point at a version that answers. Raises `NotFound`, and like `get` for one that does not."""
        with self._lock:
            _model_of(self._versioned(name, version))
            self._aliases[name][alias] = version

    def close(self) -> None:
        """Close all models and forget them, also those that requests hold."""
        with self._lock:
            slots = [slot for versions in self._slots.values() for slot in versions.values()]
            draining = [slot for slot in self._others if slot.state == "draining"]
            self._slots.clear()
            self._aliases.clear()
            self._others.clear()
        for slot in slots + draining:
            slot.end()

    # Answering

    def get(self, reference: str) -> Model:
        """The model of a reference, for a look: `lease` it to predict.

        Raises `NotFound` naming what there is, `ModelNotReady` while it loads, `Unavailable` where loading it failed.
        """
        with self._lock:
            return _model_of(self._find(reference))

    def lease(self, reference: str) -> Lease:
        """The model of a reference, which stays open meanwhile: `with table.lease(…) as model:`. Raises like `get`."""
        return Lease(self, reference)

    def info(self, reference: str) -> ModelInfo:
        """What `get` would answer with, described."""
        with self._lock:
            return self._info(self.get(reference))

    def rows(self) -> list[ModelInfo]:
        """All models that answer, described, in the order in which they were added."""
        with self._lock:
            ready = [_model_of(slot) for versions in self._slots.values() for slot in versions.values()]
            return [self._info(model) for model in ready]

    def models(self) -> list[Model]:
        """All models that answer, for a look: `lease` one to predict."""
        with self._lock:
            return [_model_of(slot) for versions in self._slots.values() for slot in versions.values()]

    def first(self, tasks: Collection[str] = ()) -> str | None:
        """The name of the model added first that does one of the tasks, any without; None if there is none."""
        with self._lock:
            ready = (_model_of(slot) for versions in self._slots.values() for slot in versions.values())
            return next((model.name for model in ready if not tasks or model.task.name in tasks), None)

    def states(self) -> list[VersionState]:
        """How each version is doing: those that answer, and those that load, failed or drain."""
        with self._lock:
            ready = [slot for versions in self._slots.values() for slot in versions.values()]
            return [slot.shown() for slot in ready + self._others]

    def take(self, reference: str) -> tuple[Slot, Model]:
        """What `lease` does at its start: whoever takes a slot gives it back. Raises like `get`."""
        with self._lock:
            slot = self._find(reference)
            model = _model_of(slot)
            slot.users += 1
            return slot, model

    def give_back(self, slot: Slot) -> None:
        """What `take` gave; a model that was removed meanwhile closes when the last has given it back."""
        with self._lock:
            slot.users -= 1
            if slot.state == "draining" and not slot.users:
                self._end(slot)

    # Slots

    def _begin(self, name: str, version: str) -> Slot:
        with self._lock:
            if any(one.state == "loading" for one in self._others_of(name, version)):
                raise Conflict(f"Version {version} of model '{name}' is being loaded already.", help="wait for it.")
            self._forget_failed(name, version)
            slot = Slot(name, version)
            self._others.append(slot)
            return slot

    def _retire(self, slot: Slot) -> None:
        slot.state = "draining"
        self._others.append(slot)
        if not slot.users:
            self._end(slot)

    def _end(self, slot: Slot) -> None:
        if slot in self._others:
            self._others.remove(slot)
        slot.end_aside()

    def _take_out(self, name: str, version: str) -> None:
        del self._slots[name][version]
        kept = {alias: target for alias, target in self._aliases[name].items() if target != version}
        self._aliases[name] = kept
        if not self._slots[name]:
            del self._slots[name], self._aliases[name]

    def _others_of(self, name: str, version: str) -> list[Slot]:
        return [one for one in self._others if (one.name, one.version) == (name, version) and one.state != "draining"]

    def _forget_failed(self, name: str, version: str) -> bool:
        failed = [one for one in self._others_of(name, version) if one.state == "failed"]
        for slot in failed:
            self._others.remove(slot)
        return bool(failed)

    # References

    def _find(self, reference: str) -> Slot:
        if "@" in reference:
            name, _, alias = reference.partition("@")
            return self._aliased(name, alias)
        name, _, version = reference.partition("/")
        return self._versioned(name, version) if version else self._default(name)

    def _versions(self, name: str) -> dict[str, Slot]:
        """Those that answer; without one, those that load or failed."""
        if versions := self._slots.get(name):
            return versions
        if others := {one.version: one for one in self._others if one.name == name and one.state != "draining"}:
            return others
        help = suggest(name, self._slots) if self._slots else "no model is loaded."
        raise NotFound(f"There is no model {shown(name)}.", help=help)

    def _versioned(self, name: str, version: str) -> Slot:
        versions = self._versions(name)
        if version in versions:
            return versions[version]
        if others := self._others_of(name, version):
            return others[-1]
        raise NotFound(
            f"Model '{name}' has no version {shown(version)} here.", help=f"versions: {', '.join(versions)}."
        )

    def _aliased(self, name: str, alias: str) -> Slot:
        versions, aliases = self._versions(name), self._aliases.get(name, {})
        if alias not in aliases:
            there = f"aliases: {', '.join(sorted(aliases))}" if aliases else "it has none"
            raise NotFound(
                f"Model '{name}' has no alias {shown(alias)}.", help=f"{there}; versions: {', '.join(versions)}."
            )
        return versions[aliases[alias]]

    def _default(self, name: str) -> Slot:
        versions = self._versions(name)
        return versions[self._aliases.get(name, {}).get(CHAMPION, next(reversed(versions)))]

    def _info(self, model: Model) -> ModelInfo:
        pointing = self._aliases[model.name].items()
        return model.info([alias for alias, version in pointing if version == model.version])


class Lease:
    """A model that stays open for a block."""

    __slots__ = ("_reference", "_slot", "_table")

    def __init__(self, table: ModelTable, reference: str) -> None:
        self._table, self._reference = table, reference
        self._slot: Slot | None = None

    def __enter__(self) -> Model:
        self._slot, model = self._table.take(self._reference)
        return model

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._slot is not None  # it was entered
        self._table.give_back(self._slot)


def _model_of(slot: Slot) -> Model:
    if slot.state != "ready" or slot.model is None:
        raise slot.refuse()
    return slot.model


def _set_event() -> threading.Event:
    event = threading.Event()
    event.set()
    return event

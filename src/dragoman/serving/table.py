"""Which model answers to which name."""

from __future__ import annotations

from collections.abc import Collection

from dragoman.errors import NotFound
from dragoman.registry.uri import CHAMPION
from dragoman.serving.info import ModelInfo
from dragoman.serving.model import Model
from dragoman.serving.suggestion import shown, suggest

__all__ = ["ModelTable"]


class ModelTable:
    """The loaded models, by `name`, `name@alias` or `name/version`.

    A bare name means the champion, or without one the version added last.
    """

    def __init__(self) -> None:
        self._models: dict[str, dict[str, Model]] = {}  # by name, then by version
        self._aliases: dict[str, dict[str, str]] = {}  # by name, then alias → version

    def add(self, model: Model, *, aliases: Collection[str] = ()) -> None:
        """Answer with this model from now on. An alias that pointed elsewhere moves here."""
        self._models.setdefault(model.name, {})[model.version] = model
        self._aliases.setdefault(model.name, {}).update(dict.fromkeys(aliases, model.version))

    def get(self, reference: str) -> Model:
        """The model of a reference. Raises `NotFound` naming what there is."""
        if "@" in reference:
            name, _, alias = reference.partition("@")
            return self._aliased(name, alias)
        name, _, version = reference.partition("/")
        return self._versioned(name, version) if version else self._default(name)

    def info(self, reference: str) -> ModelInfo:
        """What `get` would answer with, described."""
        return self._info(self.get(reference))

    def rows(self) -> list[ModelInfo]:
        """All models, described, in the order in which they were added."""
        return [self._info(model) for versions in self._models.values() for model in versions.values()]

    def close(self) -> None:
        """Close all models and forget them."""
        for versions in self._models.values():
            for model in versions.values():
                model.close()
        self._models.clear()
        self._aliases.clear()

    def _versions(self, name: str) -> dict[str, Model]:
        if name not in self._models:
            help = suggest(name, self._models) if self._models else "no model is loaded."
            raise NotFound(f"There is no model {shown(name)}.", help=help)
        return self._models[name]

    def _versioned(self, name: str, version: str) -> Model:
        versions = self._versions(name)
        if version not in versions:
            raise NotFound(
                f"Model '{name}' has no version {shown(version)} here.", help=f"versions: {', '.join(versions)}."
            )
        return versions[version]

    def _aliased(self, name: str, alias: str) -> Model:
        versions, aliases = self._versions(name), self._aliases[name]
        if alias not in aliases:
            there = f"aliases: {', '.join(sorted(aliases))}" if aliases else "it has none"
            raise NotFound(
                f"Model '{name}' has no alias {shown(alias)}.", help=f"{there}; versions: {', '.join(versions)}."
            )
        return versions[aliases[alias]]

    def _default(self, name: str) -> Model:
        versions = self._versions(name)
        return versions[self._aliases[name].get(CHAMPION, next(reversed(versions)))]

    def _info(self, model: Model) -> ModelInfo:
        return model.info([alias for alias, version in self._aliases[model.name].items() if version == model.version])

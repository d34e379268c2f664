"""A feature view: named columns about an entity, computed from events."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from dragoman.errors import DragomanError, InvalidInput, InvalidSpec
from dragoman.features.entity import Entity
from dragoman.features.events import Events
from dragoman.features.expressions import Aggregate, Expression, Type, aggregates_of, require_feature, type_of
from dragoman.features.naming import require_names, require_text, require_view_name
from dragoman.features.source_types import types_of
from dragoman.features.times import length_of, length_text
from dragoman.records import ViewColumn

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: imported where it is used

__all__ = ["View"]

MEANING = 1  # of a definition: raised when the same one gives other values


@dataclass(frozen=True, init=False, eq=False)
class View:
    """Features of an entity, as expressions over its events. `VIEW.FEATURE` is what one is called elsewhere.

    `ttl` is how long an event counts in what has no window of its own, such as "90d"; without it, for ever. Raises
    `InvalidSpec` for anything that cannot be a view.
    """

    name: str
    entity: Entity
    source: Events
    features: Mapping[str, Expression]
    owner: str
    ttl: int | None  # microseconds
    description: str

    def __init__(
        self,
        name: str,
        *,
        entity: Entity,
        source: Events,
        features: Mapping[str, Expression],
        owner: str,
        ttl: str | None = None,
        description: str = "",
    ) -> None:
        require_view_name(name, "A view")
        require_text(owner, f"The owner of the view '{name}'", 'Say who answers for it: owner="team@example.com".')
        _require_parts(name, entity, source)
        _require_features(name, features)
        try:
            length = None if ttl is None else length_of(ttl, what=f"The ttl of the view '{name}'")
        except InvalidInput as error:
            raise InvalidSpec(error.message, help=error.help) from None
        values = {"name": name, "entity": entity, "source": source, "features": dict(features)}
        for field, value in {**values, "owner": owner, "ttl": length, "description": description}.items():
            object.__setattr__(self, field, value)
        _require_cases(self)

    @property
    def aggregates(self) -> list[Aggregate]:
        """What the features are made of, each once, in the order of the features."""
        return list(dict.fromkeys(one for feature in self.features.values() for one in aggregates_of(feature)))

    @property
    def columns_read(self) -> list[str]:
        """Names of the source's columns that the view reads, each once: keys, times, id, and those of expressions."""
        source, inner = self.source, [name for feature in self.features.values() for name in feature.columns]
        return list(dict.fromkeys([*self.entity.keys, *source.times, *([source.id] if source.id else []), *inner]))

    def window_of(self, aggregate: Aggregate) -> int | None:
        """How long an event counts in an aggregate of the view, in microseconds; None: for ever."""
        return self.ttl if aggregate.window is None else aggregate.window

    def columns(self, schema: pa.Schema) -> list[ViewColumn]:
        """The features with their types, where the source has the columns of `schema`.

        Raises `InvalidSpec` for a feature whose expression does not fit them.
        """
        types = types_of(schema)
        return [self._column(name, feature, types) for name, feature in self.features.items()]

    def definition(self) -> dict[str, Any]:
        """The view as plain data for JSON, as it is stored. `from_definition` is the way back."""
        return {
            "name": self.name,
            "entity": self.entity.to_plain(),
            "source": self.source.to_plain(),
            "ttl": self.ttl,
            "features": {name: feature.to_plain() for name, feature in self.features.items()},
            "owner": self.owner,
            "description": self.description,
        }

    @classmethod
    def from_definition(cls, plain: Mapping[str, Any]) -> View:
        """The view of `definition`. Raises `InvalidSpec`."""
        ttl = plain["ttl"]
        features = {name: Expression.from_plain(feature) for name, feature in plain["features"].items()}
        return cls(
            plain["name"],
            entity=Entity.from_plain(plain["entity"]),
            source=Events.from_plain(plain["source"]),
            features=features,
            owner=plain["owner"],
            ttl=None if ttl is None else length_text(ttl),
            description=plain["description"],
        )

    @property
    def digest(self) -> str:
        """SHA-256 of everything that changes a value, and of the names; owner and description may change."""
        definition = self.definition()
        parts = {name: definition[name] for name in ("name", "source", "ttl", "features")}
        whole = {"meaning": MEANING, "keys": list(self.entity.keys), **parts}
        return hashlib.sha256(msgspec.json.encode(whole, order="deterministic")).hexdigest()

    def _column(self, name: str, feature: Expression, types: Mapping[str, Type]) -> ViewColumn:
        try:
            return ViewColumn(name=name, type=type_of(feature, types), expression=feature.text)
        except DragomanError as error:
            raise InvalidSpec(f"The feature '{self.name}.{name}': {error.message}", help=error.help) from None


def _require_parts(name: str, entity: Entity, source: Events) -> None:
    for part, kind in ((entity, Entity), (source, Events)):
        if not isinstance(part, kind):
            raise InvalidSpec(f"The view '{name}' has {part!r} where it needs {kind.__name__}(…).", help="Make one.")


def _require_features(view: str, features: Mapping[str, Expression]) -> None:
    if not isinstance(features, Mapping) or not features:
        raise InvalidSpec(f"The view '{view}' has no features.", help='Name some: features={"orders": count()}.')
    require_names(features, f"A feature of the view '{view}'")
    for name, feature in features.items():
        if not isinstance(feature, Expression):
            raise InvalidSpec(f"The feature '{view}.{name}' is {feature!r}.", help="Begin it with col(…) or count().")
        try:
            require_feature(feature)
        except DragomanError as error:
            raise InvalidSpec(f"The feature '{view}.{name}': {error.message}", help=error.help) from None


def _require_cases(view: View) -> None:
    """SQL does not tell columns apart by case."""
    names: dict[str, str] = {}
    for name in view.columns_read:
        if names.setdefault(name.casefold(), name) != name:
            raise InvalidSpec(
                f"The view '{view.name}' reads the columns '{names[name.casefold()]}' and '{name}'.",
                help="Names that differ in case alone are not told apart; rename one in the source.",
            )

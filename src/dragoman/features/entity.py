"""What features are about: a customer, a shop, a pair of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dragoman.errors import InvalidSpec
from dragoman.features.naming import require_text, require_view_name

__all__ = ["Entity"]


@dataclass(frozen=True, init=False)
class Entity:
    """A kind of thing, and the columns that name one of them. The columns have the same names in events and in rows.

    Raises `InvalidSpec` for a bad name, and for keys that are none, or not different.
    """

    name: str
    keys: tuple[str, ...]

    def __init__(self, name: str, *, keys: Sequence[str]) -> None:
        require_view_name(name, "An entity")
        if isinstance(keys, str) or not keys:
            raise InvalidSpec(f"The entity '{name}' has the keys {keys!r}.", help='Name a list: keys=["customer_id"].')
        for key in keys:
            require_text(key, f"A key of the entity '{name}'", "Name a column.")
        if len(set(keys)) < len(keys):
            raise InvalidSpec(f"The entity '{name}' names a key twice: {', '.join(keys)}.", help="Leave one out.")
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "keys", tuple(keys))

    def to_plain(self) -> dict[str, Any]:
        """The entity as plain data."""
        return {"name": self.name, "keys": list(self.keys)}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Entity:
        """The entity of plain data."""
        return cls(plain["name"], keys=plain["keys"])

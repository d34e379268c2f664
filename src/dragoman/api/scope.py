"""The models that a caller sees: those of the server, less those that its key is not for."""

from __future__ import annotations

from collections.abc import Collection

from dragoman.api.principal import asking, name_in
from dragoman.errors import NotFound
from dragoman.serving.info import ModelInfo
from dragoman.serving.slot import VersionState
from dragoman.serving.suggestion import shown
from dragoman.serving.table import Lease, ModelTable

__all__ = ["ModelsInScope"]


class ModelsInScope:
    """A table of models as whoever asks may see it. Others are refused, whether they are there or not."""

    def __init__(self, table: ModelTable) -> None:
        self._table = table

    def lease(self, reference: str) -> Lease:
        """As of the table. Raises also `Forbidden`."""
        self._check(reference)
        return self._table.lease(reference)

    def info(self, reference: str) -> ModelInfo:
        """As of the table. Raises also `Forbidden`."""
        self._check(reference)
        return self._table.info(reference)

    def rows(self) -> list[ModelInfo]:
        """Those that answer and are in scope."""
        return [row for row in self._table.rows() if asking().sees(row.name)]

    def first(self, tasks: Collection[str] = ()) -> str | None:
        """The name of the model in scope added first that does one of the tasks, any without."""
        if asking().models is None:
            return self._table.first(tasks)
        return next((row.name for row in self.rows() if not tasks or row.task in tasks), None)

    def states(self) -> list[VersionState]:
        """How each version in scope is doing."""
        return [one for one in self._table.states() if asking().sees(one.name)]

    def _check(self, reference: str) -> None:
        caller = asking()
        caller.check_model(reference)
        if caller.models is not None and not any(one.name == name_in(reference) for one in self._table.states()):
            raise NotFound(  # the table would name others
                f"There is no model {shown(name_in(reference))}.",
                help="GET /v1/models lists those there are for the key.",
            )

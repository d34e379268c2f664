"""The offline side of features: what every row of a table could have known at its time.

`join_as_of` adds the features of views to rows; `sources` are where the events of views are read.
"""

from __future__ import annotations

from dragoman.features.offline.join import MEMORY, join_as_of
from dragoman.features.offline.sources import EventSources, WorkspaceSources

__all__ = ["MEMORY", "EventSources", "WorkspaceSources", "join_as_of"]

"""Texts that are the same, or nearly: in any script, among millions, without comparing each with each.

```python
found = find_duplicates(texts, near=0.7)
found.same        # [texts] row → the first row with the same text in normal form
found.pairs       # [pairs, 2] near-duplicates among these first rows
found.clusters()  # [texts] row → the first row of its cluster
```
"""

from __future__ import annotations

from dragoman.data.duplicates.bands import Bands, chance_of_missing
from dragoman.data.duplicates.components import components_of
from dragoman.data.duplicates.finder import find_duplicates
from dragoman.data.duplicates.found import Duplicates
from dragoman.data.duplicates.normal_form import digest_texts
from dragoman.data.duplicates.verification import similarity_of

__all__ = [
    "Bands",
    "Duplicates",
    "chance_of_missing",
    "components_of",
    "digest_texts",
    "find_duplicates",
    "similarity_of",
]

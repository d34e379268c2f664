"""Models of tables: how rows become numbers, trees that read them, and the graph that a server runs.

```python
schema = FeatureSchema.from_table(table, columns=["plan", "age"])
model = open_tabular(folder)
model.session.predict(schema.encode([{"plan": "gold", "age": 41}]))
```
"""

from __future__ import annotations

from dragoman.models.tabular.intervals import Intervals, fit_intervals
from dragoman.models.tabular.schema import FEATURES_FILE, FeatureSchema
from dragoman.models.tabular.trees import TREES_FILE, TreeModel

__all__ = ["FEATURES_FILE", "TREES_FILE", "FeatureSchema", "Intervals", "TreeModel", "fit_intervals"]

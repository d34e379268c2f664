"""Features: what a model is told about a customer, a shop or a station, from the events that were known at a time.

```python
from dragoman.features import Entity, Events, View, col, count

customer = Entity("customer", keys=["customer_id"])
activity = View(
    "customer_activity",
    entity=customer,
    source=Events("orders", time="ordered_at", available="loaded_at", id="order_id"),
    ttl="90d",
    owner="growth@example.com",
    features={"orders_30d": count().over("30d"), "spent": col("amount").sum(), "last_city": col("city").last()},
)
```

`loading` reads such files, `offline` joins their values to rows as of a time, `online` keeps them ready for requests.
"""

from __future__ import annotations

from dragoman.features.entity import Entity
from dragoman.features.events import Events
from dragoman.features.expressions import (
    Expression,
    coalesce,
    col,
    concat,
    count,
    days_since,
    hours_since,
    if_else,
    lit,
)
from dragoman.features.view import View

__all__ = [
    "Entity",
    "Events",
    "Expression",
    "View",
    "coalesce",
    "col",
    "concat",
    "count",
    "days_since",
    "hours_since",
    "if_else",
    "lit",
]

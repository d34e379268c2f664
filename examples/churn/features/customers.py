"""What is known of a customer when they write: how much they listen, and whether their payments work."""

from __future__ import annotations

from dragoman.features import Entity, Events, View, coalesce, col, count, days_since

customer = Entity("customer", keys=["customer_id"])

is_use = col("kind") == "use"
uses_14d = count().where(is_use).over("14d")
uses_60d = count().where(is_use).over("60d")

activity = View(
    "customer_activity",
    entity=customer,
    source=Events("events", time="happened_at", available="known_at", id="event_id"),
    ttl="90d",
    owner="growth@example.com",
    features={
        "uses_14d": uses_14d,
        "uses_60d": uses_60d,
        "use_trend": uses_14d / uses_60d,
        "minutes_30d": coalesce(col("minutes").sum().over("30d"), 0),
        "failed_60d": count().where(col("status") == "failed").over("60d"),
        "days_since_use": days_since(col("happened_at").last().where(is_use)),
        "last_payment": col("status").last(),
    },
)

"""A small table, specs that learn from it in a second, and a workspace around both."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from dragoman.app import Workspace, open_workspace
from dragoman.spec import ModelSpec, convert_spec

ROWS = 600
COLUMNS = ["age", "plan", "spent", "active"]
TREES = {"rounds": 60, "patience": 10, "learning_rate": 0.2, "leaves": 8}


def table(rows: int = ROWS, *, seed: int = 0) -> dict[str, list[Any]]:
    """Customers: `left` and `price` depend on all columns but `noise`; some of `spent` is missing."""
    random = np.random.default_rng(seed)
    age, plan = random.integers(18, 80, size=rows), random.choice(["gold", "silver", "free"], size=rows)
    spent, active = np.round(random.gamma(2, 50, size=rows), 2), random.random(rows) < 0.5
    risk = (age < 30) * 2.0 + (plan == "free") * 1.5 - spent / 100 - active
    price = 100 + age * 2 + (plan == "gold") * 50 + random.normal(size=rows) * (3 + age / 5)
    return {
        "id": [f"c{number}" for number in range(rows)],
        "age": age.tolist(),
        "plan": plan.tolist(),
        "spent": [
            None if lost else value for lost, value in zip(random.random(rows) < 0.1, spent.tolist(), strict=True)
        ],
        "active": active.tolist(),
        "noise": random.normal(size=rows).tolist(),
        "language": random.choice(["de", "pt"], size=rows).tolist(),
        "left": np.where(risk + random.logistic(size=rows) > 0, "yes", "no").tolist(),
        "price": np.round(price, 2).tolist(),
    }


def arrow(**changes: Any) -> pa.Table:
    """The table, with other columns where `changes` say so; None takes one out."""
    columns = {**table(), **changes}
    return pa.table({name: values for name, values in columns.items() if values is not None})


def plain(task: str = "tabular-classification", **changes: Any) -> dict[str, Any]:
    """A spec as plain data; `changes` are whole sections."""
    data = {"files": ["data/*.csv"], "target": "left" if task.endswith("classification") else "price"}
    labels = {"labels": ["no", "yes"]} if task.endswith("classification") else {}
    return {
        "name": "customers",
        "owner": "team@example.com",
        "task": task,
        "data": data | labels,
        "features": {"columns": COLUMNS},
        "trees": TREES,
        **changes,
    }


def spec(task: str = "tabular-classification", **changes: Any) -> ModelSpec:
    return convert_spec(plain(task, **changes))


def write_rows(path: Path, columns: dict[str, list[Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def write_spec(root: Path, task: str = "tabular-classification", extra: str = "") -> None:
    made = plain(task)
    lines = [f'{key} = "{made[key]}"' for key in ("name", "owner", "task")]
    for section in ("data", "features", "trees"):
        lines.append(f"[{section}]")
        lines += [f"{key} = {value!r}" for key, value in made[section].items()]
    (root / "models").mkdir(parents=True, exist_ok=True)
    (root / "models" / "customers.toml").write_text("\n".join(lines) + "\n" + extra, encoding="utf-8")


def workspace(root: Path, task: str = "tabular-classification", extra: str = "", **columns: Any) -> Workspace:
    """A workspace with the table as CSV; `columns` replace some, or take them out."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "dragoman.toml").write_text("")
    write_spec(root, task, extra)
    whole = {**table(), **columns}
    write_rows(root / "data" / "rows.csv", {name: values for name, values in whole.items() if values is not None})
    return open_workspace(root)

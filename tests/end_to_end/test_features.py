"""Features from files to answers: applied, materialized, trained on, served, and held against the events again."""

import json
import signal
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from tests.features.world import FILE, write_features

from dragoman import open_workspace
from dragoman.cli import cli
from dragoman.errors import Unavailable

from .test_serve import post, serving

NOW = datetime.now(UTC).replace(microsecond=0)
CUSTOMERS = 90
TYPES = {
    "order_id": "string",
    "customer_id": "string",
    "ordered_at": "time",
    "loaded_at": "time",
    "amount": "number",
    "category": "string",
}
CONTRACT = "".join(f'[columns.{name}]\ntype = "{kind}"\nrequired = true\n' for name, kind in TYPES.items())
SPEC = """
name = "churn"
owner = "team@example.com"
task = "tabular-classification"

[data]
files = ["data/asked.jsonl"]
labels = ["stays", "leaves"]
time = "asked_at"

[features]
columns = ["plan"]
views = ["activity"]

[trees]
rounds = 30

[slo]
freshness_seconds = 864000
"""


def is_loyal(number):
    return number % 3 > 0


def order(number, customer, days):
    at = (NOW - timedelta(days=days)).isoformat()
    return {
        "order_id": f"o{number}",
        "customer_id": f"c{customer}",
        "ordered_at": at,
        "loaded_at": at,
        "amount": 10.0 + number % 7,
        "category": ("Shoes", "Hats")[number % 2],
    }


def orders():
    """A loyal customer orders every five days, another one has stopped 45 days ago."""
    number = 0
    for customer in range(CUSTOMERS):
        for days in range(2, 80, 5):
            if is_loyal(customer) or days > 45:
                number += 1
                yield order(number, customer, days)


def asked():
    for customer in range(CUSTOMERS):
        for turn, days in enumerate((1, 4, 8)):
            yield {
                "id": f"{customer}-{turn}",
                "customer_id": f"c{customer}",
                "asked_at": (NOW - timedelta(days=days)).isoformat(),
                "plan": ("gold", "silver")[customer % 2],
                "label": "stays" if is_loyal(customer) else "leaves",
                "split": ("train", "train", "dev", "test")[customer % 4],
            }


def write_lines(path, rows):
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def command(root, *arguments, exit_code=0, input=None):
    done = CliRunner().invoke(cli, [*map(str, arguments), "-w", str(root)], input=input)
    assert done.exit_code == exit_code, (done.output, done.exception)
    return done.output


def told(root, *arguments, **how):
    return json.loads(command(root, *arguments, "--json", **how))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A workspace whose model reads a view, with a server's predictions in its log."""
    root = tmp_path_factory.mktemp("features") / "shop"
    for folder in ("models", "contracts"):
        (root / folder).mkdir(parents=True)
    (root / "dragoman.toml").touch()
    (root / "contracts" / "orders.toml").write_text(CONTRACT)
    (root / "models" / "churn.toml").write_text(SPEC)
    write_features(root)
    write_lines(root / "data" / "orders.jsonl", orders())
    write_lines(root / "data" / "asked.jsonl", asked())
    command(root, "data", "ingest", "orders", root / "data" / "orders.jsonl")
    assert "+ activity: new of customer from orders, read by churn" in command(root, "features", "plan")
    command(root, "features", "apply")
    command(root, "features", "materialize")
    open_workspace(root).train(report=lambda progress: None)
    return root


@pytest.fixture(scope="module")
def served(root):
    """The answers of a server, by customer."""
    with serving("serve", "-w", root) as (child, url):
        answers = {}
        for customer in range(12):
            body = {"inputs": [{"key": f"c{customer}", "features": {"plan": "gold"}}]}
            status, answer = post(f"{url}/v1/models/churn/predict", body)
            assert status == 200, answer
            answers[customer] = answer["predictions"][0]
        with urllib.request.urlopen(f"{url}/metrics", timeout=10) as response:
            answers["metrics"] = response.read().decode()
        child.send_signal(signal.SIGTERM)
        child.wait(30)
    return answers


def label_of(answer):
    return answer["labels"][0]["label"]


def test_training_sees_what_was_known_and_serving_what_is(root, served):
    assert {customer: label_of(served[customer]) for customer in range(12)} == {
        customer: "stays" if is_loyal(customer) else "leaves" for customer in range(12)
    }


def test_the_bundle_pins_the_definition_and_the_version_of_its_source(root):
    place = open_workspace(root)
    (pin,) = place.registry.open(place.registry.resolve("churn")).lineage.views
    assert (pin.name, pin.digest) == ("activity", place.features.applied("activity").digest)
    assert (pin.dataset, pin.dataset_number) == ("orders", place.tables.latest("orders"))


def test_online_values_are_those_of_the_source(root):
    online, offline = (told(root, "features", "get", "activity", "c1", *how) for how in ([], ["--offline"]))
    assert online["values"] == offline["values"]
    command(root, "features", "verify", "activity", "--keys", "40")


def test_the_server_tells_how_fresh_its_features_are(served):
    assert 'dragoman_feature_rows{digest="' in served["metrics"]
    assert "dragoman_feature_freshness_seconds{" in served["metrics"]


def test_freshness_names_the_model_that_reads_the_rows_and_its_target(root, served):
    (row,) = told(root, "features", "freshness")
    assert (row["models"], row["target"], row["stale"], row["rows"]) == (["churn"], 864_000, False, CUSTOMERS)


def test_what_was_served_has_no_skew(root, served):
    (report,) = told(root, "features", "skew", "churn")
    assert (report["rows"], report["strangers"], report["version"]) == (12, 0, "1")
    assert {one["feature"] for one in report["features"]} == {
        "activity.orders_30d",
        "activity.spent",
        "activity.last_category",
    }
    for one in report["features"]:
        assert (one["n"], one["equal"], one["differing"], one["late"]) == (12, 12, 0, 0)
    assert {one["feature"] for one in report["shifts"]} >= {"plan", "activity.spent"}


def test_events_that_come_late_are_told_apart(root, served):
    late = order(9_001, 1, 3) | {"loaded_at": (datetime.now(UTC) + timedelta(seconds=1)).isoformat()}
    write_lines(root / "data" / "late.jsonl", [late])
    command(root, "data", "ingest", "orders", root / "data" / "late.jsonl", "--append")
    (report,) = told(root, "features", "skew", "churn")
    (spent,) = [one for one in report["features"] if one["feature"] == "activity.spent"]
    assert (spent["differing"], spent["late"], spent["largest_late"]) == (0, 1, late["amount"])


def test_a_changed_definition_changes_no_answer(root, served):
    place = open_workspace(root)
    write_features(root, FILE.replace('over("30d")', 'over("3d")'))
    shown = command(root, "features", "plan")
    assert "! churn/1, the champion, answers from" in shown
    command(root, "features", "apply")
    command(root, "features", "materialize")
    assert len(told(root, "features", "freshness")) == 2
    model = place.load("churn")
    (answer,) = model.predict([{"key": "c1", "features": {"plan": "gold"}}])
    model.close()
    assert answer.label == label_of(served[1])
    write_features(root)
    command(root, "features", "apply")


def test_without_rows_of_its_definition_a_version_is_not_loaded(root, tmp_path):
    place = open_workspace(root, online="")
    place.features.store = empty = type(place.features.store)(tmp_path / "online.sqlite")
    with pytest.raises(Unavailable, match="The view 'activity' has no online rows"):
        place.load("churn")
    empty.close()


def test_a_row_that_somebody_changed_is_found(root, served):
    place = open_workspace(root)
    digest = place.features.applied("activity").digest
    (space,) = [one.name for one in place.features.store.namespaces() if f"activity@{digest}/" in one.name]
    (other,) = place.features.store.rows([(space, "c2")])
    place.features.store.put(space, {"c0": other})
    assert "customer_id=c0" in command(root, "features", "verify", "activity", exit_code=1)
    with serving("serve", "-w", root) as (child, url):
        post(f"{url}/v1/models/churn/predict", {"inputs": [{"key": "c0", "features": {"plan": "gold"}}]})
        child.send_signal(signal.SIGTERM)
        child.wait(30)
    shown = command(root, "features", "skew", "churn", "--last", 1, exit_code=1)
    assert "was served, the events give" in shown

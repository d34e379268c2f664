from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.registry.records import report, value_report
from tests.training.world import small_dataset, small_spec

from dragoman.errors import GateFailed, InvalidData
from dragoman.records import Version
from dragoman.spec import GatesSpec, ServingSpec
from dragoman.training.gates import check_gates
from dragoman.training.runs import fail_run, metrics_of, result_of, run_id_of, start_run

VERSION = Version(model="support", number=3, bundle="b", run="r", owner="o", created="c")


def test_the_same_spec_and_data_give_the_same_run() -> None:
    assert run_id_of(small_spec(), "data") == run_id_of(small_spec(), "data")


def test_other_data_or_another_seed_is_another_run() -> None:
    ids = {run_id_of(small_spec(), "data"), run_id_of(small_spec(), "more data"), run_id_of(small_spec(seed=1), "data")}
    assert len(ids) == 3


def test_gates_and_serving_do_not_make_another_run() -> None:
    changed = msgspec.structs.replace(small_spec(), gates=GatesSpec(accuracy=0.9), serving=ServingSpec(threads=1))
    assert run_id_of(changed, "data") == run_id_of(small_spec(), "data")


def test_a_run_records_code_packages_and_hardware(tmp_path: Path) -> None:
    run = start_run(small_spec(), small_dataset(), tmp_path)
    assert run.code["dragoman_digest"]
    assert run.environment["torch"].startswith("2.")
    assert {"pytest", "numpy", "sqlalchemy"} <= run.environment.keys()
    assert int(run.hardware["cores"]) >= 1
    assert run.dataset_digest == small_dataset().digest


def test_an_unexpected_error_is_recorded_by_its_class_only(tmp_path: Path) -> None:
    run = start_run(small_spec(), small_dataset(), tmp_path)
    assert fail_run(run, ValueError("internal")).message == "ValueError"
    assert fail_run(run, InvalidData("line 3 is broken")).message == "line 3 is broken"


def test_a_version_passes_on_its_floors_and_fails_below() -> None:
    gates = GatesSpec(accuracy=0.9, worst_language_accuracy=0.75)
    check_gates(gates, {"accuracy": 0.9, "worst_language_accuracy": 0.75}, VERSION)
    with pytest.raises(GateFailed, match=r"models:/support/3 does not pass its gates: worst_language_accuracy 0\.740"):
        check_gates(gates, {"accuracy": 0.95, "worst_language_accuracy": 0.74}, VERSION)


def test_other_features_of_views_are_another_run_and_none_is_the_old_name() -> None:
    plain = run_id_of(small_spec(), "data")
    assert run_id_of(small_spec(), "data", features="") == plain
    assert (
        len({plain, run_id_of(small_spec(), "data", features="a"), run_id_of(small_spec(), "data", features="b")}) == 3
    )


@pytest.mark.parametrize(
    ("gates", "message"),
    [
        (GatesSpec(skill=0.5), r"skill 0\.400 < 0\.500"),
        (GatesSpec(coverage=0.95), r"coverage 0\.900 < 0\.950"),
        (GatesSpec(accuracy=0.1), "accuracy is not measured of this kind of model"),
        (GatesSpec(roc_auc=0.1), "roc_auc is not measured"),
    ],
)
def test_a_model_of_numbers_is_held_to_its_own_gates(gates: GatesSpec, message: str) -> None:
    metrics = metrics_of(value_report())
    check_gates(GatesSpec(skill=0.4, coverage=0.9), metrics, VERSION)
    with pytest.raises(GateFailed, match=message):
        check_gates(gates, metrics, VERSION)


def test_no_skill_at_all_is_a_gate_that_can_be_asked_for() -> None:
    with pytest.raises(GateFailed, match=r"skill -0\.100 < 0\.000"):
        check_gates(GatesSpec(skill=0.0), {"skill": -0.1}, VERSION)
    check_gates(GatesSpec(), {"skill": -0.1}, VERSION)


def test_a_run_remembers_what_was_measured_and_says_it() -> None:
    assert metrics_of(value_report()) == {"mae": 12.5, "rmse": 20.0, "r2": 0.8, "skill": 0.4, "coverage": 0.9}
    assert result_of(metrics_of(value_report())) == "mean absolute error 12.5, skill 0.400"
    assert result_of(metrics_of(report(en=0.9, ru=0.8))) == "accuracy 0.900, worst language 0.800"
    assert result_of({"accuracy": 0.9, "worst_language_accuracy": 0.8, "roc_auc": 0.7}).endswith(", ROC AUC 0.700")

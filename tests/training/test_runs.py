from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.training.world import small_dataset, small_spec

from dragoman.errors import GateFailed, InvalidData
from dragoman.records import Version
from dragoman.spec import GatesSpec, ServingSpec
from dragoman.training.gates import check_gates
from dragoman.training.runs import fail_run, run_id_of, start_run

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

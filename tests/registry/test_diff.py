from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.registry.records import bundle, dataset, report, run, value_report, version
from tests.training.world import small_spec

from dragoman.records import BundleFile, Manifest
from dragoman.registry.bundle import Calibration
from dragoman.registry.diff import Change, Side, diff_versions


def side(number: int = 1, *, data: Any = None, training: Any = None, **changes: Any) -> Side:
    return Side(version(number), training or run(), data or dataset(), bundle(**changes))


def changes(found: list[Change]) -> dict[str, tuple[Any, Any]]:
    return {one.name: (one.a, one.b) for one in found}


def test_equal_versions_have_no_differences() -> None:
    found = diff_versions(side(1), side(2))

    fields = ("spec", "data", "scores", "environment", "code", "form", "tokenizer", "files")
    assert [getattr(found, field) for field in fields] == [[]] * len(fields)
    assert (found.a, found.b, found.same_texts) == ("models:/small/1", "models:/small/2", True)


def test_keys_of_the_spec_are_named_as_in_toml() -> None:
    found = diff_versions(side(), side(spec=small_spec(seed=3, base={"max_tokens": 12})))

    assert changes(found.spec) == {"base.max_tokens": (24, 12), "training.seed": (0, 3)}


def test_of_two_lists_only_the_members_that_differ_are_shown() -> None:
    more = msgspec.structs.replace(small_spec(), languages=["en", "ru", "sw"])
    turned = msgspec.structs.replace(small_spec(), languages=["ru", "en"])

    assert changes(diff_versions(side(), side(spec=more)).spec) == {"languages": ([], ["sw"])}
    assert changes(diff_versions(side(), side(spec=turned)).spec) == {"languages": (["en", "ru"], ["ru", "en"])}


def test_rows_are_compared_per_split_language_and_label() -> None:
    other = dataset(rows=110, languages={"en": 70, "ru": 40, "sw": 1}, labels={"invoice": 50, "refund": 60})

    assert changes(diff_versions(side(), side(data=other)).data) == {
        "rows": (100, 110),
        "rows of language en": (60, 70),
        "rows of language sw": (None, 1),
        "rows of label refund": (50, 60),
    }


def test_sources_are_compared_without_a_record_of_the_dataset_too() -> None:
    lineage = bundle().lineage
    new = msgspec.structs.replace(lineage, dataset_number=1, dataset_digest="f" * 64, sources={"a.jsonl": "1" * 64})
    found = diff_versions(side()._replace(dataset=None), side(lineage=new)._replace(dataset=None))

    assert changes(found.data) == {
        "dataset": ("small, version 0", "small, version 1"),
        "digest": ("d" * 64, "f" * 64),
        "source a.jsonl": (None, "1" * 64),
    }


def test_results_come_with_differences_and_say_whether_intervals_overlap() -> None:
    found = diff_versions(side(), side(evaluation=report(en=0.7, ru=0.85)))

    assert [(one.language, one.difference, one.overlap) for one in found.scores] == [
        ("", pytest.approx(-0.2), False),
        ("en", pytest.approx(-0.2), False),
        ("ru", pytest.approx(0.05), True),
    ]


def test_a_language_of_one_side_only_is_shown_without_a_difference() -> None:
    found = diff_versions(side(), side(evaluation=report(en=0.9, sw=0.8)))

    assert [(one.language, one.a, one.b, one.difference) for one in found.scores] == [
        ("ru", 0.8, None, None),
        ("sw", None, 0.8, None),
    ]


def test_results_without_intervals_are_compared_too() -> None:
    other = msgspec.structs.replace(report(en=0.9, ru=0.8), macro_f1=0.8, calibration_error=0.05)
    found = diff_versions(side(), side(evaluation=other))

    assert [(one.name, one.difference, one.overlap) for one in found.scores] == [
        ("macro_f1", pytest.approx(-0.1), None),
        ("calibration_error", pytest.approx(0.02), None),
    ]


def test_packages_and_code_are_compared() -> None:
    other = run(environment={"numpy": "2.1", "torch": "2.1", "msgspec": "1"}, code={"dragoman": "2"})
    found = diff_versions(side(), side(training=other))

    assert changes(found.environment) == {"numpy": ("2.0", "2.1"), "msgspec": (None, "1")}
    assert changes(found.code) == {"dragoman": ("1", "2")}


def test_other_data_are_other_texts() -> None:
    assert not diff_versions(side(), side(training=run(dataset_digest="f" * 64))).same_texts


def test_tokenizers_and_temperatures_are_compared() -> None:
    found = diff_versions(side(), side(digests="b", max_tokens=8, calibration=Calibration(temperature=1.5)))

    assert changes(found.form) == {"temperature": (1.0, 1.5)}
    assert changes(found.tokenizer) == {
        "longest text in tokens": (16, 8),
        "tokenizer": ("a" * 64, "b" * 64),
        "lock": ("a" * 64, "b" * 64),
    }


def test_files_are_told_by_their_sizes() -> None:
    mine = bundle().manifest
    larger = BundleFile(path="model.safetensors", digest="c" * 64, size=2_000)
    added = BundleFile(path="tuning.json", digest="c" * 64, size=5)
    files = [larger if one.path == larger.path else one for one in mine.files if one.path != "tokenizer_lock.json"]
    other = Manifest(format=1, model="small", task=mine.task, files=[*files, added])

    assert changes(diff_versions(side(), side(manifest=other)).files) == {
        "model.safetensors": (1_000, 2_000),
        "tokenizer_lock.json": (10, None),
        "tuning.json": (None, 5),
    }


def test_errors_of_numbers_are_compared_with_their_intervals() -> None:
    a, b = (side(evaluation=value_report(mae=mae), text=None) for mae in (12.5, 10.0))
    (found,) = diff_versions(a, b).scores

    assert (found.name, found.language, found.a, found.b, found.difference) == ("mae", "", 12.5, 10.0, -2.5)
    assert found.a_interval is not None
    assert found.overlap is False


def test_a_model_of_labels_and_one_of_numbers_have_nothing_to_compare() -> None:
    found = diff_versions(side(), side(evaluation=value_report(), text=None)).scores

    assert {one.difference for one in found} == {None}
    assert {"accuracy", "mae"} <= {one.name for one in found}


def test_a_model_without_a_tokenizer_has_lost_it() -> None:
    found = diff_versions(side(), side(text=None))

    assert changes(found.tokenizer)["pieces"][1] is None

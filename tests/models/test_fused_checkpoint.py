from __future__ import annotations

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.models.fused import CATEGORIES, MIXED, fused_checkpoint
from tests.models.small import FAMILIES, small_checkpoint, small_config

from dragoman.errors import InvalidCheckpoint
from dragoman.models.checkpoint import CONFIG_FILE, read_checkpoint, write_checkpoint
from dragoman.models.fusion import Fusion
from dragoman.models.trimming import trim_checkpoint
from dragoman.records import FeatureColumn


@pytest.mark.parametrize("family", FAMILIES)
def test_a_fused_checkpoint_is_read_as_it_was_written(family: str, tmp_path: Path) -> None:
    checkpoint = fused_checkpoint(config=small_config(family))
    write_checkpoint(tmp_path, checkpoint)

    read = read_checkpoint(tmp_path)

    assert (read.fusion, read.head, read.labels) == (MIXED, "classification", checkpoint.labels)
    assert read.arrays.keys() == checkpoint.arrays.keys()
    assert all(np.array_equal(read.arrays[name], array) for name, array in checkpoint.arrays.items())


def test_transformers_is_told_of_the_body_only(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, fused_checkpoint(pooling="cls"))

    config = json.loads((tmp_path / CONFIG_FILE).read_text())

    assert config["architectures"] == ["XLMRobertaModel"]
    assert config["dragoman_features"] == {"columns": [None, 3, None, 0, None, 2], "embedding": 4, "tower": 12}


def test_a_checkpoint_without_features_says_nothing_of_them(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, small_checkpoint())

    assert "dragoman_features" not in json.loads((tmp_path / CONFIG_FILE).read_text())
    assert read_checkpoint(tmp_path).fusion is None


@pytest.mark.parametrize(
    ("features", "what"),
    [
        (msgspec.to_builtins(CATEGORIES), "fusion."),
        ({"columns": []}, "dragoman_features"),
        ({"columns": [None], "tower": 0}, "dragoman_features.tower"),
        ({"columns": [-1]}, "dragoman_features"),
    ],
)
def test_features_that_do_not_fit_the_arrays_are_refused(features: object, what: str, tmp_path: Path) -> None:
    write_checkpoint(tmp_path, fused_checkpoint())
    config = json.loads((tmp_path / CONFIG_FILE).read_text())
    (tmp_path / CONFIG_FILE).write_text(json.dumps(config | {"dragoman_features": features}))

    with pytest.raises(InvalidCheckpoint, match=what):
        read_checkpoint(tmp_path)


def test_arrays_of_features_without_a_shape_are_refused(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, fused_checkpoint())
    config = json.loads((tmp_path / CONFIG_FILE).read_text())
    del config["dragoman_features"]
    (tmp_path / CONFIG_FILE).write_text(json.dumps(config))

    with pytest.raises(InvalidCheckpoint, match=r"unexpected 'fusion\."):
        read_checkpoint(tmp_path)


def test_trimming_the_vocabulary_leaves_the_features() -> None:
    trimmed = trim_checkpoint(fused_checkpoint(), list(range(40)))

    assert trimmed.fusion == MIXED
    assert trimmed.config.vocabulary == 40


def test_the_shape_follows_from_the_columns() -> None:
    columns = [
        FeatureColumn(name="age", kind="number"),
        FeatureColumn(name="plan", kind="category", categories=["free", "gold"]),
    ]

    assert Fusion.of(columns).columns == [None, 2]

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.models.huggingface import use_half_precision, use_shards, use_torch_file
from tests.models.small import small_checkpoint

from dragoman.errors import InvalidCheckpoint
from dragoman.models.checkpoint import open_arrays, read_checkpoint, write_checkpoint
from dragoman.models.stored import WEIGHTS_FILE, StoredArray, StoredArrays

CHANGES = [
    lambda folder: None,
    use_shards,
    use_torch_file,
    lambda folder: use_half_precision(folder, torch.bfloat16),
]


@pytest.mark.parametrize("change", CHANGES, ids=["one_file", "shards", "pytorch_model.bin", "bfloat16"])
def test_arrays_read_one_at_a_time_are_those_read_at_once(change, tmp_path: Path) -> None:
    write_checkpoint(tmp_path, small_checkpoint())
    change(tmp_path)

    arrays = open_arrays(tmp_path)

    whole = read_checkpoint(tmp_path).arrays
    assert list(arrays) == list(whole)
    assert arrays.shapes == {name: array.shape for name, array in whole.items()}
    for name, array in arrays.items():
        assert array.dtype == np.float32
        assert array.flags.c_contiguous
        assert np.array_equal(array, whole[name])


def test_only_what_is_asked_for_is_read_and_nothing_is_kept() -> None:
    reads: Counter[str] = Counter()

    def stored(name: str) -> StoredArray:
        return StoredArray((2,), lambda: reads.update([name]) or np.ones(2, dtype=np.float16))

    arrays = StoredArrays({name: stored(name) for name in ("one", "two")}, Path("folder"))

    assert "two" in arrays
    assert len(arrays) == 2
    assert arrays["one"] is not arrays["one"]
    assert reads == {"one": 2}


def test_a_look_up_of_a_broken_file_names_the_folder() -> None:
    def fail() -> np.ndarray:
        raise OSError("input/output error")

    arrays = StoredArrays({"one": StoredArray((2,), fail)}, Path("some-folder"))

    with pytest.raises(InvalidCheckpoint, match="The weights in some-folder cannot be read: input/output error"):
        arrays["one"]


def test_an_unknown_name_is_missing_as_from_a_dict(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, small_checkpoint())

    assert open_arrays(tmp_path).get("nothing") is None


def test_numbers_of_a_type_that_dragoman_does_not_read_are_refused(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, small_checkpoint())
    use_half_precision(tmp_path, torch.float8_e4m3fn)

    with pytest.raises(InvalidCheckpoint, match="numbers of type F8_E4M3"):
        read_checkpoint(tmp_path)


def test_a_file_that_becomes_shorter_is_refused(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, small_checkpoint())
    arrays = open_arrays(tmp_path)
    (tmp_path / WEIGHTS_FILE).write_bytes(b"")

    with pytest.raises(InvalidCheckpoint, match="has become shorter"):
        dict(arrays)


def test_a_file_that_is_replaced_is_still_read(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, small_checkpoint())
    arrays, before = open_arrays(tmp_path), read_checkpoint(tmp_path).arrays
    (tmp_path / WEIGHTS_FILE).unlink()
    write_checkpoint(tmp_path, small_checkpoint(seed=1))

    assert all(np.array_equal(arrays[name], array) for name, array in before.items())

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from safetensors.numpy import load_file
from tests.models.small import small_checkpoint, small_config

from dragoman.errors import InvalidCheckpoint
from dragoman.runtime import quantization
from dragoman.runtime.quantization import quantize_encoder, quantize_rows, read_quantized, write_quantized

finite = st.floats(-1e6, 1e6, width=32)


@settings(max_examples=50, deadline=None)
@given(arrays(np.float32, st.tuples(st.integers(1, 9), st.integers(1, 40)), elements=finite))
def test_a_quantised_number_is_within_half_a_step(rows: np.ndarray) -> None:
    values, scale = quantize_rows(rows)

    assert (np.abs(values.astype(np.int64)) <= 127).all()
    np.testing.assert_allclose(values * scale[:, None], rows, rtol=0, atol=np.abs(rows).max() * (0.5 / 127 + 1e-5))
    assert (np.abs(values * scale[:, None] - rows) <= scale[:, None] * 0.51 + 1e-30).all()


def test_rows_are_quantised_alike_in_every_portion(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)
    whole = quantize_rows(rows)

    monkeypatch.setattr(quantization, "ROWS_AT_ONCE", 7)

    for one, other in zip(whole, quantize_rows(rows), strict=True):
        assert np.array_equal(one, other)


def test_a_row_of_zeros_stays_zeros() -> None:
    values, scale = quantize_rows(np.zeros((2, 5), dtype=np.float32))

    assert not values.any()
    assert not scale.any()


def test_the_file_is_plain_safetensors(tmp_path: Path) -> None:
    checkpoint = small_checkpoint()

    write_quantized(tmp_path / "q", checkpoint.config, checkpoint.arrays)

    expected, found = quantize_encoder(checkpoint.config, checkpoint.arrays), load_file(tmp_path / "q")
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[name], expected[name]) for name in found)


def test_a_mapped_file_reads_the_same_after_its_memory_was_given_back(tmp_path: Path) -> None:
    checkpoint = small_checkpoint()
    write_quantized(tmp_path / "q", checkpoint.config, checkpoint.arrays)
    stored = read_quantized(tmp_path / "q", checkpoint.config)
    before = {name: array.copy() for name, array in stored.arrays.items()}

    stored.forget()

    assert all(np.array_equal(stored.arrays[name], array) for name, array in before.items())


def test_the_same_checkpoint_gives_the_same_bytes(tmp_path: Path) -> None:
    checkpoint = small_checkpoint()

    for name in ("one", "other"):
        write_quantized(tmp_path / name, checkpoint.config, checkpoint.arrays)

    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_a_file_of_another_shape_is_refused(tmp_path: Path) -> None:
    checkpoint = small_checkpoint()
    write_quantized(tmp_path / "q", checkpoint.config, checkpoint.arrays)

    with pytest.raises(InvalidCheckpoint, match="not the quantised form"):
        read_quantized(tmp_path / "q", small_config(layers=1))


@pytest.mark.parametrize("kept", [0, 100, -1])
def test_a_file_cut_short_is_refused(tmp_path: Path, kept: int) -> None:
    checkpoint = small_checkpoint()
    write_quantized(tmp_path / "q", checkpoint.config, checkpoint.arrays)
    (tmp_path / "q").write_bytes((tmp_path / "q").read_bytes()[:kept])

    with pytest.raises(InvalidCheckpoint):
        read_quantized(tmp_path / "q", checkpoint.config)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_refused(tmp_path: Path, wrong: float) -> None:
    checkpoint = small_checkpoint()
    checkpoint.arrays["roberta.encoder.layer.1.output.dense.weight"][3, 5] = wrong

    with pytest.raises(InvalidCheckpoint, match=r"layer\.1\.output\.dense"):
        write_quantized(tmp_path / "q", checkpoint.config, checkpoint.arrays)

    assert list(tmp_path.iterdir()) == []

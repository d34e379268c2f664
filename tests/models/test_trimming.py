from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from tests.models.small import FAMILIES, random_texts, small_checkpoint, small_config, torch_hidden

from dragoman.errors import InvalidCheckpoint
from dragoman.models.checkpoint import open_checkpoint, read_checkpoint, write_checkpoint
from dragoman.models.names import DECODER, WORD_TABLE
from dragoman.models.packing import pack
from dragoman.models.readouts import readout_of
from dragoman.models.trimming import trim_checkpoint

OLD_IDS = [0, 1, 2, 3, *range(5, 60, 3), 59]


def texts_of(old_ids: list[int]) -> tuple[list[list[int]], list[list[int]]]:
    """The same texts in new and in old ids."""
    new = random_texts(vocabulary=len(old_ids))
    return new, [[old_ids[id] for id in text] for text in new]


@pytest.mark.parametrize("family", FAMILIES)
def test_hidden_states_of_a_trimmed_checkpoint_are_those_of_the_whole_one(family):
    checkpoint = small_checkpoint(small_config(family))
    trimmed = trim_checkpoint(checkpoint, OLD_IDS)
    first = checkpoint.config.first_position
    new, old = (pack(texts, first_position=first) for texts in texts_of(OLD_IDS))
    assert trimmed.config.vocabulary == len(OLD_IDS)
    np.testing.assert_array_equal(torch_hidden(trimmed, new), torch_hidden(checkpoint, old))


@pytest.mark.parametrize("tied", [True, False])
def test_the_pieces_of_a_mask_head_are_trimmed_with_the_words(tied):
    checkpoint = small_checkpoint(labels=[], head="mask")
    if not tied:
        random = np.random.default_rng(1)
        own = random.normal(size=checkpoint.arrays[WORD_TABLE].shape).astype(np.float32)
        checkpoint = checkpoint._replace(arrays={**checkpoint.arrays, DECODER: own})
    trimmed = trim_checkpoint(checkpoint, OLD_IDS)
    new, old = (pack([[0, 3, 2]], first_position=2) for _ in range(2))
    hidden = np.random.default_rng(0).normal(size=(3, 32)).astype(np.float32)
    (small,) = readout_of(trimmed, mask_token=3).read(hidden, new, [0])
    (whole,) = readout_of(checkpoint, mask_token=3).read(hidden, old, [0])
    np.testing.assert_allclose(small, whole[:, OLD_IDS], rtol=1e-5)


def test_a_trimmed_checkpoint_can_be_written_and_read(tmp_path):
    write_checkpoint(tmp_path, trim_checkpoint(small_checkpoint(), OLD_IDS))
    read = read_checkpoint(tmp_path)
    assert read.config.vocabulary == len(read.arrays[WORD_TABLE]) == len(OLD_IDS)
    assert read.head == "classification"


def test_a_trimmed_stored_checkpoint_reads_its_arrays_when_they_are_looked_up(tmp_path):
    whole = small_checkpoint()
    write_checkpoint(tmp_path, whole)
    trimmed = trim_checkpoint(open_checkpoint(tmp_path), OLD_IDS)
    assert set(trimmed.arrays) == set(whole.arrays)
    assert len(trimmed.arrays) == len(whole.arrays)
    np.testing.assert_array_equal(trimmed.arrays[WORD_TABLE], whole.arrays[WORD_TABLE][OLD_IDS])


class Counted(Mapping[str, Any]):
    """Arrays that tell which of them were looked up."""

    def __init__(self, arrays: Mapping[str, Any]) -> None:
        self.arrays, self.asked = arrays, list[str]()

    def __getitem__(self, name):
        self.asked.append(name)
        return self.arrays[name]

    def __contains__(self, name):
        return name in self.arrays

    def __iter__(self):
        return iter(self.arrays)

    def __len__(self):
        return len(self.arrays)


def test_trimming_itself_reads_nothing():
    arrays = Counted(small_checkpoint().arrays)
    trimmed = trim_checkpoint(small_checkpoint()._replace(arrays=arrays), OLD_IDS)
    assert WORD_TABLE in trimmed.arrays
    assert arrays.asked == []


@pytest.mark.parametrize("old_ids", [[0], [0, 2, 3, 4], []], ids=["too_few", "moved", "none"])
def test_a_padding_token_that_would_move_is_refused(old_ids):
    with pytest.raises(InvalidCheckpoint, match="padding token 1 cannot keep its id"):
        trim_checkpoint(small_checkpoint(), old_ids)


def test_an_id_without_a_row_is_refused():
    with pytest.raises(InvalidCheckpoint, match="has the id 60; the word table has 60 rows"):
        trim_checkpoint(small_checkpoint(), [0, 1, 2, 60])

from __future__ import annotations

import pytest
from tests.models.small import small_config

from dragoman.models.config import PRESETS


@pytest.mark.parametrize(
    ("family", "pad_token", "first"), [("xlm-roberta", 1, 2), ("roberta", 1, 2), ("roberta", 5, 6), ("bert", 0, 0)]
)
def test_positions_start_after_the_padding_index_except_in_bert(family: str, pad_token: int, first: int) -> None:
    config = small_config(family, pad_token=pad_token, positions=40)

    assert config.first_position == first
    assert config.max_tokens == 40 - first


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_has_room_for_its_longest_text(name: str) -> None:
    config = PRESETS[name].config(vocabulary=1_000, max_tokens=128)

    assert config.max_tokens == 128
    assert config.hidden == config.heads * config.head_size

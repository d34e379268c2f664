from __future__ import annotations

import pytest
from tests.training.world import small_examples

from dragoman.text.tokenizer import UnigramModel, train_unigram


@pytest.fixture(scope="session")
def unigram() -> UnigramModel:
    return train_unigram([example.text for example in small_examples()], vocabulary=400, max_tokens=24)

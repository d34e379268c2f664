from __future__ import annotations

import pytest
from tests.text.small import FAMILIES, SENTENCES, small_tokenizer

from dragoman.runtime.cuts import cut_texts


@pytest.mark.parametrize("family", FAMILIES)
def test_a_cut_has_the_ids_that_the_model_gets(family):
    tokenizer = small_tokenizer(family, max_tokens=8)
    cuts = cut_texts(tokenizer, SENTENCES)
    assert [cut.ids for cut in cuts] == [one.ids for one in tokenizer.encode_many(SENTENCES)]
    assert all(len(cut.spans) == len(cut.ids) for cut in cuts)


def test_spans_are_characters_of_the_text_and_special_tokens_have_none():
    (cut,) = cut_texts(small_tokenizer("bert"), ["where is"])
    assert cut.spans[0] == cut.spans[-1] == (0, 0)
    assert "".join("where is"[start:end] for start, end in cut.spans) == "whereis"
    assert cut.characters == 8


def test_an_empty_text_has_special_tokens_only():
    (cut,) = cut_texts(small_tokenizer(), [""])
    assert cut.ids == [0, 2]
    assert cut.spans == [(0, 0), (0, 0)]

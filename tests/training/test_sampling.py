from __future__ import annotations

import pytest
from tests.training.world import small_examples

from dragoman.text.tokenizer import UnigramModel
from dragoman.training.sampling import PlainSampler, SubwordSampler

TEXTS = [example.text for example in small_examples()]


@pytest.fixture
def sampler(unigram: UnigramModel) -> SubwordSampler:
    return SubwordSampler(unigram.sentencepiece, unigram.tokenizer)


def test_the_same_seed_draws_the_same_segmentations(sampler: SubwordSampler) -> None:
    first = sampler.sample_many(TEXTS, alpha=0.2, seed=7)
    other = sampler.sample_many(TEXTS, alpha=0.2, seed=8)

    assert sampler.sample_many(TEXTS, alpha=0.2, seed=7) == first
    assert other != first


def test_a_drawn_segmentation_spells_the_same_text(sampler: SubwordSampler, unigram: UnigramModel) -> None:
    short = [text for text in TEXTS if len(text) < 20]

    drawn = sampler.sample_many(short, alpha=0.1, seed=1)

    assert [unigram.tokenizer.backend.decode(ids) for ids in drawn] == short
    assert drawn != [encoded.ids for encoded in unigram.tokenizer.encode_many(short)]


def test_a_high_alpha_stays_with_the_best_segmentation(sampler: SubwordSampler, unigram: UnigramModel) -> None:
    drawn = sampler.sample_many(TEXTS, alpha=100.0, seed=1)

    best = [encoded.ids for encoded in unigram.tokenizer.encode_many(TEXTS)]
    assert sum(one == other for one, other in zip(drawn, best, strict=True)) > 0.95 * len(TEXTS)


def test_a_long_text_is_cut_but_keeps_its_ends(sampler: SubwordSampler) -> None:
    (ids,) = sampler.sample_many(["refund invoice " * 50], alpha=0.2, seed=1)

    assert (len(ids), ids[0], ids[-1]) == (24, 0, 2)


def test_the_plain_sampler_always_gives_the_tokenizers_own_segmentation(unigram: UnigramModel) -> None:
    sampler = PlainSampler(unigram.tokenizer)

    drawn = [sampler.sample_many(TEXTS, alpha=0.1, seed=seed) for seed in (1, 2)]

    assert drawn == [[encoded.ids for encoded in unigram.tokenizer.encode_many(TEXTS)]] * 2

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from tests.training.world import small_examples

from dragoman.text.tokenizer import Tokenizer
from dragoman.training import sampling
from dragoman.training.sampling import PlainSampler, SubwordSampler

TEXTS = [example.text for example in small_examples()]
BYTES_OF_OMEGA = [f"<0x{byte:02X}>" for byte in "ω".encode()]


def draws(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def sampler_of(tokenizer: Tokenizer, *, alpha: float = 0.2, seed: int = 0) -> SubwordSampler:
    return SubwordSampler(tokenizer, alpha=alpha, seed=seed)


def test_the_same_draw_gives_the_same_segmentations(tokenizer: Tokenizer) -> None:
    one, other = (sampler_of(tokenizer).sample_many(TEXTS, draw=draws()) for _ in range(2))

    assert one == other


@pytest.mark.parametrize("change", ["seed", "draw"])
def test_another_seed_or_draw_gives_other_segmentations(change: str, tokenizer: Tokenizer) -> None:
    first = sampler_of(tokenizer).sample_many(TEXTS, draw=draws())
    other = sampler_of(tokenizer, seed=int(change == "seed"))

    assert other.sample_many(TEXTS, draw=draws(1 + (change == "draw"))) != first


def test_a_draw_does_not_depend_on_what_was_drawn_before(tokenizer: Tokenizer) -> None:
    used = sampler_of(tokenizer)
    used.sample_many(reversed(TEXTS), draw=draws(5))

    assert used.sample_many(TEXTS, draw=draws()) == sampler_of(tokenizer).sample_many(TEXTS, draw=draws())


def test_a_drawn_segmentation_spells_the_same_text(tokenizer: Tokenizer) -> None:
    short = [text for text in TEXTS if len(text) < 16]

    drawn = sampler_of(tokenizer).sample_many(short, draw=draws())

    assert [tokenizer.backend.decode(ids) for ids in drawn] == short
    assert drawn != [encoded.ids for encoded in tokenizer.encode_many(short)]


def test_a_letter_without_a_piece_is_spelled_in_bytes(tokenizer: Tokenizer) -> None:
    (ids,) = sampler_of(tokenizer).sample_many(["ω"], draw=draws())

    assert [tokenizer.backend.id_to_token(id) for id in ids[-3:-1]] == BYTES_OF_OMEGA


@pytest.mark.parametrize("text", ["", "  ", "\u200b"], ids=ascii)
def test_a_text_of_nothing_has_its_ends_only(text: str, tokenizer: Tokenizer) -> None:
    assert sampler_of(tokenizer).sample_many([text], draw=draws()) == [[0, 2]]


def test_a_long_text_is_cut_but_keeps_its_ends(tokenizer: Tokenizer) -> None:
    (ids,) = sampler_of(tokenizer).sample_many(["refund invoice " * 50], draw=draws())

    assert (len(ids), ids[0], ids[-1]) == (tokenizer.max_tokens, 0, 2)


def test_a_high_alpha_stays_with_the_best_segmentation(tokenizer: Tokenizer) -> None:
    drawn = sampler_of(tokenizer, alpha=100.0).sample_many(TEXTS, draw=draws())

    best = [encoded.ids for encoded in tokenizer.encode_many(TEXTS)]
    assert sum(one == other for one, other in zip(drawn, best, strict=True)) > 0.95 * len(TEXTS)


def test_segmentations_are_drawn_by_the_product_of_their_pieces(
    tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "VARIANTS", 4_000)
    sampler = sampler_of(tokenizer, alpha=0.5)
    word = "▁send"

    drawn = Counter(sampler._variants_of(word))

    expected = shares_of_segmentations(sampler, word, alpha=0.5)
    assert set(drawn) <= set(expected)
    for ids, share in expected.items():
        assert drawn[ids] / 4_000 == pytest.approx(share, abs=0.03)


def shares_of_segmentations(sampler: SubwordSampler, word: str, *, alpha: float) -> dict[tuple[int, ...], float]:
    """Every way to cut a word into known pieces, with its probability: the sampler's definition, spelled out."""
    weights: dict[tuple[int, ...], float] = {}
    for cuts in itertools.product([False, True], repeat=len(word) - 1):
        ends = [place + 1 for place, cut in enumerate(cuts) if cut]
        parts = [word[a:b] for a, b in itertools.pairwise([0, *ends, len(word)])]
        if all(part in sampler._pieces for part in parts):
            pieces = [sampler._pieces[part] for part in parts]
            weights[tuple(id for id, _ in pieces)] = math.exp(alpha * sum(score for _, score in pieces))
    return {ids: weight / sum(weights.values()) for ids, weight in weights.items()}


def test_the_plain_sampler_always_gives_the_tokenizers_own_segmentation(tokenizer: Tokenizer) -> None:
    sampler = PlainSampler(tokenizer)

    drawn = [sampler.sample_many(TEXTS, draw=draws(seed)) for seed in (1, 2)]

    assert drawn == [[encoded.ids for encoded in tokenizer.encode_many(TEXTS)]] * 2

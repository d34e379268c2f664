from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from tokenizers import Tokenizer as Backend
from tokenizers import models, pre_tokenizers, processors

from dragoman.profiles import COLUMN_FAMILIES, SIGNALS, Measured, TokenFacts, family_of, measure
from dragoman.spec.monitoring import SignalName
from dragoman.text.tokenizer import Tokenizer

PIECES = ["<s>", "<pad>", "</s>", "<unk>", "one", "two", "three", "<0xD0>", "<0xB6>"]
START, END, UNKNOWN, ONE, TWO, THREE, BYTE = 0, 2, 3, 4, 5, 6, 7


def make_tokenizer(pieces: list[str]) -> Tokenizer:
    backend = Backend(models.WordLevel({piece: id for id, piece in enumerate(pieces)}, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", START), ("</s>", END)]
    )
    backend.add_special_tokens(["<unk>"])  # as XLM-R's is, and yet it stands for something of the text
    return Tokenizer(backend, max_tokens=16)


FACTS = TokenFacts.of(make_tokenizer(PIECES))


def look(ids: list[int], text: str = "one two three", **options: object) -> Measured:
    return measure(text, ids, FACTS, **options)  # type: ignore[arg-type]


def test_a_spec_names_the_same_signals() -> None:
    assert list(get_args(SignalName)) == list(SIGNALS)
    assert [*Measured._fields, "embedding", *COLUMN_FAMILIES] == list(SIGNALS)
    assert (family_of("embedding.3"), family_of("tokens")) == ("embedding", "tokens")


def test_special_tokens_do_not_count() -> None:
    found = look([START, ONE, TWO, THREE, END])

    assert (found.tokens, found.unknown, found.bytes) == (3.0, 0.0, 0.0)
    assert found.fertility == pytest.approx(3 / 13, abs=1e-6)


def test_shares_are_those_of_the_texts_own_tokens() -> None:
    found = look([START, UNKNOWN, BYTE, BYTE, ONE, END])

    assert (found.tokens, found.unknown, found.bytes) == (4.0, 0.25, 0.5)


def test_what_windows_share_counts_once() -> None:
    text = [ONE, TWO, THREE, UNKNOWN, ONE, ONE, TWO]
    windows = [START, *text[:4], END, START, *text[2:6], END, START, *text[4:], END]

    found = look(windows)

    assert (found.tokens, found.unknown) == (7.0, round(1 / 7, 6))


def test_windows_that_share_nothing_are_added() -> None:
    assert look([START, ONE, ONE, ONE, END, START, TWO, THREE, END]).tokens == 5.0


def test_windows_of_the_same_token_share_at_most_half_a_window() -> None:
    assert look([START, ONE, ONE, ONE, ONE, END, START, ONE, ONE, ONE, END]).tokens == 5.0


def test_a_text_that_was_cut_has_no_fertility() -> None:
    found = look([START, ONE, TWO, END], truncated=True)

    assert (found.tokens, found.fertility) == (2.0, None)


@pytest.mark.parametrize("ids", [[], [START, END]])
def test_an_empty_text_has_no_shares(ids: list[int]) -> None:
    found = look(ids, "")

    assert found == Measured(tokens=0.0, script="Zyyy")


def test_a_text_without_letters_has_no_foreign_ones() -> None:
    found = look([START, UNKNOWN, END], "12:30 😀!")

    assert (found.script, found.foreign, found.unknown) == ("Zyyy", None, 1.0)


def test_letters_of_other_scripts_are_foreign() -> None:
    found = look([START, ONE, END], "Где мой Mac?")

    assert (found.script, found.foreign) == ("Cyrl", 0.333333)


def test_a_tokenizer_without_bytes_has_no_share_of_them() -> None:
    facts = TokenFacts.of(make_tokenizer(PIECES[:-2]))

    assert measure("one", [START, ONE, END], facts).bytes is None


@pytest.mark.parametrize(
    ("scores", "score", "entropy"),
    [
        ([0.25, 0.25, 0.25, 0.25], 0.25, 1.0),
        ([0.0, 1.0, 0.0], 1.0, 0.0),
        (np.array([0.5, 0.5, 0.0]), 0.5, round(np.log(2) / np.log(3), 6)),
        ([0.9, 0.8], 0.9, None),  # labels by themselves, not shares of one
        ([1.0], 1.0, None),
        ([], None, None),
        (None, None, None),
    ],
)
def test_scores_of_all_labels_have_an_entropy(scores: object, score: float | None, entropy: float | None) -> None:
    found = look([START, ONE, END], scores=scores)

    assert (found.score, found.entropy) == (score, entropy)


def test_some_of_the_labels_have_no_entropy() -> None:
    assert look([START, ONE, END], scores=[0.9996, 0.0004]).entropy is not None
    assert look([START, ONE, END], scores=[0.9996, 0.0004], labels=40).entropy is None


def test_values_have_six_decimals() -> None:
    found = look([START, ONE, ONE, ONE, END], "sieben Zeichen", confidence=1 - 1e-12, scores=[2 / 3, 1 / 3], label="a")

    assert (found.confidence, found.score, found.label) == (1.0, 0.666667, "a")
    assert all(value == round(value, 6) for value in found if isinstance(value, float))

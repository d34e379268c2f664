from __future__ import annotations

import random
import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.data.duplicates import (
    chance_of_missing,
    components_of,
    digest_texts,
    find_duplicates,
    similarity_of,
)
from dragoman.data.duplicates.bands import MISSED, bands_for
from dragoman.data.duplicates.grams import Grams
from dragoman.data.duplicates.signatures import sign
from dragoman.errors import InvalidInput

WORDS = ("where", "is", "my", "order", "parcel", "cancel", "please", "refund", "now", "invoice", "wrong", "address")
SENTENCES = st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join) | st.text(max_size=12)
TEXTS = st.lists(SENTENCES, max_size=25)

LONG = {
    "Latn": "please tell me when the parcel that I ordered last Monday will be at my door",
    "Cyrl": "скажите пожалуйста когда посылка которую я заказал в понедельник будет доставлена",
    "Arab": "من فضلك أخبرني متى سيصل الطرد الذي طلبته يوم الاثنين الماضي إلى باب منزلي",
    "Deva": "कृपया मुझे बताइए कि सोमवार को मंगाया हुआ मेरा पार्सल मेरे घर कब तक पहुँचेगा",
    "Hani": "请告诉我上周一订购的包裹什么时候能够送到我家门口因为我这几天都在外面出差",
    "Jpan": "先週の月曜日に注文した荷物がいつ自宅に届くのか教えていただけないでしょうか",
    "Kore": "지난주 월요일에 주문한 소포가 언제 우리 집 앞에 도착하는지 알려 주시겠습니까",
    "Thai": "กรุณาบอกฉันว่าพัสดุที่ฉันสั่งเมื่อวันจันทร์ที่แล้วจะมาถึงหน้าบ้านของฉันเมื่อไร",
    "Ethi": "እባክዎን ባለፈው ሰኞ ያዘዝኩት ዕቃ መቼ ወደ ቤቴ እንደሚደርስ ይንገሩኝ ምክንያቱም ወደ ሥራ መሄድ አለብኝ",
}


def near_pairs(texts: list[str], **how: float) -> set[frozenset[str]]:
    found = find_duplicates(texts, **how)  # type: ignore[arg-type]
    return {frozenset((texts[one], texts[other])) for one, other in found.pairs.tolist()}


@given(TEXTS, st.sampled_from([0.5, 0.7, 0.9]))
def test_no_pair_is_found_that_is_not_similar(texts: list[str], near: float) -> None:
    found = find_duplicates(texts, near=near)
    exact = [similarity_of(texts[one], texts[other]) for one, other in found.pairs.tolist()]
    assert found.similarities.tolist() == exact
    assert all(near <= one for one in exact)


@given(TEXTS)
def test_rows_have_the_same_text_exactly_if_their_digests_are_the_same(texts: list[str]) -> None:
    digests = digest_texts(texts)
    assert find_duplicates(texts).same.tolist() == [digests.index(digest) for digest in digests]


@given(TEXTS, st.randoms(use_true_random=False))
def test_the_order_of_texts_does_not_matter(texts: list[str], chance: random.Random) -> None:
    shuffled = chance.sample(texts, len(texts))
    in_order, mixed = ({frozenset(map(digest, pair)) for pair in near_pairs(one)} for one in (texts, shuffled))
    assert in_order == mixed


@given(st.lists(SENTENCES, max_size=12), st.lists(SENTENCES, max_size=12))
def test_other_texts_make_no_difference_to_a_pair(texts: list[str], others: list[str]) -> None:
    alone, among = (set(map(digest_pair, near_pairs(one))) for one in (texts, texts + others))
    own = {*map(digest, texts)}
    assert alone == {pair for pair in among if pair <= own}


def digest(text: str) -> str:
    return digest_texts([text])[0]


def digest_pair(pair: frozenset[str]) -> frozenset[str]:
    return frozenset(map(digest, pair))


@given(SENTENCES, SENTENCES)
def test_similarity_is_symmetric_and_one_for_the_same_text(one: str, other: str) -> None:
    assert similarity_of(one, other) == similarity_of(other, one)
    assert similarity_of(one, one) == 1.0


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_a_planted_pair_is_found_in_every_script(text: str) -> None:
    middle = len(text) // 2
    planted = text[:middle] + text[middle + 1 :]
    texts = [*LONG.values(), planted]
    assert near_pairs(texts) == {frozenset((text, planted))}


@settings(max_examples=30)
@given(st.sampled_from(sorted(LONG)), st.integers(2, 30))
def test_a_text_with_one_letter_less_is_found(script: str, place: int) -> None:
    text = LONG[script]
    assert similarity_of(text, text[:place] + text[place + 1 :]) > 0.7
    assert near_pairs([text, text[:place] + text[place + 1 :]]) != set()


def test_texts_that_share_words_only_are_not_reported() -> None:
    texts = [
        "where is my order",
        "where is my refund",
        "is my address wrong",
        "cancel my order now",
        "my order is wrong",
    ]
    assert near_pairs(texts) == set()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            unicodedata.normalize("NFC", "où est ma commande, déjà?"),
            unicodedata.normalize("NFD", "Où est ma commande déjà"),
        ),
        ("می\u200cخواهم", "میخواهم"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("کد ۱۲۳۴", "کد 1234"),
        ("मेरा ऑर्डर ४५६", "मेरा ऑर्डर 456"),
        ("ｏｒｄｅｒ　１２", "order 12"),
        ("مـــرحبا", "مرحبا"),
        ("한국어", unicodedata.normalize("NFD", "한국어")),
        ("Straße", "STRASSE"),
        ("wait…   what?!", "wait what"),
        ("love ❤\ufe0f it", "love ❤ it"),
    ],
)
def test_spellings_of_one_text_are_exact_duplicates(one: str, other: str) -> None:
    assert digest_texts([one]) == digest_texts([other])


@pytest.mark.parametrize(("one", "other"), [("क", "कि"), ("12", "21"), ("ab c", "a bc"), ("o", "ö"), ("", "a")])
def test_different_texts_have_different_digests(one: str, other: str) -> None:
    assert digest_texts([one]) != digest_texts([other])


def test_a_character_that_parts_texts_inside_is_a_space_like_others() -> None:
    assert digest_texts(["a\x1eb", "a b", "\x1e"]) == digest_texts(["a b", "a b", ""])


@pytest.mark.parametrize("near", [0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
def test_a_pair_that_is_just_similar_enough_is_missed_in_at_most_one_of_a_hundred_cases(near: float) -> None:
    assert chance_of_missing(near, near=near) <= MISSED
    assert chance_of_missing(0.1, near=near) > 0.99


@pytest.mark.parametrize("similarity", [0.5, 0.6, 0.7, 0.8])
def test_pairs_are_missed_as_often_as_stated(similarity: float) -> None:
    trials, size = 1_500, 60
    shared = round(2 * size * similarity / (1 + similarity))
    exact = shared / (2 * size - shared)
    keys = np.random.default_rng(7).integers(0, 2**63, (trials, 2 * size - shared), dtype=np.uint64)
    pairs = np.stack([keys[:, :size], np.concatenate([keys[:, :shared], keys[:, size:]], axis=1)], axis=1)
    found = sign(Grams(pairs.ravel(), np.arange(2 * trials + 1) * size), bands_for(0.7)).keys.reshape(trials, 2, -1)
    missed = float((found[:, 0] != found[:, 1]).all(axis=1).mean())
    expected = chance_of_missing(exact, near=0.7)
    assert abs(missed - expected) < 4 * (expected * (1 - expected) / trials) ** 0.5 + 1 / trials


def test_thousands_of_copies_of_a_template_are_one_cluster() -> None:
    texts = [
        f"your order {number:04d} has been shipped and will arrive at your door tomorrow" for number in range(3_000)
    ]
    found = find_duplicates(texts)
    assert set(found.clusters().tolist()) == {0}
    assert found.crowded == 3_000
    assert len(found.pairs) < 30 * 3_000


def test_a_list_and_a_column_give_the_same() -> None:
    texts = [None, "", *LONG.values(), LONG["Latn"] + " soon", LONG["Latn"].upper()]
    column = pa.chunked_array([texts[:4], texts[4:]], pa.string())
    listed, columned = find_duplicates(texts), find_duplicates(column)
    assert listed.same.tolist() == columned.same.tolist()
    assert listed.pairs.tolist() == columned.pairs.tolist() == [[2, 11]]
    assert listed.exact == 2


def test_no_texts_have_no_duplicates() -> None:
    found = find_duplicates([])
    assert (found.exact, len(found.pairs), len(found.clusters()), found.crowded) == (0, 0, 0, 0)


@pytest.mark.parametrize("near", [0.0, 0.49, 1.01, float("nan")])
def test_an_impossible_similarity_is_refused(near: float) -> None:
    with pytest.raises(InvalidInput, match="similarity"):
        find_duplicates(["a"], near=near)


@given(st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=25))
def test_components_are_those_of_walking_along_the_pairs(pairs: list[tuple[int, int]]) -> None:
    found = components_of(20, np.array(pairs, dtype=np.int64).reshape(-1, 2)).tolist()
    reach = {one: {one} for one in range(20)}
    for _ in range(20):
        for one, other in pairs:
            reach[one] |= reach[other]
            reach[other] |= reach[one]
    assert found == [min(reach[one]) for one in range(20)]

from __future__ import annotations

import pytest

from dragoman.text.tokenizer import Tokenizer, train_unigram

SENTENCES = (
    "where is my order",
    "I want my money back",
    "wo ist meine Bestellung",
    "ich möchte mein Geld zurück",
    "où est ma commande",
    "je veux être remboursé",
    "где мой заказ",
    "я хочу вернуть деньги",
    "طلبيتي وين وصلت",
    "मेरा ऑर्डर कहाँ है",
    "注文した荷物はどこですか",
    "我的包裹到哪里了",
    "내 주문은 어디에 있나요",
    "đơn hàng của tôi đâu rồi",
)


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return train_unigram(SENTENCES, vocabulary=600, max_tokens=32)

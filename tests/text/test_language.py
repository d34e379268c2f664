from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.errors import InvalidInput, NotFound, Untrusted
from dragoman.text.langid import LangidDetector
from dragoman.text.language import UNDETERMINED, Detector, NgramDetector

TEXTS = {
    "en": (
        "where is my order", "I want my money back", "the parcel has not arrived", "please cancel this",
        "how do I change my address", "my card was declined", "when do you open", "can I talk to somebody",
        "the screen is broken", "how much is the delivery", "I forgot the password", "send me the invoice",
    ),
    "de": (
        "wo ist meine Bestellung", "ich will mein Geld zurück", "das Paket ist nicht angekommen", "bitte stornieren",
        "wie ändere ich die Adresse", "meine Karte wurde abgelehnt", "wann habt ihr auf", "ich will jemanden sprechen",
        "der Bildschirm ist kaputt", "was kostet der Versand", "Passwort vergessen", "schickt mir die Rechnung",
    ),
    "es": (
        "dónde está mi pedido", "quiero que me devuelvan el dinero", "el paquete no ha llegado", "cancelen esto",
        "cómo cambio mi dirección", "rechazaron mi tarjeta", "a qué hora abren", "quiero hablar con alguien",
        "la pantalla está rota", "cuánto cuesta el envío", "olvidé la contraseña", "mándenme la factura",
    ),
    "hi": (
        "मेरा ऑर्डर कहाँ है", "मुझे पैसे वापस चाहिए", "पार्सल नहीं आया", "इसे रद्द कर दीजिए", "पता कैसे बदलूँ", "कार्ड नहीं चला",
        "mera order kahan hai", "paise wapas chahiye", "parcel abhi tak nahi aaya", "cancel kar dijiye",
        "pata kaise badlu", "mera card nahi chala",
    ),
    "ja": (
        "注文した荷物はどこですか", "返金してください", "住所を変更したいです", "荷物",
        "まだ届きません", "領収書をください",
    ),
}  # fmt: skip


def rows() -> list[tuple[str, str]]:
    return [(text, language) for language, texts in TEXTS.items() for text in texts]


def fitted(pairs: list[tuple[str, str]], *, buckets: int = 2**13) -> NgramDetector:
    return NgramDetector.fit([text for text, _ in pairs], [language for _, language in pairs], buckets=buckets)


@pytest.fixture(scope="module")
def detector() -> NgramDetector:
    return fitted(rows())


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("when will my parcel arrive", "en"),
        ("WANN KOMMT MEIN PAKET?", "de"),
        ("cuándo llega el pedido 4021", "es"),
        ("पैसे कब वापस आएंगे", "hi"),
        ("mera parcel kab aayega", "hi"),
        ("届きました", "ja"),
        ("注文", "ja"),
    ],
)
def test_a_new_text_has_the_language_of_its_neighbours(detector: NgramDetector, text: str, language: str) -> None:
    found, probability = detector.detect(text)
    assert found == language
    assert 0.3 < probability <= 1


@pytest.mark.parametrize("text", ["", "   ", "12345", "😀👍🏽", "?!", "\x00", "\u0301" * 100_000, "где мой заказ"])
def test_no_letters_or_an_unknown_script_is_undetermined(detector: NgramDetector, text: str) -> None:
    assert detector.detect(text) == (UNDETERMINED, 0.0)


@given(text=st.text(max_size=60))
def test_any_text_has_a_known_language_or_none(detector: NgramDetector, text: str) -> None:
    language, probability = detector.detect(text)
    assert language in {*TEXTS, UNDETERMINED}
    assert 0 <= probability <= 1 + 1e-9


@given(st.text())
def test_the_probability_of_the_detected_language_is_what_was_told(detector: NgramDetector, text: str) -> None:
    language, probability = detector.detect(text)
    assert detector.probability_of(language, text) == probability
    assert detector.probability_of("tlh", text) == 0.0


def test_a_language_in_two_scripts_has_a_class_for_each(detector: NgramDetector) -> None:
    assert {one.script for one in detector.classes if one.language == "hi"} == {"Deva", "Latn"}


def test_a_model_of_one_language_answers_it() -> None:
    assert fitted([("wo ist mein Paket", "de")]).detect("anything") == ("de", 1.0)


def test_fitting_does_not_depend_on_the_order_of_rows() -> None:
    shuffled = rows()
    random.Random(7).shuffle(shuffled)
    assert fitted(shuffled).to_bytes() == fitted(rows()).to_bytes()


def test_a_written_detector_reads_back_with_the_same_answers(detector: NgramDetector, tmp_path: Path) -> None:
    (tmp_path / "language.safetensors").write_bytes(detector.to_bytes())
    again = NgramDetector.read(tmp_path / "language.safetensors")
    assert [again.detect(text) for text, _ in rows()] == [detector.detect(text) for text, _ in rows()]
    assert again.to_bytes() == detector.to_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["language.safetensors"]


def test_arrays_give_the_same_detector_back(detector: NgramDetector) -> None:
    assert NgramDetector.from_arrays(detector.to_arrays()).to_bytes() == detector.to_bytes()


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no language detector"):
        NgramDetector.read(tmp_path / "language.safetensors")


@pytest.mark.parametrize("length", [0, 7, 100, -10])
def test_a_cut_file_is_untrusted(detector: NgramDetector, tmp_path: Path, length: int) -> None:
    path = tmp_path / "language.safetensors"
    path.write_bytes(detector.to_bytes()[:length])
    with pytest.raises(Untrusted, match="is not a language detector"):
        NgramDetector.read(path)


def test_arrays_of_different_sizes_are_refused(detector: NgramDetector) -> None:
    with pytest.raises(ValueError, match="classes"):
        NgramDetector.from_arrays({**detector.to_arrays(), "priors": np.zeros(2)})


def test_twenty_four_languages_take_at_most_four_megabytes() -> None:
    words = ["alpha beta", "где мой заказ"]
    pairs = [(f"{word} {number}", f"q{chr(97 + number)}") for number in range(24) for word in words * 5]
    assert len(fitted(pairs, buckets=2**15).to_bytes()) < 4 * 2**20


@pytest.mark.parametrize(("texts", "languages"), [([], []), (["a"], []), (["a"], ["en", "de"])])
def test_fitting_needs_a_language_for_each_text(texts: list[str], languages: list[str]) -> None:
    with pytest.raises(InvalidInput, match="language detector"):
        NgramDetector.fit(texts, languages)


@pytest.mark.parametrize("buckets", [0, 1, 1000, 2**17])
def test_buckets_are_a_power_of_two(buckets: int) -> None:
    with pytest.raises(InvalidInput, match="buckets"):
        NgramDetector.fit(["a"], ["en"], buckets=buckets)


@settings(max_examples=20)
@given(st.lists(st.tuples(st.text(max_size=20), st.sampled_from(["en", "de"])), min_size=1, max_size=20))
def test_any_texts_can_be_fitted(pairs: list[tuple[str, str]]) -> None:
    detector = fitted(pairs, buckets=2**8)
    assert detector.languages == sorted({language for _, language in pairs})
    assert NgramDetector.from_arrays(detector.to_arrays()).to_bytes() == detector.to_bytes()


@pytest.fixture(scope="module")
def langid() -> LangidDetector:
    return LangidDetector(["pt-BR", "de", "pt-PT", "tzm"])


def test_langid_answers_only_the_languages_it_was_given(langid: LangidDetector) -> None:
    detector: Detector = langid
    assert langid.languages == ["de", "pt-BR"]
    assert detector.detect("Quando chega a minha encomenda?")[0] == "pt-BR"
    assert detector.detect("Where is my order?")[0] in langid.languages
    assert detector.detect("12 😀") == (UNDETERMINED, 0.0)


def test_langid_without_languages_answers_all_that_it_knows() -> None:
    detector = LangidDetector()
    assert {"en", "zh", "sw"} <= set(detector.languages)
    assert "zxx" not in detector.languages
    assert detector.detect("Wo ist denn nur meine Bestellung geblieben?")[0] == "de"


@pytest.mark.parametrize("text", ["Where is my parcel?", "Wo bleibt mein Paket?", "123"])
def test_langid_gives_the_probability_of_any_language_that_it_knows(langid: LangidDetector, text: str) -> None:
    language, probability = langid.detect(text)
    assert langid.probability_of(language, text) == pytest.approx(probability)
    assert sum(langid.probability_of(one, text) for one in langid.languages) == pytest.approx(float(probability > 0))


def test_langid_refuses_languages_that_it_does_not_know() -> None:
    with pytest.raises(InvalidInput, match="none of the languages shi, tzm"):
        LangidDetector(["shi", "tzm"])

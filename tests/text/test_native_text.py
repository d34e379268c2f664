from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.text import grams, langid_walk, language, script
from dragoman.text.langid import LangidDetector
from dragoman.text.langid_walk import WalkedIdentifier
from dragoman.text.language import NgramDetector
from dragoman.text.native_text import native_text
from dragoman.text.script import script_mix

TEXTS = st.text(max_size=200) | st.text("abc ñ日本語のカナ한국어हिन्दी١٢٣\u0301😀", max_size=60)

pytestmark = pytest.mark.skipif(
    native_text() is None, reason="there was no C++ compiler when the package was installed"
)


@pytest.fixture(scope="module")
def detector() -> NgramDetector:
    texts = ["where is my order", "wo ist die Bestellung", "मेरा ऑर्डर कहाँ है", "注文した荷物はどこですか"]
    return NgramDetector.fit(texts, ["en", "de", "hi", "ja"], buckets=2**10)


@pytest.fixture(scope="module")
def identifier() -> WalkedIdentifier:
    found = WalkedIdentifier.load()
    found.set_languages(["de", "en", "hi", "ja", "ru", "th", "zh"])
    return found


def turned_off(patch: pytest.MonkeyPatch) -> None:
    for module in (script, language, langid_walk):
        patch.setattr(module, "native_text", lambda: None)


@given(text=TEXTS)
def test_scripts_are_counted_as_numpy_counts_them(text: str) -> None:
    here = script_mix(text)
    with pytest.MonkeyPatch.context() as patch:
        turned_off(patch)
        assert script_mix(text) == here


@given(text=st.text("abcXYZ019 .,!?-", max_size=20))
def test_an_ascii_text_has_the_script_that_looking_every_character_up_gives(text: str) -> None:
    assert script.script_of(text + "\u200b") == script.script_of(text)  # one with no script and no place in ASCII


@given(text=TEXTS)
@settings(max_examples=200)
def test_ngram_evidence_is_that_of_numpy(detector: NgramDetector, text: str) -> None:
    here = detector.evidence_of(text)
    with pytest.MonkeyPatch.context() as patch:
        turned_off(patch)
        np.testing.assert_allclose(here, detector.evidence_of(text), rtol=1e-4, atol=1e-3)


@given(text=TEXTS)
@settings(max_examples=200)
def test_a_walk_answers_as_py3langid_does(identifier: WalkedIdentifier, text: str) -> None:
    here = identifier.rank(text)
    with pytest.MonkeyPatch.context() as patch:
        turned_off(patch)
        plain = dict(identifier.rank(text))
    assert dict(here) == pytest.approx(plain, abs=1e-3)


def test_a_detector_goes_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    turned_off(monkeypatch)
    assert LangidDetector(["de", "en"]).detect("wo ist meine Bestellung")[0] == "de"


def test_a_text_of_spaces_has_no_ngrams(detector: NgramDetector) -> None:
    assert grams.spaced_letters(" 1 . ") == ""
    assert not detector.evidence_of(" 1 . ").any()

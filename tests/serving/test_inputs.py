from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import normalizers

from dragoman.errors import BodyTooLarge, DragomanError, InvalidRequest, TextTooLong
from dragoman.records import TextInput
from dragoman.serving.fakes import fake_tokenizer
from dragoman.serving.inputs import encode_inputs, read_inputs
from dragoman.spec import ServingSpec

SERVING = ServingSpec(max_inputs=3, max_text_characters=20)


def read(given: Any, *, serving: ServingSpec = SERVING, languages: tuple[str, ...] = ("en", "ru")) -> list[TextInput]:
    return read_inputs(given, serving=serving, languages=languages)


def test_texts_records_and_dicts_are_read_alike() -> None:
    expected = TextInput(text="hi", language="en")
    assert read([expected, {"text": "hi", "language": "en"}, "hi"]) == [expected, expected, TextInput(text="hi")]


def test_a_single_text_is_a_list_of_one() -> None:
    assert read("hi") == [TextInput(text="hi")]


@pytest.mark.parametrize(
    ("given", "message", "help"),
    [
        ([], "The request has no inputs", "at least one"),
        (b"hi", "of type bytes", "a list of texts"),
        ({"text": "hi"}, "of type dict", "a list of texts"),
        (7, "of type int", "a list of texts"),
        (["hi", 7], "Input 1 is of type int", "an object with a text"),
        (["hi", None], "Input 1 is of type NoneType", "an object with a text"),
        (["hi", {"language": "en"}], "Input 1 has no text", "an object with a text"),
        (["hi", {"text": "hi", "langauge": "en"}], "Input 1 has an unknown field 'langauge'", "'language'"),
        ([{"text": "hi", "language": 7}], "language of input 0 is of type int", '"en"'),
        ([{"text": "hi", "language": "end"}], "language of input 0 is 'end'", "did you mean 'en'"),
        (["hi", ""], "Text 1 is empty", "leave it out"),
        (["hi", " \n\u3000"], "Text 1 is blank", "leave it out"),
        (["hi", "ab\udc00"], r"Text 1 has half of a surrogate pair, '\\udc00', at position 2", "UTF-8"),
    ],
)
def test_a_wrong_input_is_refused_by_index_with_help(given: Any, message: str, help: str) -> None:
    with pytest.raises(InvalidRequest, match=message) as caught:
        read(given)
    assert caught.value.status == 400
    assert help in caught.value.help


def test_too_many_inputs_are_refused_with_the_limit() -> None:
    with pytest.raises(BodyTooLarge, match="has 1000000 inputs; at most 3"):
        read(["hi"] * 1_000_000)


def test_a_text_of_too_many_characters_is_refused_with_the_limit() -> None:
    with pytest.raises(TextTooLong, match="Text 1 has 10000000 characters; at most 20"):
        read(["hi", "x" * 10_000_000])


def test_any_language_may_be_given_when_the_model_names_none() -> None:
    assert read([{"text": "hi", "language": "tlh"}], languages=())[0].language == "tlh"


@pytest.mark.parametrize("text", ["\x00", "\x07\x1b", "🙂🙃", "\u0301" * 20, "\u200f", "\ufeff"])
def test_odd_texts_are_read_as_they_are(text: str) -> None:
    assert read([text])[0].text == text


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["text", "language", "x"]), inner),
    max_leaves=8,
)


@given(JSON_LIKE)
@settings(max_examples=150, deadline=None)
def test_anything_is_read_or_refused_on_purpose(given: Any) -> None:
    try:
        inputs = read(given)
    except DragomanError as error:
        assert error.help
        str(error).encode()
    else:
        assert msgspec.json.encode(inputs)


def test_a_long_text_is_cut_and_says_so() -> None:
    inputs = [TextInput(text="where is my order"), TextInput(text="order")]
    encoded = encode_inputs(inputs, tokenizer=fake_tokenizer(max_tokens=4), serving=ServingSpec())
    assert [(len(one.ids), one.truncated) for one in encoded] == [(4, True), (3, False)]


def test_a_long_text_is_refused_with_its_tokens_when_the_spec_says_so() -> None:
    inputs = [TextInput(text="order"), TextInput(text="where is my order please")]
    with pytest.raises(TextTooLong, match="Text 1 has 7 tokens; the model accepts 4"):
        encode_inputs(inputs, tokenizer=fake_tokenizer(max_tokens=4), serving=ServingSpec(too_long="refuse"))


def test_a_text_of_exactly_the_limit_is_not_refused() -> None:
    inputs = [TextInput(text="where is")]
    (encoded,) = encode_inputs(inputs, tokenizer=fake_tokenizer(max_tokens=4), serving=ServingSpec(too_long="refuse"))
    assert (len(encoded.ids), encoded.truncated) == (4, False)


def test_a_text_without_tokens_is_refused() -> None:
    tokenizer = fake_tokenizer()
    tokenizer.backend.post_processor = None
    tokenizer.backend.normalizer = normalizers.Replace("\x00", "")
    with pytest.raises(InvalidRequest, match="Text 0 has no tokens"):
        encode_inputs([TextInput(text="\x00")], tokenizer=tokenizer, serving=ServingSpec())

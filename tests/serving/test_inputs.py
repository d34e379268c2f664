from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.errors import BodyTooLarge, DragomanError, InvalidRequest, TextTooLong
from dragoman.records import QuestionInput, RankInput, RowInput, TextInput
from dragoman.serving.inputs import read_inputs, refuse_pairs, size_of
from dragoman.spec import ServingSpec

SERVING = ServingSpec(max_inputs=3, max_text_characters=20)


KINDS: list[Any] = [TextInput, QuestionInput, RankInput, RowInput]


def read(given: Any, kind: Any = TextInput, *, languages: tuple[str, ...] = ("en", "ru")) -> list[Any]:
    return read_inputs(given, kind, serving=SERVING, languages=languages)


def test_texts_records_and_dicts_are_read_alike() -> None:
    expected = TextInput(text="hi", language="en")
    assert read([expected, {"text": "hi", "language": "en"}, "hi"]) == [expected, expected, TextInput(text="hi")]
    assert read([{"text": "hi", "pair": "ho"}, {"text": "hi", "pair": None}]) == [
        TextInput(text="hi", pair="ho"),
        TextInput(text="hi"),
    ]


@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        (TextInput(text="hi", language="en"), {"text": "hi", "language": "en"}),
        (QuestionInput(question="who?", context="me"), {"question": "who?", "context": "me"}),
        (RankInput(query="who?", texts=["me", "you"]), {"query": "who?", "texts": ("me", "you"), "language": None}),
        (RowInput(features={"age": 41}, key="c-1"), {"features": {"age": 41}, "key": "c-1", "language": None}),
        (RowInput(key={"shop": 7, "day": "mon"}), {"features": None, "key": {"shop": 7, "day": "mon"}}),
        (RowInput(history=[1, None]), {"history": (1, None)}),
        (RowInput(known={"open": [True]}), {"known": {"open": (True,)}}),
        (TextInput(text="hi", features={"age": 41}, key=7), {"text": "hi", "features": {"age": 41}, "key": 7}),
    ],
)
def test_every_kind_is_read_from_records_and_dicts_alone_or_in_lists(expected: Any, fields: dict[str, Any]) -> None:
    for form in (expected, fields, [expected], [fields], iter([fields])):
        assert read(form, type(expected)) == [expected]


def test_a_single_text_is_a_list_of_one() -> None:
    assert read("hi") == [TextInput(text="hi")]


@pytest.mark.parametrize(
    ("given", "message", "help"),
    [
        ([], "The request has no inputs", "at least one"),
        (b"hi", "of type bytes", "a list of such"),
        (7, "of type int", "a list of such"),
        (["hi", 7], "Input 1 is of type int", "an object with a text"),
        (["hi", None], "Input 1 is of type NoneType", "an object with a text"),
        (["hi", {"language": "en"}], "Input 1 has no text", "an object with a text"),
        (["hi", {"text": 7}], "The text of input 1 is of type int", "an object with a text"),
        ([{"text": "hi", "pair": 7}], "The pair of input 0 is of type int", "an object with a text"),
        ([{"text": "hi", "pair": " "}], "The pair of input 0 is blank", "leave it out"),
        ([{"text": "hi", "pair": "a\udc00"}], "The pair of input 0 has half of a surrogate pair", "UTF-8"),
        (["hi", QuestionInput(question="a", context="b")], "Input 1 is of type QuestionInput", "an object with a text"),
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


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        (QuestionInput, "who?", "The inputs are of type str"),
        (QuestionInput, ["who?"], "Input 0 is of type str"),
        (QuestionInput, [{"question": "who?"}], "Input 0 has no context"),
        (QuestionInput, {"question": "who?", "context": ""}, "The context of input 0 is empty"),
        (QuestionInput, {"question": "\t", "context": "me"}, "The question of input 0 is blank"),
        (QuestionInput, {"question": "a\ud800", "context": "me"}, "question of input 0 has half of a surrogate pair"),
        (QuestionInput, {"question": "who?", "context": "me", "language": "de"}, "language of input 0 is 'de'"),
        (QuestionInput, {"question": "who?", "text": "me"}, "unknown field 'text'"),
        (RankInput, {"query": "who?"}, "Input 0 has no texts"),
        (RankInput, {"query": "who?", "texts": []}, "Input 0 has no texts"),
        (RankInput, {"query": "who?", "texts": "me"}, "The texts of input 0 are of type str"),
        (RankInput, {"query": "who?", "texts": ["me", 7]}, "Text 1 of input 0 is of type int"),
        (RankInput, {"query": "who?", "texts": ["me", " "]}, "Text 1 of input 0 is blank"),
        (RankInput, {"query": "", "texts": ["me"]}, "The query of input 0 is empty"),
        (RankInput, {"query": "a", "texts": ["me", "b\udfff"]}, "Text 1 of input 0 has half of a surrogate pair"),
        (RowInput, "gold", "The inputs are of type str"),
        (RowInput, {"age": 41}, "unknown field 'age'"),
        (RowInput, {"features": [41]}, "The features of input 0 are of type list"),
        (RowInput, {"features": {7: 41}}, "The features of input 0 are of type dict"),
        (RowInput, {"key": True}, "The key of input 0 is of type bool"),
        (RowInput, {"key": 1.5}, "The key of input 0 is of type float"),
        (RowInput, {"key": 2**63}, "a number of more than 64 bits"),
        (RowInput, {"key": ""}, "The key of input 0 has 0 characters; 1 to 1000"),
        (RowInput, {"key": "k\ud800"}, "has half of a surrogate pair"),
        (RowInput, {"key": {}}, "The key of input 0 has 0 parts"),
        (RowInput, {"key": {"shop": None}}, "The key of input 0 is of type NoneType"),
        (RowInput, {"history": "1"}, "The history of input 0 is of type str"),
        (RowInput, {"history": [1, True]}, "The history of input 0 has a value of type bool"),
        (RowInput, {"known": {"open": 1}}, "What is known ahead of input 0 is of type dict"),
        (RowInput, {"time": 7}, "The time of input 0 is of type int"),
    ],
)
def test_every_text_of_an_input_is_checked_and_named(kind: Any, given: Any, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message) as caught:
        read(given, kind)
    assert caught.value.help


def test_too_many_texts_to_rank_are_refused_with_the_limit() -> None:
    assert len(read({"query": "a", "texts": ["b"] * 3}, RankInput)) == 1
    with pytest.raises(BodyTooLarge, match="Input 1 has 4 texts; at most 3"):
        read([{"query": "a", "texts": ["b"] * count} for count in (3, 4)], RankInput)


@pytest.mark.parametrize(
    ("kind", "given", "place"),
    [
        (TextInput, {"text": "a", "pair": "x" * 21}, "The pair of input 0"),
        (QuestionInput, {"question": "a", "context": "x" * 21}, "The context of input 0"),
        (RankInput, {"query": "a", "texts": ["b", "x" * 21]}, "Text 1 of input 0"),
    ],
)
def test_every_text_has_a_limit_of_characters(kind: Any, given: Any, place: str) -> None:
    with pytest.raises(TextTooLong, match=f"^{place} has 21 characters; at most 20"):
        read(given, kind)


def test_pairs_are_refused_where_a_task_takes_single_texts() -> None:
    refuse_pairs([TextInput(text="a"), TextInput(text="b")], "a task")
    with pytest.raises(InvalidRequest, match="Input 1 has a pair; a task takes single texts"):
        refuse_pairs([TextInput(text="a"), TextInput(text="b", pair="c")], "a task")


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ("four", 4),
        (TextInput(text="four", language="en"), 6),
        ({"text": "four", "pair": "two", "language": None}, 7),
        (RankInput(query="four", texts=["two", "four"]), 11),
        ({"query": "four", "texts": ["two", 7]}, 7),
        (7, 0),
        (None, 0),
    ],
)
def test_the_size_of_an_input_is_its_characters(given: Any, size: int) -> None:
    assert size_of(given) == size


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
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "text",
                    "language",
                    "pair",
                    "question",
                    "context",
                    "query",
                    "texts",
                    "features",
                    "key",
                    "history",
                    "known",
                    "time",
                ]
            ),
            inner,
        )
    ),
    max_leaves=8,
)


@given(JSON_LIKE, st.sampled_from(KINDS))
@settings(max_examples=300, deadline=None)
def test_anything_is_read_or_refused_on_purpose(given: Any, kind: Any) -> None:
    assert size_of(given) >= 0
    try:
        inputs = read(given, kind)
    except DragomanError as error:
        assert error.help
        str(error).encode()
    else:
        assert msgspec.json.encode(inputs)

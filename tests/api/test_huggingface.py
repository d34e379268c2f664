from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.anyio


async def post(connect: Any, name: str, body: Any) -> Any:
    async with connect() as client:
        return await client.post(f"/models/{name}", json=body)


def asked(inputs: Any, **parameters: Any) -> dict[str, Any]:
    return {"inputs": inputs, "parameters": parameters}


async def test_labels_of_one_text_are_a_list_of_a_list(connect: Any) -> None:
    answer = (await post(connect, "support", {"inputs": "where is", "parameters": {"top_k": 2}})).json()
    assert [[set(row) for row in rows] for rows in answer] == [[{"label", "score"}] * 2]


async def test_labels_without_a_function_are_raw(connect: Any) -> None:
    body = {"inputs": ["where is"], "parameters": {"function_to_apply": "none"}}
    assert sum(row["score"] for row in (await post(connect, "support", body)).json()[0]) == 4


async def test_entities_are_spans_of_the_text(connect: Any) -> None:
    text = "where is my order"
    entities = (await post(connect, "entities", {"inputs": text})).json()
    assert entities
    assert all(text[one["start"] : one["end"]] == one["word"] for one in entities)
    assert set(entities[0]) == {"entity_group", "score", "word", "start", "end"}


async def test_an_answer_is_a_span_of_its_context(connect: Any) -> None:
    context = "my order is it"
    answer = (await post(connect, "answers", {"inputs": {"question": "where", "context": context}})).json()
    assert set(answer) == {"score", "start", "end", "answer"}
    assert context[answer["start"] : answer["end"]] == answer["answer"]


async def test_a_text_and_its_pair_are_classified_together(connect: Any) -> None:
    async with connect() as client:
        pair = (await client.post("/models/support", json={"inputs": {"text": "it", "text_pair": "my order"}})).json()
        native = {"inputs": [{"text": "it", "pair": "my order"}]}
        expected = (await client.post("/v1/models/support/predict", json=native)).json()
    assert pair[0] == expected["predictions"][0]["labels"]


async def test_the_function_of_the_model_may_be_named(connect: Any) -> None:
    async with connect() as client:
        named = await client.post("/models/support", json=asked("it", function_to_apply="softmax"))
        plain = await client.post("/models/support", json=asked("it"))
    assert named.json() == plain.json()


async def test_an_answer_is_always_given_where_the_caller_says_that_there_is_one(connect: Any) -> None:
    inputs = {"question": "where", "context": "my order"}
    parameters = {"handle_impossible_answer": False, "align_to_words": True, "top_k": 1}
    assert (await post(connect, "answers", asked(inputs, **parameters))).json()["answer"]
    wrong = await post(connect, "answers", asked(inputs, handle_impossible_answer=3))
    assert wrong.status_code == 422


async def test_zero_shot_scores_the_labels_of_the_caller(connect: Any) -> None:
    body = {"inputs": "my order", "parameters": {"candidate_labels": ["a", "b"], "multi_label": True}}
    assert {row["label"] for row in (await post(connect, "anything", body)).json()} == {"a", "b"}


async def test_a_mask_is_filled_in_its_sequence(connect: Any) -> None:
    answer = (await post(connect, "masks", {"inputs": "where <mask> order", "parameters": {"top_k": 2}})).json()
    assert [set(row) for row in answer] == [{"score", "token", "token_str", "sequence"}] * 2
    assert all(row["sequence"] == f"where {row['token_str']} order" for row in answer)


async def test_several_masks_are_several_lists(connect: Any) -> None:
    answer = (await post(connect, "masks", {"inputs": "<mask> is <mask>", "parameters": {"top_k": 1}})).json()
    assert [rows[0]["sequence"].count("<mask>") for rows in answer] == [1, 1]


async def test_a_list_is_answered_with_a_list(connect: Any) -> None:
    answers = (await post(connect, "entities", {"inputs": ["where is", "my order"]})).json()
    assert len(answers) == 2


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("support", {"top": 1}), ("support", {"function_to_apply": "sigmoid"}), ("answers", {"top_k": 2})],
)
async def test_a_parameter_without_a_counterpart_is_refused(connect: Any, name: str, parameters: Any) -> None:
    inputs = {"question": "where", "context": "it"} if name == "answers" else "it"
    response = await post(connect, name, {"inputs": inputs, "parameters": parameters})
    assert (response.status_code, response.json()["error_type"]) == (422, "Validation")

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.serving.tasks.small_tasks import (
    FAMILIES,
    LONG_TEXT,
    SIDES,
    TEXTS,
    World,
    answers,
    pipeline,
    prepare,
    read_out,
    small_world,
)

from dragoman.errors import DragomanError, InvalidRequest
from dragoman.models.readouts import PoolReadout, embedding_readout_of
from dragoman.models.sentence_transformers import EmbeddingSettings
from dragoman.serving.tasks.embedding import Embedding
from dragoman.spec import ServingSpec

PROMPTS = EmbeddingSettings(prompts={"query": "where is ", "passage": ""}, default_prompt="query")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return small_world(tmp_path_factory.mktemp("body"), kind="")


def task_of(world: World, *, settings: EmbeddingSettings | None = None, **changes: Any) -> Embedding:
    readout = PoolReadout(**({"pooling": "mean", "normalize": False} | changes))
    hidden = world.checkpoint.config.hidden
    return Embedding(
        tokenizer=world.tokenizer, readout=readout, hidden=hidden, serving=ServingSpec(), settings=settings
    )


def vectors(world: World, task: Embedding, inputs: Any, **parameters: Any) -> list[np.ndarray]:
    return [answer["embedding"] for answer in answers(world, task, inputs, **parameters)]


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("family", FAMILIES)
def test_vectors_are_those_of_the_pipeline(family: str, side: str, tmp_path: Path) -> None:
    world = small_world(tmp_path, family, kind="")
    task = task_of(world)
    run = pipeline(world, "feature-extraction", side=side)
    expected = [np.array(run(text, truncation=True)[0]) for text in [*TEXTS, LONG_TEXT]]
    for pooling, pool in (("mean", lambda rows: rows.mean(axis=0)), ("cls", lambda rows: rows[0]), ("none", np.array)):
        found = vectors(world, task, [*TEXTS, LONG_TEXT], pooling=pooling, truncate_from=SIDES[side])
        for one, rows in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, pool(rows), rtol=0, atol=1e-4)


def test_vectors_are_float32_and_as_the_checkpoint_says_them(world: World) -> None:
    readout = embedding_readout_of(world.checkpoint, pooling="cls", normalize=True, dimensions=8)
    task = task_of(world, pooling="cls", normalize=True, dimensions=8)
    (prepared,) = prepare(task, "where is my order")
    (expected,) = read_out(world, [prepared.pieces[0]._replace(readout=readout)])
    (found,) = vectors(world, task, "where is my order")
    assert (found.dtype, found.shape) == (np.float32, (8,))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_dimensions_are_cut_before_the_length_becomes_one(world: World) -> None:
    (whole,) = vectors(world, task_of(world), TEXTS[:1])
    (cut,) = vectors(world, task_of(world), TEXTS[:1], dimensions=5, normalize=True)
    np.testing.assert_allclose(cut, whole[:5] / np.linalg.norm(whole[:5]), rtol=0, atol=1e-6)
    (raw,) = vectors(world, task_of(world, normalize=True), TEXTS[:1], normalize=False)
    np.testing.assert_allclose(raw, whole, rtol=0, atol=1e-6)


def test_vectors_of_tokens_have_length_one_only_if_asked(world: World) -> None:
    task = task_of(world, normalize=True)
    (raw,) = vectors(world, task, TEXTS[:1], pooling="none")
    (scaled,) = vectors(world, task, TEXTS[:1], pooling="none", normalize=True, dimensions=3)
    assert raw.shape == (len(prepare(task, TEXTS[0])[0].pieces[0].ids), world.checkpoint.config.hidden)
    assert not np.allclose(np.linalg.norm(raw, axis=1), 1.0)
    np.testing.assert_allclose(np.linalg.norm(scaled, axis=1), 1.0, atol=1e-6)


def test_windows_are_averaged_by_their_tokens_before_the_length_becomes_one(world: World) -> None:
    asked = {"too_long": "windows", "stride": 4}
    (prepared,) = prepare(task_of(world), LONG_TEXT, **asked)
    first, *_ = alone = np.array([read_out(world, [piece])[0] for piece in prepared.pieces])
    assert 1 < prepared.windows == len(alone)
    assert not prepared.truncated
    own = np.array([len(first_to_last) for first_to_last in own_tokens(prepared.state)])
    expected = (own[:, None] * alone).sum(axis=0) / own.sum()
    (raw,) = vectors(world, task_of(world), LONG_TEXT, **asked)
    (scaled,) = vectors(world, task_of(world), LONG_TEXT, normalize=True, **asked)
    np.testing.assert_allclose(raw, expected, rtol=0, atol=1e-5)
    np.testing.assert_allclose(scaled, expected / np.linalg.norm(expected), rtol=0, atol=1e-5)
    assert not np.allclose(raw, first)


def own_tokens(parts: list[range]) -> list[list[int]]:
    """Each token with the window in the middle of which it stands; the text's ends are no edges."""
    end = parts[-1].stop

    def depth(part: range, place: int) -> float:
        before = place - part.start if part.start else np.inf
        return min(before, part.stop - 1 - place if part.stop < end else np.inf)

    owners = [
        max((number for number, part in enumerate(parts) if place in part), key=lambda n: (depth(parts[n], place), -n))
        for place in range(end)
    ]
    return [[place for place in range(end) if owners[place] == number] for number in range(len(parts))]


def test_every_token_of_a_long_text_has_one_vector_from_the_window_it_is_in_the_middle_of(world: World) -> None:
    asked = {"pooling": "none", "too_long": "windows", "stride": 4}
    (prepared,) = prepare(task_of(world), LONG_TEXT, **asked)
    alone = [read_out(world, [piece])[0] for piece in prepared.pieces]
    owners = own_tokens(prepared.state)
    rows = [alone[0][0]]
    for vectors_of, part, own in zip(alone, prepared.state, owners, strict=True):
        rows += [vectors_of[1 + place - part.start] for place in own]
    (found,) = vectors(world, task_of(world), LONG_TEXT, **asked)
    np.testing.assert_allclose(found, [*rows, alone[-1][-1]], rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("parameters", "put_before"),
    [({}, "where is "), ({"prompt_name": "passage"}, ""), ({"prompt": ""}, ""), ({"prompt": "où "}, "où ")],
)
def test_a_prompt_stands_before_the_text(world: World, parameters: dict[str, Any], put_before: str) -> None:
    (prepared,) = prepare(task_of(world, settings=PROMPTS), "my order", **parameters)
    assert prepared.pieces[0].ids == world.tokenizer.encode(put_before + "my order").ids
    assert prepared.text == "my order"


def test_a_checkpoint_may_want_lower_case(tmp_path: Path) -> None:
    world = small_world(tmp_path, kind="")
    world.tokenizer.backend.normalizer = None
    (prepared,) = prepare(task_of(world, settings=EmbeddingSettings(lower_case=True)), "My ORDER")
    assert prepared.pieces[0].ids == world.tokenizer.encode("my order").ids


@pytest.mark.parametrize(
    ("parameters", "message", "help"),
    [
        ({"dimensions": 33}, "'dimensions' is 33; the model's vectors have 32", "1 to 32"),
        ({"prompt_name": "querry"}, "no prompt 'querry'", "did you mean 'query'"),
        ({"prompt_name": "query", "prompt": "x"}, "Both 'prompt' and 'prompt_name'", "one of them"),
        ({"pooling": "max"}, "parameter 'pooling' is wrong", "cls"),
    ],
)
def test_what_the_model_does_not_have_is_refused(
    world: World, parameters: dict[str, Any], message: str, help: str
) -> None:
    with pytest.raises(InvalidRequest, match=message) as caught:
        prepare(task_of(world, settings=PROMPTS), "my order", **parameters)
    assert help in caught.value.help


def test_a_pair_is_refused(world: World) -> None:
    with pytest.raises(InvalidRequest, match="Input 0 has a pair; an embedding takes single texts"):
        prepare(task_of(world), [{"text": "my order", "pair": "refund"}])


def test_a_vector_that_is_not_a_number_is_an_error(world: World) -> None:
    task = task_of(world)
    (prepared,) = prepare(task, "my order")
    with pytest.raises(DragomanError, match="no usable vector"):
        task.finish(prepared, [np.full(32, np.nan, dtype=np.float32)], task.Parameters())

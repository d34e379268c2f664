from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.models.small import ACTIVATIONS, FAMILIES, random_texts, small_checkpoint, small_config, torch_hidden
from tests.runtime.eight_bits import encoded

from dragoman.errors import DragomanError, InvalidInput, InvalidRequest, MissingExtra
from dragoman.models.packing import PackedBatch, pack
from dragoman.runtime import native_library
from dragoman.runtime.native_library import (
    load_library,
    measure_int8_rate,
    measure_product_rate,
    native_available,
    native_isas,
    why_native_is_unavailable,
)
from dragoman.runtime.native_session import NativeSession, native_session_of
from dragoman.runtime.quantization import quantize_encoder, write_quantized
from dragoman.runtime.word_tables import WordTable

TEXTS = random_texts(24)
ISAS = native_isas() if native_available() else []
SHAPES: list[dict[str, Any]] = [
    {},
    {"hidden": 48, "heads": 6, "intermediate": 100},
    {"hidden": 64, "heads": 1, "intermediate": 64},
    {"hidden": 128, "heads": 2, "intermediate": 1600, "layers": 1},
]

needs_kernels = pytest.mark.skipif(not ISAS, reason=why_native_is_unavailable())


def batch_of(texts: list[list[int]], family: str = "xlm-roberta") -> PackedBatch:
    return pack(texts, first_position=small_config(family).first_position)


@pytest.fixture(scope="module")
def session() -> Iterator[NativeSession]:
    with native_session_of(small_checkpoint(), threads=1) as session:
        yield session


# What is computed


@needs_kernels
@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_kernels_compute_the_quantised_arithmetic(isa: str, family: str, shape: dict[str, Any]) -> None:
    checkpoint = small_checkpoint(small_config(family, **shape))
    batch = batch_of(TEXTS, family)

    with native_session_of(checkpoint, isa=isa, threads=1) as session:
        found = session.run(batch)

    expected = encoded(checkpoint.config, quantize_encoder(checkpoint.config, checkpoint.arrays), batch)
    assert_same_arithmetic(found, expected)


@needs_kernels
@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_each_activation_is_computed(isa: str, activation: str) -> None:
    checkpoint = small_checkpoint(small_config(activation=activation))

    with native_session_of(checkpoint, isa=isa, threads=1) as session:
        found = session.run(batch_of(TEXTS))

    expected = encoded(checkpoint.config, quantize_encoder(checkpoint.config, checkpoint.arrays), batch_of(TEXTS))
    assert_same_arithmetic(found, expected)


def assert_same_arithmetic(found: np.ndarray, expected: np.ndarray) -> None:
    """Within 1e-4, but for texts where a number stood between two integers and was rounded the other way.

    GELU is right to 2e-5, which is enough for that to happen in a minority of the texts.
    """
    difference = np.abs(found - expected).max(axis=1)
    assert np.median(difference) < 1e-4
    assert difference.max() < 0.1


@needs_kernels
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_hidden_states_are_close_to_those_of_the_trained_model(family: str, activation: str) -> None:
    checkpoint = small_checkpoint(small_config(family, activation=activation))
    batch = batch_of(TEXTS, family)
    if family == "bert":
        batch = replace(batch, type_ids=batch.position_ids % 2)

    with native_session_of(checkpoint, threads=1) as session:
        found = session.run(batch)

    expected = torch_hidden(checkpoint, batch)
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
    assert ((found * expected).sum(axis=1) / lengths).min() > 0.995


@needs_kernels
@pytest.mark.skipif(len(ISAS) < 2, reason="this processor has one instruction set")
@pytest.mark.parametrize("shape", SHAPES)
def test_all_instruction_sets_give_the_same_answer(shape: dict[str, Any]) -> None:
    checkpoint, found = small_checkpoint(small_config(**shape)), []

    for isa in ISAS:
        with native_session_of(checkpoint, isa=isa, threads=1) as session:
            found.append(session.run(batch_of(TEXTS)))

    assert_same_arithmetic(found[0], found[1])


@needs_kernels
@pytest.mark.parametrize("isa", ISAS)
def test_a_long_text_is_attended_as_a_whole(isa: str) -> None:
    checkpoint = small_checkpoint(small_config(positions=514))
    batch = batch_of([random_texts(1, longest=1)[0] * 512, [5, 6, 7]])

    with native_session_of(checkpoint, isa=isa, threads=1) as session:
        found = session.run(batch)

    expected = encoded(checkpoint.config, quantize_encoder(checkpoint.config, checkpoint.arrays), batch)
    assert_same_arithmetic(found, expected)


# Independence of neighbours


@needs_kernels
@settings(max_examples=30, deadline=None)
@given(st.permutations(range(len(TEXTS))), st.integers(1, len(TEXTS)), st.integers(1, 5))
def test_a_text_has_the_same_bits_in_every_batch(order: list[int], count: int, threads: int) -> None:
    checkpoint = small_checkpoint(small_config(hidden=64, heads=2, layers=1))
    with native_session_of(checkpoint, threads=1) as session:
        alone = [session.run(batch_of([TEXTS[row]])) for row in order[:count]]
    with native_session_of(checkpoint, threads=threads) as session:
        together = session.run(batch_of([TEXTS[row] for row in order[:count]]))

    assert np.array_equal(together, np.concatenate(alone))


@needs_kernels
@pytest.mark.parametrize("isa", ISAS)
def test_thousands_of_shuffled_texts_have_the_same_bits(isa: str) -> None:
    texts = random_texts(2_000, longest=37)
    order = np.random.default_rng(0).permutation(len(texts))
    with native_session_of(small_checkpoint(), threads=3, isa=isa) as session:
        straight, shuffled = session.run(batch_of(texts)), session.run(batch_of([texts[row] for row in order]))

    pieces = np.split(shuffled, np.cumsum([len(texts[row]) for row in order])[:-1])
    assert np.array_equal(np.concatenate([pieces[place] for place in np.argsort(order)]), straight)


@needs_kernels
def test_two_sessions_run_in_two_threads_at_once(session: NativeSession) -> None:
    expected, wrong = session.run(batch_of(TEXTS)), []

    def work(mine: NativeSession) -> None:
        for _ in range(50):
            if not np.array_equal(mine.run(batch_of(TEXTS)), expected):
                wrong.append(mine)

    with native_session_of(small_checkpoint(), threads=2) as other:
        threads = [threading.Thread(target=work, args=(one,)) for one in (session, session, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert wrong == []


@needs_kernels
@pytest.mark.parametrize("threads", [2, 3, 4])
def test_halves_at_work_at_once_and_the_whole_give_the_same_bits(threads: int) -> None:
    texts, wrong = random_texts(40, longest=37), []
    with native_session_of(small_checkpoint(), threads=threads) as session:
        expected = session.run(batch_of(texts))

        def work(half: int | None) -> None:
            for _ in range(20):
                if not np.array_equal(session.run(batch_of(texts), half), expected):
                    wrong.append(half)

        workers = [threading.Thread(target=work, args=(half,)) for half in (0, 1, None)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    assert (session.halves, wrong) == (2, [])


@needs_kernels
def test_a_session_of_one_thread_has_no_halves() -> None:
    with native_session_of(small_checkpoint(), threads=1) as session:
        assert session.halves == 1
        assert np.array_equal(session.run(batch_of(TEXTS), 0), session.run(batch_of(TEXTS)))


# Wrong input


@needs_kernels
@pytest.mark.parametrize(
    ("field", "value"),
    [("input_ids", -1), ("input_ids", 60), ("position_ids", 40), ("position_ids", -7), ("type_ids", 1)],
)
def test_a_number_outside_its_table_is_refused(session: NativeSession, field: str, value: int) -> None:
    batch = batch_of(TEXTS)
    ids = getattr(batch, field).copy()
    ids[17] = value

    with pytest.raises(InvalidRequest, match=str(value)):
        session.run(replace(batch, **{field: ids}))


@needs_kernels
@pytest.mark.parametrize("first", [[], [1], [0, 3, 3], [0, 5, 2], [0, 10_000], [0, -2]])
def test_texts_that_do_not_lie_end_to_end_are_refused(session: NativeSession, first: list[int]) -> None:
    with pytest.raises(InvalidRequest):
        session.run(replace(batch_of(TEXTS), first=np.array(first, dtype=np.int64)))


@needs_kernels
def test_ids_of_another_number_are_refused(session: NativeSession) -> None:
    batch = batch_of(TEXTS)

    with pytest.raises(InvalidRequest, match="position"):
        session.run(replace(batch, position_ids=batch.position_ids[:-1]))


@needs_kernels
def test_a_closed_session_says_so() -> None:
    session = native_session_of(small_checkpoint(), threads=1)
    session.close()
    session.close()

    with pytest.raises(DragomanError, match="closed"):
        session.run(batch_of(TEXTS))


@needs_kernels
def test_an_unknown_instruction_set_is_refused() -> None:
    with pytest.raises(InvalidInput, match="neon"):
        native_session_of(small_checkpoint(), isa="neon")


@needs_kernels
def test_a_code_for_no_memory_becomes_a_memory_error() -> None:
    with pytest.raises(MemoryError):
        native_library.check_code(native_library.OUT_OF_MEMORY)


# Loading


@needs_kernels
def test_sessions_share_a_word_table(tmp_path: Path, session: NativeSession) -> None:
    checkpoint = small_checkpoint()
    write_quantized(tmp_path / "q", checkpoint.config, checkpoint.arrays)

    with NativeSession(tmp_path / "q", checkpoint.config, threads=1, words=session.words) as other:
        assert other.words is session.words
        assert np.array_equal(other.run(batch_of(TEXTS)), session.run(batch_of(TEXTS)))


@needs_kernels
def test_a_word_table_of_another_vocabulary_is_refused(tmp_path: Path, session: NativeSession) -> None:
    checkpoint = small_checkpoint()
    write_quantized(tmp_path / "q", checkpoint.config, checkpoint.arrays)
    words = WordTable(session.words.values[:-1], session.words.scale[:-1])

    with pytest.raises(InvalidInput, match="word table"):
        NativeSession(tmp_path / "q", checkpoint.config, words=words)


def test_a_missing_library_is_said_with_its_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(native_library, "LIBRARY_FILE", tmp_path / "libnothing.so")
    load_library.cache_clear()
    try:
        assert not native_available()
        assert "libnothing.so" in why_native_is_unavailable()
        with pytest.raises(MissingExtra):
            native_session_of(small_checkpoint())
    finally:
        load_library.cache_clear()


# Measuring


@needs_kernels
@pytest.mark.parametrize("isa", ISAS)
def test_the_rate_of_products_is_measured(isa: str) -> None:
    assert measure_int8_rate(seconds=0.01, threads=1, isa=isa) > 1e9


@needs_kernels
@pytest.mark.parametrize("isa", ISAS)
def test_the_rate_of_one_shape_is_measured(isa: str) -> None:
    assert measure_product_rate(256, 64, rows=48, seconds=0.01, threads=1, isa=isa) > 1e9


@needs_kernels
def test_a_profile_counts_every_stage_and_starts_anew(session: NativeSession) -> None:
    session.run(batch_of(TEXTS))

    assert min(session.take_profile().values()) > 0
    assert max(session.take_profile().values()) == 0

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.models.small import ACTIVATIONS, FAMILIES, random_texts, small_checkpoint, small_config, torch_hidden

from dragoman.errors import InvalidCheckpoint, InvalidInput
from dragoman.models.checkpoint import Checkpoint
from dragoman.models.config import EncoderConfig
from dragoman.models.packing import PackedBatch, pack, plan_batches
from dragoman.runtime import torch_session
from dragoman.runtime.torch_batch import ATTENTION_ROWS, Layout
from dragoman.runtime.torch_body import TorchOperations
from dragoman.runtime.torch_rates import measure_matmul_rate
from dragoman.runtime.torch_session import GRAPH_TEXTS, TorchSession

needs_cuda = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
    # compilers of kernels warn about their own insides
    pytest.mark.filterwarnings("default"),
]
on_card = [
    pytest.param(precision, kernels, marks=needs_cuda, id=f"{precision}-{kernels}")
    for precision in ("bf16", "fp16")
    for kernels in ("fused", "mixed", "varlen", "padded")
]
CARD_SHAPE = {"vocabulary": 500, "hidden": 256, "heads": 4, "intermediate": 512, "layers": 4, "positions": 300}
CARD_CONFIG = small_config(**CARD_SHAPE)


def cpu_session(checkpoint: Checkpoint, *, precision: str = "fp32") -> TorchSession:
    return TorchSession(checkpoint.config, checkpoint.arrays, device="cpu", precision=precision)


def card_checkpoint(config: EncoderConfig = CARD_CONFIG) -> Checkpoint:
    """Matrices as small as trained ones: with larger ones attention takes one token, and rounding says which."""
    checkpoint = small_checkpoint(config)
    arrays = {name: array / 4 if array.ndim == 2 else array for name, array in checkpoint.arrays.items()}
    return checkpoint._replace(arrays=arrays)


def card_session(checkpoint: Checkpoint, precision: str, kernels: str) -> TorchSession:
    return TorchSession(checkpoint.config, checkpoint.arrays, device="cuda", precision=precision, kernels=kernels)


def batch_of(config: EncoderConfig, texts: list[list[int]]) -> PackedBatch:
    """Texts whose second halves are of another type, where the model knows one."""
    types = [[(2 * at // len(text)) % config.token_types for at in range(len(text))] for text in texts]
    return pack(texts, first_position=config.first_position, types=types)


def smallest_cosine(one: np.ndarray, other: np.ndarray) -> float:
    """Of the rows, each a vector."""
    products = (one * other).sum(axis=1)
    return float((products / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)).min())


def card_texts(count: int = 200) -> list[list[int]]:
    return random_texts(count, longest=290, vocabulary=500)


def scores_in_batches(session: TorchSession, texts: list[list[int]], *, max_tokens: int, seed: int) -> np.ndarray:
    """Softmax scores of a random linear classifier over the means, from batches in an order of their own."""
    order = np.random.default_rng(seed).permutation(len(texts))
    head = np.random.default_rng(0).normal(0.0, 0.05, (session.config.hidden, 5)).astype(np.float32)
    logits = np.empty((len(texts), 5), dtype=np.float32)
    for rows in plan_batches([len(text) for text in texts], max_tokens=max_tokens, order=order):
        batch = pack([texts[row] for row in rows], first_position=session.config.first_position)
        logits[rows] = session.run_pooled(batch, "mean") @ head
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


# On the CPU ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_fp32_on_the_cpu_is_the_trained_model(family: str, activation: str) -> None:
    checkpoint = small_checkpoint(small_config(family, activation=activation))
    batch = batch_of(checkpoint.config, random_texts(9))

    found = cpu_session(checkpoint).run(batch)

    assert found.dtype == np.float32
    np.testing.assert_allclose(found, torch_hidden(checkpoint, batch), rtol=0, atol=1e-4)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_sixteen_bits_on_the_cpu_stay_near_fp32(precision: str) -> None:
    checkpoint = small_checkpoint(small_config("bert"))
    batch = batch_of(checkpoint.config, random_texts(9))

    found = cpu_session(checkpoint, precision=precision).run(batch)

    expected = torch_hidden(checkpoint, batch)
    assert smallest_cosine(found, expected) > 0.999
    assert np.abs(found - expected).max() < {"bf16": 0.15, "fp16": 0.02}[precision]


def test_the_same_text_has_the_same_vector_in_every_batch() -> None:
    session, texts = cpu_session(small_checkpoint()), random_texts(24)
    alone = scores_in_batches(session, texts, max_tokens=1, seed=0)

    for seed, max_tokens in enumerate((40, 1_000)):
        found = scores_in_batches(session, texts, max_tokens=max_tokens, seed=seed)
        np.testing.assert_allclose(found, alone, rtol=0, atol=1e-5)


def test_pooled_vectors_are_the_pooling_of_all_hidden_states() -> None:
    session = cpu_session(small_checkpoint())
    batch = batch_of(session.config, random_texts(7))
    hidden = session.run(batch)

    means = np.stack([part.mean(axis=0) for part in np.split(hidden, batch.first[1:])])

    np.testing.assert_allclose(session.run_pooled(batch, "mean"), means, rtol=0, atol=1e-5)
    np.testing.assert_array_equal(session.run_pooled(batch, "cls"), hidden[batch.first])


def test_rows_are_those_of_all_hidden_states_in_the_order_asked_for() -> None:
    session = cpu_session(small_checkpoint())
    batch = batch_of(session.config, random_texts(5))

    rows = np.array([batch.tokens - 1, 0, 3, 3])

    np.testing.assert_array_equal(session.run_rows(batch, rows), session.run(batch)[rows])
    assert session.run_rows(batch, rows[:0]).shape == (0, session.config.hidden)


def test_results_belong_to_their_batches_in_any_order_of_asking() -> None:
    session = cpu_session(small_checkpoint())
    batches = [batch_of(session.config, [text]) for text in random_texts(6)]
    expected = [session.run(batch) for batch in batches]

    pending = [session.submit(batch) for batch in batches]

    for handle, values in reversed(list(zip(pending, expected, strict=True))):
        np.testing.assert_array_equal(session.result(handle), values)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"precision": "int8"}, "Unknown precision 'int8'"),
        ({"device": "tpu"}, "Unknown device 'tpu'"),
        ({"kernels": "fast"}, "Unknown kernels 'fast'"),
        ({"kernels": "fused"}, "need a CUDA device"),
    ],
)
def test_an_option_that_cannot_be_met_is_refused(options: dict[str, str], message: str) -> None:
    checkpoint = small_checkpoint()
    with pytest.raises(InvalidInput, match=message):
        TorchSession(checkpoint.config, checkpoint.arrays, **({"device": "cpu"} | options))


def test_a_device_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    checkpoint = small_checkpoint()
    with pytest.raises(InvalidInput, match="There is no device 'cuda'"):
        TorchSession(checkpoint.config, checkpoint.arrays)


def test_a_missing_array_is_named() -> None:
    checkpoint = small_checkpoint()
    name = "roberta.encoder.layer.1.attention.self.key.weight"
    del checkpoint.arrays[name]
    with pytest.raises(InvalidCheckpoint, match=name):
        cpu_session(checkpoint)


@pytest.mark.parametrize(("text", "first_position"), [([60], 2), ([-1], 2), ([5, 6], 39)])
def test_an_index_outside_its_table_is_refused(text: list[int], first_position: int) -> None:
    session = cpu_session(small_checkpoint())
    with pytest.raises(InvalidInput, match="is not within 0 and"):
        session.run(pack([text], first_position=first_position))


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"pooling": "max"}, "Unknown pooling 'max'"),
        ({"rows": np.array([4])}, "Rows 4 to 4"),
        ({"rows": np.array([0]), "pooling": "cls"}, "both"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(choice: dict, message: str) -> None:
    session = cpu_session(small_checkpoint())
    with pytest.raises(InvalidInput, match=message):
        session.submit(batch_of(session.config, [[5, 6, 7, 8]]), **choice)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 3 GiB."),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
    ],
    ids=["device", "host"],
)
def test_too_little_memory_is_a_memory_error(error: RuntimeError, monkeypatch: pytest.MonkeyPatch) -> None:
    session = cpu_session(small_checkpoint())
    batch = batch_of(session.config, random_texts(3))
    with monkeypatch.context() as patch:
        patch.setattr(session._body, "run", lambda *arguments: (_ for _ in ()).throw(error))
        with pytest.raises(MemoryError, match=r"allocate|out of memory"):
            session.run(batch)

    assert np.isfinite(session.run(batch)).all()


def test_kernels_that_do_not_work_here_are_left_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def operations(config: EncoderConfig, *, pads: bool) -> TorchOperations:
        if not pads:
            raise ImportError("no compiler")
        return TorchOperations(config, pads=pads)

    monkeypatch.setattr(torch_session, "possible_kernels", lambda device, dtype: ["varlen", "padded"])
    monkeypatch.setattr(torch_session, "TorchOperations", operations)

    session = cpu_session(small_checkpoint())

    assert session.kernels == "padded"
    assert "'varlen' do not work here and are left out: no compiler" in caplog.text


def test_other_failures_keep_their_class(monkeypatch: pytest.MonkeyPatch) -> None:
    session = cpu_session(small_checkpoint())
    monkeypatch.setattr(session._body, "run", lambda *arguments: (_ for _ in ()).throw(RuntimeError("misaligned")))
    with pytest.raises(RuntimeError, match="misaligned"):
        session.run(batch_of(session.config, [[5, 6]]))


def test_a_layout_gives_back_what_was_written() -> None:
    lengths = (1, ATTENTION_ROWS, ATTENTION_ROWS + 1, 130)
    batch = batch_of(small_config("bert", positions=200), [[7] * length for length in lengths])
    layout = Layout.of(batch)
    buffer = torch.zeros(layout.starts[-1], dtype=torch.int32)

    layout.write(batch, buffer.numpy())

    read = layout.read(buffer)
    assert read.input_ids.tolist() == batch.input_ids.tolist()
    assert read.position_ids.tolist() == batch.position_ids.tolist()
    assert read.type_ids.tolist() == batch.type_ids.tolist()
    assert read.ends.tolist() == [*batch.first.tolist(), batch.tokens]
    assert list(zip(read.block_text.tolist(), read.block_number.tolist(), strict=True)) == [
        (0, 0), (1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2),
    ]  # fmt: skip


def test_a_roomy_layout_fills_up_with_blocks_of_an_empty_text() -> None:
    batch = batch_of(small_config(), [[7] * 9, [8] * 3])
    layout = Layout.up_to(tokens=64, texts=GRAPH_TEXTS)
    buffer = torch.zeros(layout.starts[-1], dtype=torch.int32)

    layout.write(batch, buffer.numpy())

    read = layout.read(buffer)
    assert read.ends.tolist() == [0, 9, *[12] * (GRAPH_TEXTS)]
    assert read.block_text.tolist() == [0, 1, *[GRAPH_TEXTS] * (GRAPH_TEXTS - 1)]


def test_the_rate_of_products_has_a_row_for_every_shape() -> None:
    rates = measure_matmul_rate("fp32", 0.0, device="cpu", config=small_config(), tokens=16, side=24)

    assert list(rates) == ["24x24x24", "16x32x96", "16x32x32", "16x32x48", "16x48x32"]
    assert all(rate > 0 for rate in rates.values())


# On a card ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("precision", "kernels"), on_card)
@pytest.mark.parametrize("family", ["xlm-roberta", "bert"])
def test_sixteen_bits_on_the_card_stay_near_fp32(precision: str, kernels: str, family: str) -> None:
    checkpoint = card_checkpoint(small_config(family, **CARD_SHAPE))
    batch = batch_of(checkpoint.config, card_texts())
    expected = torch_hidden(checkpoint, batch)

    session = card_session(checkpoint, precision, kernels)

    assert session.kernels == kernels
    assert smallest_cosine(session.run(batch), expected) > 0.999
    head = np.random.default_rng(0).normal(0.0, 1.0, (256, 5))
    labels, exact = (values[batch.first] @ head for values in (session.run(batch), expected))
    assert (labels.argmax(axis=1) == exact.argmax(axis=1)).mean() >= 0.97


@pytest.mark.parametrize(("precision", "kernels"), on_card)
def test_scores_on_the_card_do_not_depend_on_the_batch(precision: str, kernels: str) -> None:
    session, texts = card_session(card_checkpoint(), precision, kernels), card_texts()
    alone = scores_in_batches(session, texts, max_tokens=1, seed=0)

    for seed, max_tokens in enumerate((700, 5_000, 100_000)):
        found = scores_in_batches(session, texts, max_tokens=max_tokens, seed=seed)
        # "fused" gives the same bits; what is left is the head's product, which numpy computes.
        atol = 1e-6 if kernels == "fused" else 1e-3 if precision == "fp16" else 1e-2
        np.testing.assert_allclose(found, alone, rtol=0, atol=atol)


@pytest.mark.parametrize(("precision", "kernels"), on_card)
@pytest.mark.parametrize("count", [1, GRAPH_TEXTS, 60], ids=["one", "recorded", "many"])
def test_pooling_on_the_card_is_the_pooling_of_all_hidden_states(precision: str, kernels: str, count: int) -> None:
    session = card_session(card_checkpoint(), precision, kernels)
    batch = batch_of(CARD_CONFIG, random_texts(count, longest=30 if count > 1 else 1))
    hidden = session.run(batch)

    means = np.stack([part.mean(axis=0) for part in np.split(hidden, batch.first[1:])])

    np.testing.assert_allclose(session.run_pooled(batch, "mean"), means, rtol=0, atol=1e-4)
    np.testing.assert_array_equal(session.run_pooled(batch, "cls"), hidden[batch.first])
    np.testing.assert_array_equal(session.run_rows(batch, batch.first[::-1].copy()), hidden[batch.first[::-1]])


@pytest.mark.parametrize(("precision", "kernels"), on_card)
def test_batches_under_way_on_the_card_do_not_mix(precision: str, kernels: str) -> None:
    session = card_session(card_checkpoint(), precision, kernels)
    batches = [batch_of(CARD_CONFIG, card_texts(40)[start::7]) for start in range(7)] * 3
    expected = [session.run(batch) for batch in batches]

    pending = [session.submit(batch) for batch in batches]

    for handle, values in zip(pending, expected, strict=True):
        np.testing.assert_array_equal(session.result(handle), values)


@pytest.mark.parametrize(("precision", "kernels"), on_card[:1])
def test_a_batch_too_large_for_the_card_is_a_memory_error_and_the_next_one_runs(precision: str, kernels: str) -> None:
    session = card_session(card_checkpoint(), precision, kernels)
    batch = batch_of(CARD_CONFIG, card_texts() * 100)
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + (1 << 30)) / total)
    try:
        with pytest.raises(MemoryError):
            session.run(batch)
        assert np.isfinite(session.run(batch_of(CARD_CONFIG, card_texts(20)))).all()
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)


@pytest.mark.parametrize("precision", [pytest.param("fp32", marks=needs_cuda)])
def test_fp32_on_the_card_is_the_trained_model(precision: str) -> None:
    checkpoint = card_checkpoint()
    batch = batch_of(checkpoint.config, card_texts(30))

    found = card_session(checkpoint, precision, "auto").run(batch)

    np.testing.assert_allclose(found, torch_hidden(checkpoint, batch), rtol=0, atol=1e-3)

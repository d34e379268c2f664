from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from tests.models.small import POOLINGS, random_texts, small_checkpoint, small_config, torch_outputs
from torch import Tensor

from dragoman.models import encoder, heads
from dragoman.models.encoder import Encoder, TorchBatch, initialise, to_grid, to_packed
from dragoman.models.heads import Classifier
from dragoman.models.packing import pack

TEXTS = random_texts(4, longest=5)


def double_batch() -> TorchBatch:
    batch = TorchBatch.of(pack(TEXTS, first_position=2))
    return batch._replace(mask=batch.mask.double())


def inside(batch: TorchBatch) -> Tensor:
    return (batch.mask == 0).double()[:, :, None]


def plain_to_grid(packed: Tensor, batch: TorchBatch) -> Tensor:
    return packed[batch.slots]


def plain_to_packed(grid: Tensor, batch: TorchBatch) -> Tensor:
    return grid.flatten(0, 1)[batch.cells]


def test_the_grid_and_back_is_the_same() -> None:
    batch = double_batch()
    packed = torch.randn(len(batch.input_ids), 3)

    assert torch.equal(to_packed(to_grid(packed, batch), batch), packed)


def test_to_grid_has_the_gradient_of_its_numbers() -> None:
    batch = double_batch()
    packed = torch.randn(len(batch.input_ids), 2, dtype=torch.double, requires_grad=True)

    assert torch.autograd.gradcheck(lambda rows: to_grid(rows, batch) * inside(batch), packed)


def test_to_packed_has_the_gradient_of_its_numbers() -> None:
    batch = double_batch()
    grid = torch.randn(*batch.slots.shape, 2, dtype=torch.double, requires_grad=True)

    assert torch.autograd.gradcheck(lambda cells: to_packed(cells, batch), grid)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_model_has_the_gradients_that_plain_indexing_gives(pooling: str, monkeypatch: pytest.MonkeyPatch) -> None:
    own = gradients(pooling)

    for module in (encoder, heads):
        monkeypatch.setattr(module, "to_grid", plain_to_grid)
    monkeypatch.setattr(encoder, "to_packed", plain_to_packed)

    for name, expected in gradients(pooling).items():
        assert torch.allclose(own[name], expected, rtol=1e-9, atol=1e-12), name


def gradients(pooling: str) -> dict[str, Tensor]:
    """Gradients of a loss that looks at every logit, in double precision."""
    checkpoint = small_checkpoint(pooling=pooling)
    model = Classifier(checkpoint.config, labels=3, pooling=pooling)
    model.load_state_dict({name: torch.from_numpy(array) for name, array in checkpoint.arrays.items()})
    model.double()(double_batch()).square().sum().backward()
    return {name: parameter.grad for name, parameter in model.named_parameters()}


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_text_has_the_same_answer_alone_and_among_others(pooling: str) -> None:
    checkpoint = small_checkpoint(pooling=pooling)
    together = torch_outputs(checkpoint, TEXTS).logits

    for text, expected in zip(TEXTS, together, strict=True):
        assert torch_outputs(checkpoint, [text]).logits[0] == pytest.approx(expected, abs=1e-5)


def fresh(seed: int) -> dict[str, Tensor]:
    model = Encoder(small_config())
    initialise(model, torch.Generator().manual_seed(seed))
    return model.state_dict()


def test_fresh_weights_follow_the_seed() -> None:
    one, same, other = fresh(1), fresh(1), fresh(2)

    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["embeddings.word_embeddings.weight"], other["embeddings.word_embeddings.weight"])


def test_fresh_norms_do_nothing_and_fresh_biases_are_zero() -> None:
    for name, array in fresh(0).items():
        if array.dim() == 1:
            is_scale = "LayerNorm" in name and name.endswith("weight")
            assert torch.equal(array, torch.full_like(array, float(is_scale))), name


def test_fresh_matrices_have_the_stated_deviation() -> None:
    weights = fresh(0)["embeddings.word_embeddings.weight"]

    assert float(weights.std()) == pytest.approx(0.02, rel=0.1)
    assert float(weights.mean()) == pytest.approx(0.0, abs=0.002)


@pytest.mark.parametrize("change", [torch.nn.Module.eval, lambda model: model.train()], ids=["eval", "train"])
def test_dropout_works_in_training_only(change: Callable[[torch.nn.Module], None]) -> None:
    model = Classifier(small_config(), labels=3, pooling="mean", dropout=0.5)
    change(model)
    batch = TorchBatch.of(pack(TEXTS, first_position=2))

    assert torch.equal(model(batch), model(batch)) is not model.training

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from dragoman.models.readouts.activation import ACTIVATIONS, erf

VALUES = np.linspace(-12, 12, 4_001)


def test_the_error_function_is_right_to_its_bound() -> None:
    assert erf(VALUES) == pytest.approx([math.erf(value) for value in VALUES], abs=1.5e-7)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gelu", F.gelu),
        ("gelu_new", lambda values: F.gelu(values, approximate="tanh")),
        ("relu", F.relu),
        ("tanh", torch.tanh),
        ("identity", lambda values: values),
    ],
)
def test_an_activation_is_that_of_torch(name: str, expected) -> None:
    values = VALUES.astype(np.float32)

    found = ACTIVATIONS[name](values)

    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected(torch.from_numpy(values)).numpy(), rtol=1e-5, atol=2e-6)

from __future__ import annotations

from typing import Any

import pytest

from dragoman.errors import InvalidRequest
from dragoman.serving.parameters import Parameters, read_parameters


def test_known_parameters_are_read() -> None:
    assert read_parameters({"top": 3}) == Parameters(top=3)


def test_an_unknown_parameter_is_refused_with_the_nearest_right_one() -> None:
    with pytest.raises(InvalidRequest, match=r"no parameter 'tops'") as caught:
        read_parameters({"tops": 3})
    assert caught.value.help == "did you mean 'top'?"


@pytest.mark.parametrize("top", [0, -1, 1.5, "3", True])
def test_a_wrong_value_is_refused_by_name(top: Any) -> None:
    with pytest.raises(InvalidRequest, match="parameter 'top' is wrong"):
        read_parameters({"top": top})

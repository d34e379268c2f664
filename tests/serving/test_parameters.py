from __future__ import annotations

from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta

from dragoman.errors import InvalidRequest
from dragoman.serving.parameters import read_parameters
from dragoman.serving.tasks.base import CommonParameters
from dragoman.serving.tasks.classification import ClassificationParameters


class NeedyParameters(CommonParameters, frozen=True, kw_only=True):
    names: Annotated[list[Annotated[str, Meta(min_length=1)]], Meta(description="What to look for.")]
    templates: dict[str, str] = msgspec.field(default_factory=dict)


def test_known_parameters_are_read() -> None:
    expected = ClassificationParameters(top=3, too_long="windows", stride=0)
    assert read_parameters({"top": 3, "too_long": "windows", "stride": 0}, ClassificationParameters) == expected


def test_an_unknown_parameter_is_refused_with_the_nearest_right_one() -> None:
    with pytest.raises(InvalidRequest, match=r"no parameter 'tops'") as caught:
        read_parameters({"tops": 3}, ClassificationParameters)
    assert caught.value.help == "did you mean 'top'?"


def test_a_parameter_of_another_task_is_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"no parameter 'names'"):
        read_parameters({"names": ["a"]}, ClassificationParameters)


@pytest.mark.parametrize("top", [0, -1, 1.5, "3", True])
def test_a_wrong_value_is_refused_by_name_with_its_meaning(top: Any) -> None:
    with pytest.raises(InvalidRequest, match="parameter 'top' is wrong") as caught:
        read_parameters({"top": top}, ClassificationParameters)
    assert caught.value.help == "How many labels to answer, best first. Default: all."


@pytest.mark.parametrize(("name", "value"), [("too_long", "cut"), ("too_long", 7), ("stride", -1), ("raw_scores", 1)])
def test_wrong_values_of_every_type_are_refused(name: str, value: Any) -> None:
    with pytest.raises(InvalidRequest, match=f"parameter '{name}' is wrong"):
        read_parameters({name: value}, ClassificationParameters)


def test_a_missing_parameter_is_named_with_its_meaning() -> None:
    with pytest.raises(InvalidRequest, match="parameter 'names' is missing") as caught:
        read_parameters({}, NeedyParameters)
    assert caught.value.help == "What to look for."


def test_a_wrong_value_inside_a_list_is_refused_with_its_place() -> None:
    with pytest.raises(InvalidRequest, match=r"parameter 'names\[1\]' is wrong") as caught:
        read_parameters({"names": ["a", ""]}, NeedyParameters)
    assert caught.value.help == "What to look for."


@pytest.mark.parametrize("given", [{"names": ["a", "b\ud800"]}, {"names": ["a"], "templates": {"\udc00": "{}"}}])
def test_a_text_that_utf_8_cannot_carry_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match="has half of a surrogate pair"):
        read_parameters(given, NeedyParameters)

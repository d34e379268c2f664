from __future__ import annotations

import pytest
from tests.models.small import FAMILIES, small_checkpoint, small_config

from dragoman.models.names import ARCHITECTURE_ENDINGS, Head, canonical_name, expected_shapes, file_name, head_of

HEADS: tuple[Head, ...] = ("none", *ARCHITECTURE_ENDINGS)


def names_in_file(family: str, head: Head) -> list[str]:
    shapes = expected_shapes(small_config(family), 3, head=head)
    return [file_name(name, family=family, head=head) for name in shapes]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("family", FAMILIES)
def test_names_go_to_a_file_and_back(family: str, head: Head) -> None:
    names = list(expected_shapes(small_config(family), 3, head=head))

    assert [canonical_name(name, family=family, head=head) for name in names_in_file(family, head)] == names


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("family", FAMILIES)
def test_without_an_architecture_the_arrays_tell_the_head(family: str, head: Head) -> None:
    assert head_of(names_in_file(family, head), family=family, architectures=[]) == head
    assert head_of(names_in_file(family, head), family=family, architectures=["AnyModel"]) == head


@pytest.mark.parametrize("head", HEADS[1:])
@pytest.mark.parametrize("family", FAMILIES)
def test_an_architecture_chooses_among_heads(family: str, head: Head) -> None:
    names = [name for other in HEADS for name in names_in_file(family, other)]

    assert head_of(names, family=family, architectures=[f"Any{ARCHITECTURE_ENDINGS[head]}"]) == head


def test_a_declared_head_without_arrays_is_none() -> None:
    names = names_in_file("roberta", "none")

    assert head_of(names, family="roberta", architectures=["RobertaForMaskedLM"]) == "none"


def test_a_task_that_dragoman_does_not_have_leaves_a_body() -> None:
    names = names_in_file("roberta", "tokens")

    assert head_of(names, family="roberta", architectures=["RobertaForMultipleChoice"]) == "none"


def test_pretraining_has_a_mask_head() -> None:
    assert head_of(names_in_file("bert", "mask"), family="bert", architectures=["BertForPreTraining"]) == "mask"


@pytest.mark.parametrize("head", HEADS)
def test_a_checkpoint_knows_its_head(head: Head) -> None:
    assert small_checkpoint(head=head).head == head

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dragoman.errors import InvalidData, WrongTask
from dragoman.records import Baseline, Example
from dragoman.release import speed
from dragoman.release.baselines import counted_baselines
from dragoman.release.cases import cases_of
from dragoman.release.comparison import Comparison, compare_versions
from dragoman.serving.fakes import FAKE_LABELS, FakeTask, fake_backbone, fake_model
from dragoman.serving.model import Model
from dragoman.spec import ServingSpec

TEXTS = {"en": ["where is my order", "refund please", "cancel it", "refund it"], "ru": ["где заказ", "где"]}


def model(version: str, *labels: str, **changes) -> Model:
    backbone = fake_backbone(digest=version)
    return fake_model(
        backbone=backbone, digest=version, version=version,
        task=FakeTask(backbone.tokenizer, labels=labels or FAKE_LABELS), **changes,
    )  # fmt: skip


def examples(truth: Model) -> list[Example]:
    """Texts with the labels that a model gives them."""
    return [
        Example(id=f"{language}-{number}", text=text, label=truth.predict(text)[0].label, language=language, split="")
        for language, texts in TEXTS.items()
        for number, text in enumerate(texts)
    ]


@pytest.fixture(autouse=True)
def _few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "ROUNDS", 2)


@pytest.fixture
def champion() -> Iterator[Model]:
    with model("1") as made:
        yield made


def compare(champion: Model, challenger: Model, **options) -> Comparison:
    with challenger:
        return compare_versions(champion, challenger, cases_of(examples(champion)), **options)


def test_equal_versions_lose_and_gain_nothing(champion: Model) -> None:
    found = compare(champion, model("2"))

    assert (found.total.language, found.total.n, found.total.drop.value) == ("*", 6, 0.0)
    assert [(one.lost, one.gained, one.different) for one in found.languages] == [(0, 0, 0)] * 2
    assert (found.champion, found.challenger) == ("1", "2")


def test_a_version_with_other_labels_loses_all_in_each_language(champion: Model) -> None:
    found = compare(champion, model("2", "x", "y", "z"))

    assert [(one.language, one.n, one.lost, one.drop.value) for one in found.languages] == [
        ("en", 4, 4, 1.0),
        ("ru", 2, 2, 1.0),
    ]
    assert (found.total.champion.value, found.total.challenger.value) == (1.0, 0.0)
    assert counted_baselines(found.languages) == {
        "en": Baseline(texts=4, disagreements=4),
        "ru": Baseline(texts=2, disagreements=2),
    }


def test_the_largest_drop_comes_first(champion: Model) -> None:
    mixed = [
        one if one.language == "ru" else Example(id=one.id, text=one.text, label="none", language="en", split="")
        for one in examples(champion)
    ]
    with model("2", "x", "y", "z") as challenger:
        found = compare_versions(champion, challenger, cases_of(mixed))

    assert [(one.language, one.drop.value, one.different) for one in found.languages] == [("ru", 1.0, 2), ("en", 0, 4)]


def test_a_refused_text_is_wrong_and_not_measured(champion: Model) -> None:
    found = compare(champion, model("2", serving=ServingSpec(max_text_characters=10)))

    assert {one.language: (one.lost, one.different) for one in found.languages} == {"en": (2, 2), "ru": (0, 0)}


def test_there_must_be_a_text_that_both_answer(champion: Model) -> None:
    with pytest.raises(InvalidData, match="no text that both versions answer"):
        compare(champion, model("2", serving=ServingSpec(max_text_characters=2)))


def test_sizes_are_kept(champion: Model) -> None:
    found = compare(champion, model("2"), champion_bytes=100, challenger_bytes=40)

    assert (found.champion_bytes, found.challenger_bytes) == (100, 40)


def test_without_examples_nothing_is_compared(champion: Model) -> None:
    with pytest.raises(InvalidData, match="no texts to compare"):
        compare_versions(champion, champion, [])


def test_other_tasks_are_refused(champion: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    challenger = model("2")
    monkeypatch.setattr(challenger.task, "name", "embedding")

    with pytest.raises(WrongTask, match="'support' does embedding"):
        compare(champion, challenger)

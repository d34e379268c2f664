from __future__ import annotations

from typing import NamedTuple

import msgspec
import numpy as np
import pytest
from tests.training.world import small_examples, small_spec, train_small

from dragoman.models.checkpoint import open_checkpoint
from dragoman.models.packing import pack
from dragoman.models.readouts import PoolReadout, readout_of
from dragoman.profiles import FEATURE_SCALE
from dragoman.records import Example
from dragoman.registry.bundle import GRAPH_FILE, LANGUAGE_FILE, Bundle, open_bundle
from dragoman.runtime.onnx_session import OnnxSession
from dragoman.text.language import NgramDetector
from dragoman.training import reference as module
from dragoman.training.reference import HeldOut, Reading, read_held_out, reference_of
from dragoman.training.served import Served


class World(NamedTuple):
    """A trained model, and what it says of the texts that it was not trained on."""

    bundle: Bundle
    served: Served
    examples: list[Example]
    held_out: HeldOut


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    bundle = open_bundle(train_small(tmp_path_factory.mktemp("trained") / "run", small_spec()).folder)
    session = OnnxSession(bundle.folder / GRAPH_FILE, threads=1)
    served = Served(session, readout_of(open_checkpoint(bundle.folder)), bundle.tokenizer, bundle.first_position)
    examples = small_examples(128)
    return World(bundle, served, examples, read_held_out(served, examples))


@pytest.fixture
def reading(world: World) -> Reading:
    detector = NgramDetector.read(world.bundle.folder / LANGUAGE_FILE)
    return Reading(world.bundle.tokenizer, detector, world.bundle.labels, world.bundle.temperature, False)


def test_only_held_out_texts_are_read(world: World) -> None:
    assert {one.split for one in world.held_out.examples} == {"dev", "test"}
    assert len(world.held_out.logits) == len(world.held_out.examples) == 128


def test_the_logits_are_those_of_the_served_model(world: World) -> None:
    test, logits = world.held_out.of("test")

    assert [one.split for one in test] == ["test"] * 64
    assert logits == pytest.approx(world.served.read(test), abs=1e-4)


def test_projections_are_those_of_the_mean_hidden_state(world: World) -> None:
    ids = world.bundle.tokenizer.encode(world.held_out.examples[5].text).ids
    packed = pack([ids], first_position=world.bundle.first_position)
    (vector,) = PoolReadout(normalize=False).read(world.served.session.run(packed), packed, [0])

    assert world.held_out.projections[5] == pytest.approx(world.held_out.probe.project(vector), abs=1e-3)


def test_the_reference_knows_every_language_and_signal(world: World, reading: Reading) -> None:
    found = reference_of(world.held_out, reading)

    assert found.mix == {"en": 64, "ru": 64}
    signals = {
        "tokens",
        "fertility",
        "unknown",
        "bytes",
        "script",
        "foreign",
        "confidence",
        "label",
        "score",
        "entropy",
    }
    for one in found.languages.values():
        assert one.layouts.keys() == signals | {f"embedding.{place}" for place in range(16)}
        assert all(counts.sum() == 64 for counts in one.counts.values())
        assert np.abs(one.features).max() <= 64 * FEATURE_SCALE
    assert found.languages["ru"].layouts["script"].categories == ["Cyrl"]
    assert set(found.languages["en"].layouts["label"].categories) <= {"refund", "invoice"}


def test_texts_are_measured_some_at_a_time(world: World, reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = reference_of(world.held_out, reading).to_bytes()

    monkeypatch.setattr(module, "CHUNK", 50)

    assert reference_of(world.held_out, reading).to_bytes() == whole


def test_long_texts_are_cut_or_read_in_windows_as_they_are_served(world: World, reading: Reading) -> None:
    long = [msgspec.structs.replace(one, text=" ".join([one.text] * 12)) for one in world.held_out.examples]
    held_out = world.held_out._replace(examples=long)

    cut = reference_of(held_out, reading).languages["en"]
    whole = reference_of(held_out, reading._replace(in_windows=True)).languages["en"]

    assert cut.layouts["tokens"].edges == [22.0, 23.0]
    assert "fertility" not in cut.layouts
    assert min(whole.layouts["tokens"].edges) > 22
    assert "fertility" in whole.layouts

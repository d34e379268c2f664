from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.training.fused_world import fused_examples, fused_spec, train_fused

from dragoman.models.checkpoint import open_checkpoint
from dragoman.models.packing import pack
from dragoman.models.readouts import readout_of
from dragoman.registry.bundle import GRAPH_FILE, Bundle, open_bundle
from dragoman.runtime import tuning as measuring
from dragoman.runtime.native_library import native_available
from dragoman.runtime.native_session import native_session_of
from dragoman.runtime.onnx_session import OnnxSession
from dragoman.training.tuning import tune_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return open_bundle(train_fused(tmp_path_factory.mktemp("fused") / "run", fused_spec(epochs=8)).folder)


@pytest.fixture(scope="module")
def tuned(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trimmed to what one language needs."""
    folder = tmp_path_factory.mktemp("tuned") / "bundle"
    examples = [one for one in fused_examples() if one.split == "test" or one.language == "en"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measuring, "LEAST_SECONDS", 0.0)
        patch.setattr("dragoman.training.tuning.choose_forms", lambda forms, device: [forms[1].form])
        tune_bundle(bundle, examples, folder, keep="seen", report=lambda _: None)
    return folder


def test_forms_of_a_fused_model_answer_with_the_features_of_the_texts(bundle: Bundle, tuned: Path) -> None:
    report = open_bundle(tuned).tuning

    assert report is not None
    assert report.forms[0].accuracy == pytest.approx(bundle.evaluation.accuracy.value)


def test_a_trimmed_fused_bundle_reads_features(bundle: Bundle, tuned: Path) -> None:
    opened, checkpoint = open_bundle(tuned), open_checkpoint(tuned)
    batch = pack([opened.tokenizer.encode("paid never").ids], first_position=2, features=[np.ones(4, np.float32)])
    session = OnnxSession(tuned / GRAPH_FILE)

    read = readout_of(checkpoint).read(session.run(batch), batch, [0])

    assert opened.tokenizer.vocabulary < bundle.tokenizer.vocabulary
    assert opened.features == bundle.features
    np.testing.assert_allclose(read, session.logits(batch), atol=1e-4)


def test_the_reference_of_a_tuned_fused_bundle_has_the_columns(bundle: Bundle, tuned: Path) -> None:
    reference = open_bundle(tuned).reference

    assert bundle.features is not None
    assert reference is not None
    assert {one.name for one in reference.columns} == set(bundle.features.names)


@pytest.mark.skipif(not native_available(), reason="the int8 kernels do not run on this processor")
def test_in_int8_a_fused_model_says_nearly_the_same(bundle: Bundle) -> None:
    checkpoint, texts = open_checkpoint(bundle.folder), ["money never", "счёт", "please thanks mail"]
    features = [*bundle.features.encode([{"plan": "gold", "amount": 90}, {"amount": 3.0}]), None]
    batch = pack([bundle.tokenizer.encode(text).ids for text in texts], first_position=2, features=features)
    readout, whole = readout_of(checkpoint), OnnxSession(bundle.folder / GRAPH_FILE)

    small, exact = (readout.read(one.run(batch), batch, range(3)) for one in (native_session_of(checkpoint), whole))

    np.testing.assert_allclose(small, exact, atol=0.1)

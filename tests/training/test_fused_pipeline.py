from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.models.small import small_checkpoint, small_config
from tests.training.fused_world import FEATURES, fused_examples, fused_spec, train_fused
from tests.training.test_pipeline import Killed, contents, dies_at
from tests.training.world import small_spec, train_small

from dragoman.errors import InvalidData
from dragoman.models.checkpoint import open_checkpoint, write_checkpoint
from dragoman.models.packing import pack
from dragoman.models.readouts import FusedReadout, readout_of
from dragoman.models.tabular.schema import FEATURES_FILE, FeatureSchema
from dragoman.registry.bundle import open_bundle
from dragoman.runtime.onnx_session import OnnxSession
from dragoman.text.tokenizer import Tokenizer


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_fused(tmp_path_factory.mktemp("fused") / "run").folder


def test_a_fused_model_learns_from_the_text_and_from_columns(trained: Path) -> None:
    report = open_bundle(trained).evaluation

    assert report.roc_auc is not None
    assert report.roc_auc.value > 0.9
    without = {one.without: one.roc_auc.value for one in report.ablations if one.roc_auc}
    assert set(without) == {"features", "activity"}
    assert without["features"] < report.roc_auc.value - 0.1
    assert without["activity"] > report.roc_auc.value - 0.05


def test_the_weights_of_columns_name_those_that_count(trained: Path) -> None:
    columns = open_bundle(trained).evaluation.columns

    assert {one.name for one in columns[:2]} == {"amount", "plan"}
    assert sum(one.weight for one in columns) == pytest.approx(1.0, abs=1e-4)


def test_the_bundle_tells_its_columns_and_their_shape(trained: Path) -> None:
    schema = FeatureSchema.from_bytes((trained / FEATURES_FILE).read_bytes())
    fusion = open_checkpoint(trained).fusion

    assert schema.names == ["amount", "plan", "noise", "activity.orders"]
    assert fusion is not None
    assert fusion.columns == [None, 2, None, None]
    assert schema.columns[3].view == "activity"


def test_the_graph_and_the_readout_of_the_bundle_say_the_same(trained: Path) -> None:
    bundle, schema = open_bundle(trained), FeatureSchema.from_bytes((trained / FEATURES_FILE).read_bytes())
    readout, session = readout_of(open_checkpoint(trained)), OnnxSession(trained / "graph.onnx")
    texts = [encoded.ids for encoded in bundle.tokenizer.encode_many(["money never", "счёт", "paid"])]
    batch = pack(texts, first_position=2, features=[*schema.encode([{"plan": "gold", "amount": 9}, {}]), None])

    read = readout.read(session.run(batch), batch, range(3))

    assert isinstance(readout, FusedReadout)
    np.testing.assert_allclose(read, session.logits(batch), atol=1e-4)


def test_the_same_spec_data_and_seed_give_the_same_fused_bundle(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(Killed):
        train_fused(tmp_path / "run", report=dies_at("train", step=9))

    again = train_fused(tmp_path / "run").folder

    assert contents(again) == contents(trained)


def test_a_column_that_no_row_has_is_refused_with_the_nearest(tmp_path: Path) -> None:
    features = msgspec.structs.replace(FEATURES, columns=["amonut"])

    with pytest.raises(InvalidData, match="no column 'amonut'") as refused:
        train_fused(tmp_path / "run", fused_spec(features))

    assert refused.value.help == "Did you mean 'amount'?"


def test_values_of_several_kinds_in_a_column_are_refused_by_name(tmp_path: Path) -> None:
    examples = fused_examples()
    examples[1].features["amount"] = "a lot"

    with pytest.raises(InvalidData, match="'amount' has values of several kinds: float, str"):
        train_fused(tmp_path / "run", examples=examples)


def test_a_text_model_of_data_with_columns_is_what_it_is_without_them(tmp_path: Path) -> None:
    plain = [msgspec.structs.replace(one, features={}) for one in fused_examples()]

    with_columns, without = (
        train_fused(tmp_path / name, small_spec(), rows).folder
        for name, rows in (("one", fused_examples()), ("other", plain))
    )

    assert contents(with_columns) == contents(without)
    assert FEATURES_FILE not in contents(with_columns)


def test_training_with_features_goes_on_from_a_hugging_face_folder(tmp_path: Path, tokenizer: Tokenizer) -> None:
    config = small_config("roberta", vocabulary=tokenizer.vocabulary)
    write_checkpoint(tmp_path / "base", small_checkpoint(config, labels=[]))
    (tmp_path / "base" / "tokenizer.json").write_text(tokenizer.to_json())
    base = {"checkpoint": "base", "pooling": "cls"}

    report = train_fused(tmp_path / "run", fused_spec(base=base, learning_rate=2e-5)).evaluation

    assert report.roc_auc is not None
    assert report.roc_auc.value > 0.75


def test_a_fused_bundle_can_be_the_base_of_a_text_model(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "base").symlink_to(trained)

    again = train_small(tmp_path / "run", small_spec(base={"checkpoint": "base"})).folder

    assert open_checkpoint(again).fusion is None

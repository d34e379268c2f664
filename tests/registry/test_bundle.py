from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.training.world import small_spec, train_small

from dragoman.errors import InvalidCheckpoint, Untrusted
from dragoman.registry import bundle as files
from dragoman.registry.bundle import open_bundle, to_json_bytes
from dragoman.registry.manifest import MANIFEST_FILE, write_manifest


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_small(tmp_path_factory.mktemp("trained") / "run", small_spec(epochs=1)).folder


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    """A bundle of its own to spoil."""
    return Path(shutil.copytree(trained, tmp_path / "bundle"))


def sign_again(folder: Path) -> None:
    """Make the manifest agree with what was changed, so that only the contents can tell."""
    (folder / MANIFEST_FILE).unlink()
    write_manifest(folder, model="small", task="text-classification")


def test_a_bundle_opens_with_its_parts(folder: Path) -> None:
    bundle = open_bundle(folder)

    assert bundle.spec == small_spec(epochs=1)
    assert bundle.labels == ["refund", "invoice"]
    assert bundle.first_position == 2
    assert bundle.tokenizer.max_tokens == 24
    assert bundle.manifest.model == "small"
    assert bundle.tuning is None
    assert bundle.reference is not None
    assert set(bundle.reference.mix) == {"en", "ru"}
    assert {score.language for score in bundle.evaluation.languages} == {"en", "ru"}


def test_a_bundle_holds_all_of_its_parts_and_nothing_else(folder: Path) -> None:
    parts = {getattr(files, name) for name in files.__all__ if name.endswith("_FILE")}
    parts -= {files.TUNING_FILE, files.INT8_FILE}
    parts -= {files.FEATURES_FILE, files.MODEL_FILE, files.TREES_FILE}  # of models that read columns

    assert {path.name for path in folder.iterdir()} == parts | {MANIFEST_FILE}


def test_a_bundle_of_an_older_release_has_no_reference(folder: Path) -> None:
    (folder / files.REFERENCE_FILE).unlink()
    sign_again(folder)

    assert open_bundle(folder).reference is None


@pytest.mark.parametrize("name", [files.WEIGHTS_FILE, files.GRAPH_FILE, files.TOKENIZER_FILE, files.CALIBRATION_FILE])
def test_a_changed_byte_is_refused_and_named(name: str, folder: Path) -> None:
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)

    with pytest.raises(Untrusted, match=f"'{name}' was changed"):
        open_bundle(folder)


def test_a_folder_that_is_no_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidCheckpoint, match="not a complete bundle"):
        open_bundle(tmp_path)


def swap_two_pieces(folder: Path) -> None:
    raw = json.loads((folder / files.TOKENIZER_FILE).read_text())
    pieces = raw["model"]["vocab"]
    pieces[-2][0], pieces[-3][0] = pieces[-3][0], pieces[-2][0]
    (folder / files.TOKENIZER_FILE).write_text(json.dumps(raw))


def change_normalizer(folder: Path) -> None:
    raw = json.loads((folder / files.TOKENIZER_FILE).read_text())
    raw["normalizer"] = None
    (folder / files.TOKENIZER_FILE).write_text(json.dumps(raw))


@pytest.mark.parametrize("change", [swap_two_pieces, change_normalizer])
def test_a_tokenizer_that_gives_other_ids_is_refused(change: Callable[[Path], None], folder: Path) -> None:
    change(folder)
    sign_again(folder)

    with pytest.raises(Untrusted, match=r"tokenizer is not the one .* expected .* got"):
        open_bundle(folder)


@pytest.mark.parametrize(
    "name", [files.SPEC_FILE, files.CALIBRATION_FILE, files.LOCK_FILE, files.LINEAGE_FILE, files.EVALUATION_FILE]
)
def test_a_bundle_that_lacks_a_part_is_refused_by_its_name(name: str, folder: Path) -> None:
    (folder / name).unlink()
    sign_again(folder)

    with pytest.raises(Untrusted, match=name):
        open_bundle(folder)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (files.LINEAGE_FILE, "{"),
        (files.LINEAGE_FILE, '{"run": 1}'),
        (files.EVALUATION_FILE, "[]"),
        (files.CALIBRATION_FILE, "[]"),
        (files.CALIBRATION_FILE, '{"temperature": "high"}'),
        (files.CALIBRATION_FILE, '{"temperature": 0}'),
        (files.SPEC_FILE, "[]"),
        (files.CONFIG_FILE, "[]"),
        (files.REFERENCE_FILE, "[]"),
    ],
)
def test_a_part_with_other_contents_is_refused(name: str, content: str, folder: Path) -> None:
    (folder / name).write_text(content)
    sign_again(folder)

    with pytest.raises(Untrusted):
        open_bundle(folder)


def test_json_has_sorted_keys_and_ends_with_a_newline() -> None:
    assert to_json_bytes({"b": 1, "a": {"d": "é", "c": 2.5}}) == (
        '{\n  "a": {\n    "c": 2.5,\n    "d": "é"\n  },\n  "b": 1\n}\n'.encode()
    )

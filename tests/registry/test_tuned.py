from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tokenizers
from tests.training.world import small_examples, small_spec, train_small

import dragoman
from dragoman.errors import Untrusted
from dragoman.models.checkpoint import open_checkpoint
from dragoman.models.packing import pack
from dragoman.models.trimming import trim_checkpoint
from dragoman.profiles import build_reference
from dragoman.records import Agreement, Form, FormReport, TuningReport
from dragoman.registry import bundle as files
from dragoman.registry.bundle import Bundle, open_bundle
from dragoman.registry.manifest import MANIFEST_FILE, write_manifest
from dragoman.registry.tuned import write_tuned_bundle
from dragoman.runtime import native_session
from dragoman.runtime.native_library import native_available
from dragoman.runtime.onnx_session import OnnxSession
from dragoman.text.lock import golden_texts
from dragoman.text.tokenizer import Tokenizer
from dragoman.text.trimming import choose_pieces, trim_tokenizer

TEXTS = [example.text for example in small_examples(8)]
ENGLISH = [example.text for example in small_examples() if example.language == "en"]
FP32 = Form(precision="fp32", backend="onnxruntime", threads=0)
INT8 = Form(precision="int8", backend="native", threads=0)
TRIMMED = Form(precision="fp32", backend="onnxruntime", threads=0, trimmed=True)
TRIMMED_INT8 = Form(precision="int8", backend="native", threads=0, trimmed=True)
REFERENCE = build_reference(["en"] * 30, {"tokens": np.arange(30.0)})
needs_native = pytest.mark.skipif(not native_available(), reason="the native kernels cannot run on this machine")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return open_bundle(train_small(tmp_path_factory.mktemp("trained") / "run", small_spec(epochs=1)).folder)


@pytest.fixture
def tune(source: Bundle, tmp_path: Path) -> Callable[..., Bundle]:
    """Writes the bundle of a form, and opens it."""

    def make(chosen: Form, name: str = "tuned", *, of: Bundle = source) -> Bundle:
        checkpoint, tokenizer = open_checkpoint(of.folder), of.tokenizer
        report = tuning_report(chosen, of.tokenizer.vocabulary)
        if chosen.trimmed:
            trimmed = trim_tokenizer(tokenizer, choose_pieces(tokenizer, ENGLISH, keep="seen"))
            checkpoint = trim_checkpoint(checkpoint, trimmed.old_ids)
            backend = tokenizers.Tokenizer.from_str(trimmed.json)
            tokenizer = Tokenizer(backend, max_tokens=tokenizer.max_tokens)
        write_tuned_bundle(of, tmp_path / name, report, checkpoint=checkpoint, tokenizer=tokenizer, reference=REFERENCE)
        return open_bundle(tmp_path / name)

    return make


def tuning_report(chosen: Form, pieces: int) -> TuningReport:
    agreement = Agreement(texts=12, labels=1.0, languages={"en": 1.0, "ru": 1.0}, score_distance=0.0, cosine=1.0)
    forms = [
        FormReport(form=form, tokens_per_second=9.0, single_ms=2.0, agreement=agreement)
        for form in dict.fromkeys([FP32, chosen])
    ]
    return TuningReport(
        processor="a processor",
        cores=2,
        gate=0.995,
        language_gate=0.98,
        pieces=pieces,
        kept_pieces=pieces - 40 if chosen.trimmed else pieces,
        trimming="seen" if chosen.trimmed else "",
        forms=forms,
        chosen=chosen,
    )


def contents(bundle: Bundle) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in bundle.folder.iterdir()}


@pytest.mark.parametrize("chosen", [FP32, INT8, TRIMMED, TRIMMED_INT8], ids=lambda form: form.name)
def test_a_tuned_bundle_opens_with_its_report(chosen: Form, source: Bundle, tune: Callable[..., Bundle]) -> None:
    bundle = tune(chosen)
    assert bundle.tuning == tuning_report(chosen, source.tokenizer.vocabulary)
    assert bundle.reference is not None
    assert bundle.reference.digest == REFERENCE.digest
    assert (files.INT8_FILE in contents(bundle)) == (chosen.precision == "int8")


def test_what_tuning_does_not_change_is_copied(source: Bundle, tune: Callable[..., Bundle]) -> None:
    before, after = contents(source), contents(tune(INT8))
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert changed == {MANIFEST_FILE, files.TUNING_FILE, files.REFERENCE_FILE, files.INT8_FILE, files.CARD_FILE}


def test_trimming_changes_the_model_and_the_tokenizer_with_its_lock(
    source: Bundle, tune: Callable[..., Bundle]
) -> None:
    before, after = contents(source), contents(tune(TRIMMED))
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    model = {files.WEIGHTS_FILE, files.CONFIG_FILE, files.GRAPH_FILE}
    text = {files.TOKENIZER_FILE, files.LOCK_FILE}
    assert changed == model | text | {MANIFEST_FILE, files.TUNING_FILE, files.REFERENCE_FILE, files.CARD_FILE}


def test_the_same_form_gives_the_same_bytes(tune: Callable[..., Bundle]) -> None:
    assert contents(tune(TRIMMED_INT8, "one")) == contents(tune(TRIMMED_INT8, "two"))


def test_the_lock_of_a_trimmed_tokenizer_has_the_golden_texts_of_the_whole_one(
    source: Bundle, tune: Callable[..., Bundle]
) -> None:
    whole, trimmed = (golden_texts(contents(bundle)[files.LOCK_FILE]) for bundle in (source, tune(TRIMMED)))
    assert trimmed == whole
    assert set(whole) == {"en", "ru"}


def test_a_trimmed_model_reads_texts_whose_pieces_stayed_as_the_whole_one_does(
    source: Bundle, tune: Callable[..., Bundle]
) -> None:
    trimmed = tune(TRIMMED)
    whole, small = (
        OnnxSession(bundle.folder / files.GRAPH_FILE, threads=1).run(
            pack([one.ids for one in bundle.tokenizer.encode_many(ENGLISH[:9])], first_position=2)
        )
        for bundle in (source, trimmed)
    )
    assert trimmed.tokenizer.vocabulary < source.tokenizer.vocabulary
    np.testing.assert_array_equal(small, whole)


def test_a_bundle_can_be_tuned_again(tune: Callable[..., Bundle]) -> None:
    first = tune(TRIMMED_INT8, "first")
    again = tune(FP32, "again", of=first)
    assert again.tokenizer.vocabulary == first.tokenizer.vocabulary
    assert again.tuning != first.tuning
    assert files.INT8_FILE not in contents(again)


def test_the_card_shows_the_forms(tune: Callable[..., Bundle]) -> None:
    card = contents(tune(TRIMMED_INT8))[files.CARD_FILE].decode()
    assert "Served as: int8 native, all cores, trimmed." in card
    assert "pieces (seen)" in card
    assert "| fp32 onnxruntime, all cores | 9 | 2.00 | 100.00% | en 100.00% |" in card


@needs_native
@pytest.mark.parametrize("chosen", [INT8, TRIMMED_INT8], ids=lambda form: form.name)
def test_a_model_tuned_to_int8_is_served_by_the_weights_in_its_bundle(
    chosen: Form, tune: Callable[..., Bundle], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tune(chosen).folder
    used = []
    opened = native_session.NativeSession
    monkeypatch.setattr(
        native_session, "NativeSession", lambda path, *rest, **named: used.append(path) or opened(path, *rest, **named)
    )
    with dragoman.load(folder) as tuned, dragoman.load(folder, precision="fp32") as plain:
        assert used
        assert set(used) == {folder / files.INT8_FILE}
        assert [one.label for one in tuned.predict(TEXTS)] == [one.label for one in plain.predict(TEXTS)]


def test_a_changed_byte_of_the_int8_weights_is_refused(tune: Callable[..., Bundle]) -> None:
    path = tune(INT8).folder / files.INT8_FILE
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(Untrusted, match=f"'{files.INT8_FILE}' was changed"):
        open_bundle(path.parent)


def test_a_report_that_is_none_is_refused(tune: Callable[..., Bundle]) -> None:
    folder = tune(FP32).folder
    (folder / files.TUNING_FILE).write_text("[]")
    (folder / MANIFEST_FILE).unlink()
    write_manifest(folder, model="small", task="text-classification")
    with pytest.raises(Untrusted):
        open_bundle(folder)

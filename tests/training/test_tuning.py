from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.training.world import small_examples, small_spec, train_small

from dragoman.errors import InvalidData
from dragoman.models.checkpoint import Checkpoint
from dragoman.records import Example, Form, TuningReport
from dragoman.registry.bundle import CARD_FILE, INT8_FILE, Bundle, open_bundle
from dragoman.runtime import tuning as measuring
from dragoman.runtime.base import Session
from dragoman.runtime.cuda_device import CudaDevice, find_cuda_device
from dragoman.runtime.sessions import Stored, open_session
from dragoman.runtime.torch_session import TorchSession
from dragoman.runtime.tuning import Step
from dragoman.training import tuning
from dragoman.training.tuning import Tuned, tune_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return open_bundle(train_small(tmp_path_factory.mktemp("trained") / "run", small_spec(epochs=4)).folder)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "LEAST_SECONDS", 0.0)


def tune(bundle: Bundle, folder: Path, *, examples: list[Example] | None = None, **options) -> Tuned:
    options = {"keep": None, "report": lambda step: None} | options
    return tune_bundle(bundle, small_examples() if examples is None else examples, folder, **options)


def test_every_form_is_measured_on_the_test_split(bundle, tmp_path, monkeypatch):
    monkeypatch.setattr(tuning, "native_available", lambda: False)
    monkeypatch.setattr(tuning, "usable_cores", lambda: 2)
    report = tune(bundle, tmp_path / "tuned").report
    assert [one.form.name for one in report.forms] == ["fp32 onnxruntime, all cores", "fp32 onnxruntime, 1 thread"]
    assert {one.agreement.texts for one in report.forms} == {12}
    assert {one.agreement.labels for one in report.forms} == {1.0}
    assert report.cores == 2


def test_on_one_core_no_form_is_measured_twice(bundle, tmp_path, monkeypatch):
    monkeypatch.setattr(tuning, "usable_cores", lambda: 1)
    forms = [one.form for one in tune(bundle, tmp_path / "tuned").report.forms]
    assert len(set(forms)) == len(forms) == (2 if tuning.native_available() else 1)
    assert {form.threads for form in forms} == {0}


def test_the_accuracy_of_the_reference_is_that_of_the_evaluation(bundle, tmp_path):
    report = tune(bundle, tmp_path / "tuned").report
    assert report.forms[0].accuracy == pytest.approx(bundle.evaluation.accuracy.value)


def test_data_with_a_label_that_the_model_does_not_know_give_no_accuracy(bundle, tmp_path):
    examples = [msgspec.structs.replace(one, label="new") for one in small_examples()]
    assert tune(bundle, tmp_path / "tuned", examples=examples).report.forms[0].accuracy is None


def test_the_bundle_that_was_written_has_the_report(bundle, tmp_path):
    tuned = tune(bundle, tmp_path / "tuned")
    assert open_bundle(tmp_path / "tuned").tuning == tuned.report
    assert open_bundle(tmp_path / "tuned").manifest == tuned.manifest


# On a CUDA device ---------------------------------------------------------------------------------------------------


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> None:
    """A card with much memory, whose work torch does on the CPU."""
    monkeypatch.setattr(tuning, "find_cuda_device", lambda: CudaDevice("Card", 1 << 40))
    monkeypatch.setattr(tuning, "open_session", open_on_the_cpu)


def open_on_the_cpu(checkpoint: Checkpoint, form: Form, stored: Stored) -> Session:
    if form.backend != "torch":
        return open_session(checkpoint, form, stored)
    return TorchSession(checkpoint.config, checkpoint.arrays, device="cpu", precision=form.precision)


def precisions_on(device: str, report: TuningReport) -> list[tuple[str, bool]]:
    return [(one.form.precision, one.form.trimmed) for one in report.forms if one.form.device == device]


@pytest.mark.usefixtures("card")
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_forms_of_a_card_are_compared_with_fp32_on_the_cpu_and_chosen_for_it(device, bundle, tmp_path):
    report = tune(bundle, tmp_path / "tuned", device=device).report
    assert report.forms[0].form.name == "fp32 onnxruntime, all cores"
    assert precisions_on("cuda", report) == [("fp32", False), ("bf16", False), ("fp16", False)]
    assert all(one.agreement.cosine > 0.999 for one in report.forms if one.form.device == "cuda")
    assert [form.device for form in report.tuned] == [device, {"cpu": "cuda", "cuda": "cpu"}[device]]
    assert report.cuda_device == "Card"
    assert "and a Card; agreement" in (tmp_path / "tuned" / CARD_FILE).read_text(encoding="utf-8")


@pytest.mark.usefixtures("card")
def test_of_a_trimmed_model_each_device_has_one_form_with_all_pieces(bundle, tmp_path):
    examples = [one for one in small_examples() if one.split == "test" or one.language == "en"]
    report = tune(bundle, tmp_path / "tuned", examples=examples, keep="scripts").report
    assert precisions_on("cuda", report) == [("fp32", False), ("fp32", True), ("bf16", True), ("fp16", True)]
    assert len({form.trimmed for form in report.tuned}) == 1


@pytest.mark.usefixtures("card")
def test_the_bundle_of_a_card_has_the_int8_weights_that_the_cpu_would_serve(bundle, tmp_path, monkeypatch):
    forms = [Form(precision="bf16", backend="torch", threads=0), Form(precision="int8", backend="native", threads=0)]
    monkeypatch.setattr(tuning, "choose_forms", lambda reports, device: forms)
    tune(bundle, tmp_path / "tuned", device="cuda")
    assert (tmp_path / "tuned" / INT8_FILE).exists()
    assert open_bundle(tmp_path / "tuned").tuning.tuned == forms


@pytest.mark.usefixtures("card")
def test_a_card_without_room_is_left_out_and_that_is_said(bundle, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(tuning, "find_cuda_device", lambda: CudaDevice("Card", 1_000))
    report = tune(bundle, tmp_path / "tuned").report
    assert (precisions_on("cuda", report), report.cuda_device) == ([], "")
    assert "Card has too little free memory" in caplog.text


def test_without_a_card_a_model_for_cuda_is_tuned_for_the_cpu_and_that_is_said(bundle, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(tuning, "find_cuda_device", lambda: None)
    report = tune(bundle, tmp_path / "tuned", device="cuda").report
    assert [form.device for form in report.tuned] == ["cpu"]
    assert "torch sees no such device" in caplog.text


@pytest.mark.gpu
@pytest.mark.skipif(find_cuda_device() is None, reason="there is no CUDA device")
@pytest.mark.filterwarnings("default")  # compilers of kernels warn about their own insides
def test_a_real_card_gives_forms_that_answer_like_fp32(bundle, tmp_path):
    report = tune(bundle, tmp_path / "tuned", device="cuda").report
    assert report.chosen.device == "cuda"
    assert all(one.agreement.cosine > 0.999 for one in report.forms if one.form.device == "cuda")


# Trimmed ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", ["scripts", "seen"])
def test_trimmed_forms_are_compared_with_the_whole_model(keep, bundle, tmp_path):
    examples = [one for one in small_examples() if one.split == "test" or one.language == "en"]
    report = tune(bundle, tmp_path / "tuned", examples=examples, keep=keep).report
    assert [one.form.trimmed for one in report.forms] == [False, *[True] * (len(report.forms) - 1)]
    assert (report.trimming, report.pieces) == (keep, bundle.tokenizer.vocabulary)
    assert report.kept_pieces < report.pieces


def test_a_trimming_that_drops_nothing_leaves_the_model_whole(bundle, tmp_path):
    report = tune(bundle, tmp_path / "tuned", keep="scripts").report
    assert report.kept_pieces == report.pieces
    assert not any(one.form.trimmed for one in report.forms)


def test_the_texts_that_forms_are_compared_on_do_not_choose_the_pieces(bundle, tmp_path, monkeypatch):
    chosen = []
    choose = tuning.choose_pieces
    monkeypatch.setattr(
        tuning, "choose_pieces", lambda *rest, **named: chosen.extend(rest[1]) or choose(*rest, **named)
    )
    tune(bundle, tmp_path / "tuned", keep="seen")
    assert sorted(chosen) == sorted(one.text for one in small_examples() if one.split != "test")


def test_a_trimming_that_ruins_a_language_is_refused(bundle, tmp_path):
    seen = [one for one in small_examples(64) if one.split == "test" or one.language == "en"]
    report = tune(bundle, tmp_path / "tuned", examples=seen, keep="seen").report
    assert all(any("agreement in ru" in line for line in one.missed) for one in report.forms[1:])
    assert report.chosen == report.forms[0].form
    assert open_bundle(tmp_path / "tuned").tokenizer.vocabulary == bundle.tokenizer.vocabulary


@pytest.mark.parametrize(
    ("split", "keep", "message"),
    [("train", None, "no texts to compare forms on"), ("test", "seen", "no texts to choose pieces by")],
)
def test_data_without_the_split_that_is_needed_are_refused(split, keep, message, bundle, tmp_path):
    examples = [one for one in small_examples() if one.split == split]
    with pytest.raises(InvalidData, match=message):
        tune(bundle, tmp_path / "tuned", examples=examples, keep=keep)
    assert not (tmp_path / "tuned").exists()


def test_languages_take_turns_among_the_texts(bundle, tmp_path, monkeypatch):
    monkeypatch.setattr(tuning, "MOST_TEXTS", 4)
    rare = [one for one in small_examples() if one.language == "en" or one.id.endswith("-01")]
    report = tune(bundle, tmp_path / "tuned", examples=rare).report
    assert report.forms[0].agreement.texts == 4
    assert set(report.forms[0].agreement.languages) == {"en", "ru"}


def test_two_tunings_differ_in_nothing_but_what_was_measured(bundle, tmp_path, monkeypatch):
    examples = [one for one in small_examples() if one.split == "test" or one.language == "en"]
    form = Form(precision="fp32", backend="onnxruntime", threads=0, trimmed=True)
    monkeypatch.setattr(tuning, "choose_forms", lambda reports, device: [form])
    tuned = [tune(bundle, tmp_path / name, examples=examples, keep="scripts") for name in ("one", "two")]
    manifests = [one.manifest for one in tuned]
    one, two = ({file.path: file.digest for file in manifest.files} for manifest in manifests)
    assert {path for path in one if one[path] != two[path]} <= {"tuning.json", "card.md"}
    assert one.keys() == two.keys()


def test_forms_that_do_not_fit_into_memory_together_are_measured_too(bundle, tmp_path, monkeypatch):
    monkeypatch.setattr(tuning, "available_bytes", lambda: 0)
    steps: list[Step] = []
    report = tune(bundle, tmp_path / "tuned", report=steps.append).report
    assert steps[0].total == len(steps) == 4 * len(report.forms)


def test_the_reference_is_that_of_the_chosen_form(bundle, tmp_path, monkeypatch):
    monkeypatch.setattr(tuning, "choose_forms", lambda reports, device: [reports[-1].form])
    seen = [one for one in small_examples() if one.split != "train" or one.language == "ru"]
    tuned = tune(bundle, tmp_path / "tuned", examples=seen, keep="seen").report
    found = open_bundle(tmp_path / "tuned").reference
    assert tuned.chosen.trimmed
    assert sum(found.mix.values()) == 24
    assert found.digest != bundle.reference.digest
    assert found.probe.key != bundle.reference.probe.key

from __future__ import annotations

import msgspec
import pytest
from tests.runtime.contest import Contest

from dragoman.records import Agreement, Form, FormReport
from dragoman.runtime.cuts import Cut
from dragoman.runtime.tuning import Contestant, Gates, Step, choose_fastest, choose_forms, measure_forms

GATES = Gates(all=0.995, language=0.98)
PLENTY = 1_000


def measured(contest: Contest, *contestants: Contestant, memory: int = PLENTY, **options) -> list[FormReport]:
    report = options.pop("report", lambda step: None)
    return measure_forms(
        contestants, contest.languages, gates=GATES, memory=memory, report=report, clock=contest.clock, **options
    )


def test_a_form_is_measured_against_the_first():
    contest = Contest()
    slow, fast = contest.contestant("fp32", rate=1_000), contest.contestant("int8", rate=4_000)
    reference, other = measured(contest, slow, fast)
    assert reference.agreement.labels == other.agreement.labels == 1.0
    assert reference.tokens_per_second == pytest.approx(1_000, rel=0.01)
    assert other.tokens_per_second == pytest.approx(4_000, rel=0.01)
    assert (reference.single_ms, other.single_ms) == pytest.approx((2.0, 0.5))


def test_a_form_that_flips_labels_in_one_language_only_is_refused():
    contest = Contest(600, languages=["de", "en", "sw"])
    flips = contest.contestant("int8", rate=4_000, wrong=range(2, 30, 12))  # 3 of 200 texts in sw: 0.985
    worse = contest.contestant("int4", rate=9_000, wrong=range(2, 60, 12))  # 5 of 200: 0.975; 0.9917 over all
    _, one, two = measured(contest, contest.contestant("fp32", rate=1_000), flips, worse)
    assert one.missed == []
    assert two.agreement.languages == {"de": 1.0, "en": 1.0, "sw": 0.975}
    assert two.missed == ["agreement 0.9917 < 0.995", "agreement in sw 0.9750 < 0.98"]
    assert choose_fastest([_, one, two]) is one


def test_a_language_gate_alone_refuses_a_form():
    contest = Contest(1_200, languages=["de"] * 11 + ["sw"])  # 100 texts in sw
    _, form = measured(
        contest,
        contest.contestant("fp32", rate=1_000),
        contest.contestant("int8", rate=4_000, wrong=[11, 23, 35]),
    )
    assert form.missed == ["agreement in sw 0.9700 < 0.98"]


def test_forms_take_turns_when_all_fit_into_memory():
    contest = Contest(20)
    forms = [contest.contestant(name, rate=1_000, bytes=500) for name in ("a", "b")]
    measured(contest, *forms)
    assert contest.log[:2] == ["open a", "open b"]
    assert sorted(contest.log[-2:]) == ["close a", "close b"]
    turns = [line for line, before in zip(contest.log, ["", *contest.log], strict=False) if line != before]
    assert turns[2:-2] == ["run a", "run b"] * 4


def test_forms_that_do_not_fit_together_are_opened_one_after_the_other():
    contest = Contest(20)
    forms = [contest.contestant(name, rate=1_000, bytes=501) for name in ("a", "b")]
    _, other = measured(contest, *forms)
    assert [line for line in contest.log if "run" not in line] == ["open a", "close a", "open b", "close b"]
    assert other.agreement.labels == 1.0


def test_sessions_are_closed_when_one_cannot_be_opened():
    contest = Contest(4)

    def fail() -> None:
        raise MemoryError

    with pytest.raises(MemoryError):
        measured(contest, contest.contestant("a", rate=1_000), contest.contestant("b", rate=1_000)._replace(open=fail))
    assert contest.log == ["open a", "close a"]


def test_a_form_that_cuts_texts_into_more_tokens_is_measured_by_texts():
    contest = Contest()
    doubled = [Cut(cut.ids * 2, cut.spans * 2, 1) for cut in contest.cuts]
    _, other = measured(contest, contest.contestant("a", rate=1_000), contest.contestant("b", rate=1_000, cuts=doubled))
    assert other.tokens_per_second == pytest.approx(500, rel=0.01)


def test_accuracy_is_the_share_of_true_labels():
    contest = Contest(10)
    truth = [(10 + number) % 3 for number in range(10)]
    forms = contest.contestant("a", rate=1_000), contest.contestant("b", rate=1_000, wrong=[3, 4])
    assert [one.accuracy for one in measured(contest, *forms, truth=truth)] == [1.0, 0.8]
    assert measured(contest, forms[0])[0].accuracy is None


def test_every_step_is_told_before_it_begins():
    contest, steps = Contest(4), list[Step]()
    forms = [contest.contestant(name, rate=1_000) for name in ("a", "b")]
    measured(contest, *forms, report=steps.append)
    assert [(step.form.precision, step.doing) for step in steps] == [
        ("a", "answers"), ("b", "answers"), *[("a", "speed"), ("b", "speed")] * 3,
    ]  # fmt: skip
    assert [step.done for step in steps] == list(range(8))
    assert {step.total for step in steps} == {8}


def test_speed_is_measured_on_a_sample_of_every_length():
    contest = Contest(9_000)
    (report,) = measured(contest, contest.contestant("a", rate=1_000))
    assert report.tokens_per_second == pytest.approx(1_000, rel=0.01)
    answers = sum(len(cut.ids) for cut in contest.cuts) / 1_000
    assert contest.clock.now - answers < 3 * 8_192 / 1_000 * 1.05


def form_report(name: str, speed: float, *missed: str) -> FormReport:
    agreement = Agreement(texts=1, labels=1.0, languages={"en": 1.0}, score_distance=0.0, cosine=1.0)
    form = Form(precision=name, backend="fake", threads=1)
    return FormReport(form=form, tokens_per_second=speed, single_ms=1.0, agreement=agreement, missed=list(missed))


@pytest.mark.parametrize(
    ("reports", "chosen"),
    [
        ([("fp32", 100), ("int8", 300), ("int4", 500)], "int4"),
        ([("fp32", 100), ("int8", 300), ("int4", 500, "agreement 0.9 < 0.995")], "int8"),
        ([("fp32", 100), ("int8", 102)], "fp32"),
        ([("fp32", 100), ("int8", 300), ("int8-1", 305)], "int8"),
        ([("fp32", 100), ("int8", 90)], "fp32"),
        ([("fp32", 100), ("int8", 300, "agreement in sw 0.9 < 0.98")], "fp32"),
        ([("fp32", 100)], "fp32"),
    ],
)
def test_the_fastest_form_that_passes_is_chosen_and_of_equals_the_first(reports, chosen):
    assert choose_fastest([form_report(*one) for one in reports]).form.precision == chosen


def report_of(form: str, speed: float, *missed: str) -> FormReport:
    """`form` is written as "int8 native", "bf16 torch trimmed"."""
    precision, backend, *trimmed = form.split()
    made = Form(precision=precision, backend=backend, threads=0, trimmed=bool(trimmed))
    return msgspec.structs.replace(form_report(precision, speed, *missed), form=made)


WHOLE = [("fp32 onnxruntime", 100), ("int8 native", 300), ("fp32 torch", 900), ("bf16 torch", 5_000)]
TRIMMED = [
    *[("fp32 onnxruntime", 100), ("fp32 torch", 900), ("fp32 onnxruntime trimmed", 100), ("int8 native trimmed", 300)],
    *[("fp32 torch trimmed", 900), ("bf16 torch trimmed", 5_000)],
]


def without(reports: list[tuple[str, float]], *missing: str) -> list[tuple[str, ...]]:
    """The same, where forms whose names have one of these words miss a gate."""
    return [(*one, "agreement") if any(word in one[0] for word in missing) else one for one in reports]


@pytest.mark.parametrize(
    ("reports", "device", "chosen"),
    [
        (WHOLE[:2], "cpu", ["int8 native"]),
        (WHOLE[:2], "cuda", ["int8 native"]),
        (WHOLE, "cpu", ["int8 native", "bf16 torch"]),
        (WHOLE, "cuda", ["bf16 torch", "int8 native"]),
        (without(WHOLE, "bf16"), "cuda", ["fp32 torch", "int8 native"]),
        (TRIMMED, "cpu", ["int8 native trimmed", "bf16 torch trimmed"]),
        (without(TRIMMED, "trimmed"), "cpu", ["fp32 onnxruntime", "fp32 torch"]),
        (without(TRIMMED, "trimmed"), "cuda", ["fp32 torch", "fp32 onnxruntime"]),
        (without(TRIMMED, "torch trimmed"), "cpu", ["int8 native trimmed"]),
        (without(TRIMMED, "int8"), "cuda", ["bf16 torch trimmed", "fp32 onnxruntime trimmed"]),
    ],
)
def test_each_kind_of_device_has_the_fastest_form_with_the_pieces_of_the_first(reports, device, chosen):
    found = choose_forms([report_of(*one) for one in reports], device=device)
    assert [f"{one.precision} {one.backend}{' trimmed' * one.trimmed}" for one in found] == chosen


@pytest.mark.parametrize(("threads", "said"), [(0, "all cores"), (1, "1 thread"), (4, "4 threads")])
def test_a_form_is_named_by_its_threads(threads, said):
    assert Form(precision="int8", backend="native", threads=threads).name == f"int8 native, {said}"
    assert Form(precision="fp32", backend="x", threads=threads, trimmed=True).name == f"fp32 x, {said}, trimmed"


def test_a_form_of_torch_is_named_by_its_device():
    assert Form(precision="bf16", backend="torch", threads=0, trimmed=True).name == "bf16 torch, cuda, trimmed"

from __future__ import annotations

from dragoman.records import Baseline
from dragoman.release.power import power_gates
from dragoman.spec import ReleaseSpec

LANGUAGES = [f"l{number}" for number in range(40)]


def verdicts(texts: int) -> set[str]:
    baselines = {name: Baseline(texts=texts, disagreements=texts // 20) for name in LANGUAGES}
    return {gate.verdict for gate in power_gates(ReleaseSpec(), baselines, LANGUAGES)}


def test_a_large_evaluation_makes_a_release_sharp() -> None:
    assert verdicts(1_000) == {"pass"}


def test_a_small_evaluation_is_said_to_make_it_blunt() -> None:
    assert verdicts(100) == {"not enough evidence"}


def test_the_text_says_how_far_labels_may_differ() -> None:
    gate = power_gates(ReleaseSpec(), {"th": Baseline(texts=1_000, disagreements=50)}, ["th"])[0]
    assert gate.limit is not None
    assert gate.text.startswith("power in th: labels differ in 5.0% of 1000 texts")
    assert 0.07 <= gate.limit <= 0.1


def test_the_text_says_where_recent_texts_were_counted() -> None:
    recent = Baseline(texts=300, disagreements=60, source="traffic")
    gate = power_gates(ReleaseSpec(), {"th": recent}, ["th"])[0]
    assert gate.text.startswith("power in th: labels differ in 20.0% of 300 recent texts")
    assert gate.limit is not None
    assert 0.22 <= gate.limit < 0.3


def test_a_language_without_texts_is_named() -> None:
    gate = power_gates(ReleaseSpec(), {"th": Baseline(texts=1_000, disagreements=50)}, ["th", "xx"])[1]
    assert (gate.language, gate.verdict, gate.n) == ("xx", "not enough evidence", 0)


def test_an_evaluation_in_which_everything_differs_is_no_licence() -> None:
    gate = power_gates(ReleaseSpec(), {"th": Baseline(texts=1_000, disagreements=970)}, ["th"])[0]
    assert (gate.limit, gate.verdict) == (0.3, "not enough evidence")

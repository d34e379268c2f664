from __future__ import annotations

import threading

from dragoman.release.ledger import Ledger
from dragoman.release.outcome import FAILED, Outcome
from dragoman.release.pace import LEAST
from dragoman.release.route import CHALLENGER, CHAMPION
from dragoman.release.tally import Cell, Tally

RIGHT, WRONG = Outcome("th", "refund", 0.9), Outcome("th", "invoice", 0.9)


def tallies(ledger: Ledger) -> dict[Cell, Tally]:
    return dict(map(Tally.from_row, ledger.rows()))


def test_pairs_are_counted_by_metric_language_and_step() -> None:
    ledger = Ledger(["th"])
    ledger.paired(["a", "b"], [RIGHT, RIGHT], [RIGHT, WRONG], step=2)
    cell = tallies(ledger)[Cell("agreement", "th", 2)]
    assert (cell.n, cell.mean) == (2, 0.5)


def test_a_text_that_is_sent_again_and_again_is_one_observation() -> None:
    ledger = Ledger(["th"])
    for _ in range(50):
        ledger.paired(["a"], [RIGHT], [WRONG], step=0)
    assert tallies(ledger)[Cell("agreement", "th", 0)].n == 1


def test_a_language_that_the_model_does_not_declare_counts_as_other() -> None:
    ledger = Ledger(["de"])
    ledger.paired(["a"], [RIGHT], [RIGHT], step=0)
    ledger.served(CHALLENGER, [RIGHT], 0.1, step=1)
    assert {cell.language for cell in tallies(ledger)} == {"other"}
    assert ledger.exposed() == {"other": 1}


def test_a_failure_has_the_language_of_the_arm_that_answered() -> None:
    ledger = Ledger(["th"])
    ledger.paired(["a"], [RIGHT], [FAILED], step=0)
    assert tallies(ledger)[Cell("errors", "th", 0)].mean == 1


def test_only_users_that_the_challenger_answered_are_exposed() -> None:
    ledger = Ledger(["th"])
    ledger.served(CHAMPION, [RIGHT] * 3, 0.1, step=1)
    ledger.served(CHALLENGER, [RIGHT] * 2, 0.1, step=1)
    assert ledger.exposed() == {"th": 2}


def test_a_challenger_that_is_always_slower_is_seen_and_one_as_fast_is_not() -> None:
    harms = []
    for seconds in (0.1, 9.0):
        ledger = Ledger(["th"])
        for number in range(LEAST):
            ledger.served(CHAMPION, [RIGHT], 0.1 + number / 1e4, step=1)
        for _ in range(20):
            ledger.served(CHAMPION, [RIGHT], 0.1, step=1)
            ledger.served(CHALLENGER, [RIGHT], seconds, step=1)
        harms.append(tallies(ledger)[Cell("latency", "th", 1)].mean)
    assert harms == [0, 1]


def test_nothing_is_said_of_speed_before_the_champion_is_known() -> None:
    ledger = Ledger(["th"])
    for _ in range(LEAST - 1):
        ledger.served(CHAMPION, [RIGHT], 0.1, step=1)
        ledger.served(CHALLENGER, [RIGHT], 9.0, step=1)
    assert ledger.rows() == []


def test_threads_that_count_at_once_lose_nothing() -> None:
    ledger = Ledger(["th"])

    def count(thread: int) -> None:
        for number in range(200):
            ledger.paired([f"{thread} {number}"], [RIGHT], [WRONG], step=0)

    threads = [threading.Thread(target=count, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tallies(ledger)[Cell("agreement", "th", 0)].n == 800


def labelled(ledger: Ledger, truth: str, *, by: str = "c1") -> list[bool]:
    ledger.paired(["a"], [RIGHT._replace(id="c1")], [WRONG._replace(id="d1")], step=0)
    return [ledger.labelled(by, truth, step=1), ledger.labelled("c1", truth, step=1)]


def test_a_truth_is_counted_once_whichever_prediction_it_came_for() -> None:
    for by in ("c1", "d1"):
        ledger = Ledger(["th"])
        assert labelled(ledger, "refund", by=by) == [True, False]
        assert not ledger.knows(by)
        assert tallies(ledger)[Cell("quality", "th", 1)].mean == 1


def test_a_truth_that_only_the_challenger_knew_is_its_gain() -> None:
    ledger = Ledger(["th"])
    labelled(ledger, "invoice")
    assert tallies(ledger)[Cell("quality", "th", 1)].mean == -1


def test_a_truth_of_an_unknown_prediction_is_not_counted() -> None:
    ledger = Ledger(["th"])
    assert not ledger.knows("somebody")
    assert not ledger.labelled("somebody", "refund", step=0)
    assert ledger.rows() == []

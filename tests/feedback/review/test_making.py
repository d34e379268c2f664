from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

import pytest
from tests.checks.catalog_review import review_task
from tests.feedback.review.worlds import NOON, row_of, rows_of_languages

from dragoman.data.duplicates import similarity_of
from dragoman.feedback.review.making import Plan, make_draw
from dragoman.spec import ReviewSpec

DOUBTFUL = [0.51, 0.49]


def plan(*, days=0, asked=(), needs_text=True, **review):
    until = NOON + timedelta(days=days)
    spec = ReviewSpec(**{"per_day": 10, "audit": 0.0, "per_language": 0, "double": 0.0, **review})
    return Plan("support", spec, until - timedelta(days=1), until, asked, needs_text)


def made(rows, **review):
    return make_draw(plan(**review), rows)[1]


def reasons(tasks):
    return Counter(task.reason for task in tasks)


def test_the_same_day_gives_the_same_tasks_in_whatever_order_rows_come():
    rows = rows_of_languages(de=40, fr=30, th=3)
    mixed = random.Random(1).sample(rows, len(rows))

    first, again = (make_draw(plan(audit=0.4, per_language=1, double=0.3), one) for one in (rows, mixed))

    assert first == again
    assert len(first[1]) == 10
    assert make_draw(plan(days=1, audit=0.4, per_language=1), rows)[1] != first[1]


def test_a_draw_says_what_it_is_drawn_from():
    draw, tasks = make_draw(plan(per_day=20, audit=0.5, per_language=1), rows_of_languages(de=80, fr=20))

    assert (draw.day, draw.predictions, draw.tasks) == ("2026-01-02", {"de": 80, "fr": 20}, 20)
    assert draw.audits in ({"de": 7, "fr": 3}, {"de": 8, "fr": 2})
    inclusion = {task.language: task.inclusion for task in tasks if task.reason == "audit"}
    assert inclusion == pytest.approx({"de": (1 + 8 * 0.8) / 80, "fr": (1 + 8 * 0.2) / 20})


def test_each_prediction_is_audited_as_often_as_its_task_says():
    # The same rows on 800 days; a frequent text is drawn as often as its share although its copies are alike.
    rows = [*rows_of_languages(de=12, th=2), *(row_of(f"copy{n}", text="immer derselbe Text") for n in range(6))]
    seen: Counter[str] = Counter()
    inclusion: dict[str, float] = {}
    for day in range(800):
        tasks = made(rows, days=day, per_day=4, audit=1.0, per_language=1)
        seen.update(task.prediction_id for task in tasks)
        inclusion |= {task.prediction_id: task.inclusion for task in tasks}

    assert set(inclusion) == {row.id for row in rows}
    for id, chance in inclusion.items():
        error = (chance * (1 - chance) / 800) ** 0.5
        assert abs(seen[id] / 800 - chance) < 4 * error
    assert sum(inclusion.values()) == pytest.approx(4)


def test_a_mean_weighted_by_inclusion_is_that_of_all_predictions():
    rows = rows_of_languages(de=60, fr=20, th=4)
    wrong = {row.id for row in rows if row.language == "th" or row.id.endswith("1")}
    found = []
    for day in range(300):
        tasks = made(rows, days=day, per_day=12, audit=1.0, per_language=2)
        found.append(sum(1 / task.inclusion for task in tasks if task.prediction_id in wrong) / len(rows))

    spread = (sum((one - len(wrong) / len(rows)) ** 2 for one in found) / len(found)) ** 0.5
    assert abs(sum(found) / len(found) - len(wrong) / len(rows)) < 4 * spread / len(found) ** 0.5


def test_what_the_model_is_unsure_of_is_asked_about():
    rows = [*rows_of_languages(de=50), row_of("doubt", scores=DOUBTFUL, text="ganz etwas anderes")]
    tasks = made(rows, per_day=2)
    assert [task.prediction_id for task in tasks if task.reason == "uncertainty"] == ["doubt"]


def test_where_champion_and_challenger_differ_is_asked_about():
    rows = rows_of_languages(de=50)
    other = [
        row_of("m1", mirrored=True, request="de7", labels=["invoice"], scores=[0.9]),
        row_of("m2", mirrored=True, request="de8"),
    ]
    tasks = made([*rows, *other], per_day=3, similarity=1.0)
    assert [task.prediction_id for task in tasks if task.reason == "disagreement"] == ["de7"]
    assert not {"m1", "m2"} & {task.prediction_id for task in tasks}


def test_diversity_finds_what_is_unlike_the_rest():
    rows = [row_of(f"p{n}", text=f"wo bleibt mein geld seit {n} tagen") for n in range(30)]
    odd = row_of("odd", text="zebra quark xylophon")

    tasks = made([*rows, odd], per_day=4, similarity=1.0)

    assert "odd" in {task.prediction_id for task in tasks if task.reason == "diversity"}


def test_reasons_take_turns():
    rows = [row_of(f"p{n}", text=f"{n} " + "".join(random.Random(n).choices("abcdefgh ", k=60))) for n in range(30)]
    other = [row_of(f"m{n}", mirrored=True, request=f"p{n}", labels=["invoice"]) for n in range(30)]
    assert reasons(made([*rows, *other], per_day=9)) == {"disagreement": 3, "uncertainty": 3, "diversity": 3}


def test_near_duplicates_are_asked_about_once():
    texts = [
        "wo ist mein geld geblieben",
        "Wo ist mein Geld geblieben?",
        "wo ist mein geld denn geblieben",
        "hallo welt",
    ]
    rows = [row_of(f"p{n}", text=text) for n, text in enumerate(texts * 3)]

    tasks = made(rows, similarity=0.7)

    found = [task.text for task in tasks]
    assert len(found) == 2
    assert similarity_of(*found) < 0.7


def test_what_is_like_a_task_that_waits_is_not_asked_about():
    waiting = review_task(text="text of p", prediction_id="x")
    rows = [row_of("p"), row_of("q", text="etwas anderes")]
    assert [task.prediction_id for task in made(rows, asked=[waiting])] == ["q"]
    assert len(made(rows, asked=[review_task(text="text of p", language="fr")])) == 2


def test_a_prediction_that_was_asked_about_is_not_chosen_again():
    rows = [row_of("p"), row_of("q", text="etwas anderes")]
    asked = [review_task(prediction_id="q", text="")]
    assert [task.prediction_id for task in made(rows, asked=asked)] == ["p"]


def test_audits_and_others_never_ask_twice():
    tasks = made(rows_of_languages(de=9), audit=0.5, similarity=1.0)
    assert len({task.prediction_id for task in tasks}) == len(tasks) == 9
    assert len({task.id for task in tasks}) == 9


def test_each_language_has_its_part():
    rows = [row_of(f"{name}{n}", language=name, text=f"{name} {n} {n * n}") for name in ("de", "fr") for n in range(40)]
    rows += [row_of(f"th{n}", language="th", text=f"{n} ขอเงินคืน {n * 7}") for n in range(2)]
    tasks = made(rows, per_day=12, per_language=2, similarity=1.0)
    counts = Counter(task.language for task in tasks)
    assert counts["th"] == 2
    assert abs(counts["de"] - counts["fr"]) <= 1


def test_places_that_one_language_cannot_fill_go_to_others():
    rows = [*(row_of(f"d{n}", text="immer gleich") for n in range(40)), *rows_of_languages(fr=40)]
    tasks = made(rows, per_day=10, similarity=1.0)
    assert Counter(task.language for task in tasks) == {"de": 1, "fr": 9}


def test_a_share_of_the_tasks_wants_two_answers():
    tasks = made(rows_of_languages(de=200), per_day=40, audit=0.5, double=0.25, similarity=1.0)
    assert Counter(task.wanted for task in tasks) == {1: 30, 2: 10}


@pytest.mark.parametrize(
    "change", [{"error": "Overloaded", "labels": []}, {"labels": []}, {"text": None}, {"text": ""}]
)
def test_what_cannot_be_judged_is_left_out(change):
    draw, tasks = make_draw(plan(audit=1.0), [row_of("p", **change), row_of("q")])
    assert [task.prediction_id for task in tasks] == ["q"]
    assert draw.predictions == {"de": 1}


def test_rows_of_tables_show_their_features_and_equal_ones_are_asked_about_once():
    rows = [row_of(f"p{n}", text=None, features={"amount": n % 2}, scores=DOUBTFUL) for n in range(6)]
    tasks = made(rows, needs_text=False)
    assert sorted(task.features["amount"] for task in tasks) == [0, 1]


def test_a_day_without_predictions_has_no_tasks():
    draw, tasks = make_draw(plan(audit=0.5), [])
    assert (draw.tasks, draw.predictions, tasks) == (0, {}, [])


def test_a_task_says_when_it_is_over_and_what_was_answered():
    (task,) = made([row_of("p", version="7")], expire_days=2.0)
    assert (task.created[:13], task.expires[:13]) == ("2026-01-02T12", "2026-01-04T12")
    assert (task.version, task.predicted, task.score, task.text) == ("7", "refund", 0.8, "text of p")

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from tests.feedback.review.worlds import World

from dragoman.errors import Conflict, InvalidRequest, NotFound, StorageFull
from dragoman.records import Reviewer
from dragoman.store.catalog import SqlCatalog

ANA = [Reviewer(name="ana", languages=["de"])]


def test_the_next_task_is_in_a_language_that_the_reviewer_knows():
    world = World()
    world.add(3, language="fr")
    assert world.desk.next("support", "bo") is None
    assert world.desk.next("support", "ana").language == "fr"


@pytest.mark.parametrize("language", ["", "und", "de", "de-CH", "DE_de"])
def test_regions_do_not_matter_and_what_has_no_language_is_for_all(language):
    world = World()
    world.add(language=language)
    assert world.desk.next("support", "cy") is not None


def test_audits_come_first():
    world = World()
    world.add(5, reason="uncertainty")
    world.catalog.save_review_task(msgspec.structs.replace(world.task("t3"), reason="audit"))
    assert world.desk.next("support", "bo").id == "t3"


def test_who_asks_again_gets_the_same_task():
    world = World()
    world.add(3)
    first = world.desk.next("support", "bo")
    assert first.status == "claimed"
    assert world.desk.next("support", "bo") == first


def test_a_task_that_is_claimed_is_for_nobody_else_until_the_claim_runs_out():
    world = World(claim_minutes=30)
    world.add()
    world.desk.next("support", "bo")
    assert world.desk.next("support", "ana") is None
    with pytest.raises(Conflict, match="'bo' has the task 't0' until"):
        world.desk.label("t0", "refund", "ana")
    world.wait(minutes=31)
    assert world.desk.next("support", "ana").claimed_by == "ana"


def test_an_answer_becomes_a_label_with_its_labeler():
    world = World()
    world.add(2, reason="uncertainty")
    world.desk.next("support", "bo")
    world.wait(seconds=42)
    done = world.desk.label("t0", "refund", "bo", note="clear")
    assert (done.status, done.label, done.claimed_by) == ("done", "refund", "")
    assert world.labels() == [("p0", "refund", "review", "bo")]
    (said,) = world.catalog.review_decisions()
    assert (said.note, said.seconds) == ("clear", 42.0)


def test_audits_give_labels_of_their_own_source():
    world = World()
    world.add()
    world.desk.label("t0", "other", "bo")
    assert world.labels() == [("p0", "other", "audit", "bo")]


def test_two_answers_that_agree_give_one_label():
    world = World()
    world.add(wanted=2)
    assert world.desk.label("t0", "refund", "bo").status == "open"
    assert world.desk.next("support", "bo") is None
    assert world.labels() == []
    assert world.desk.label("t0", "refund", "ana").label == "refund"
    assert world.labels() == [("p0", "refund", "audit", "ana, bo")]


def test_a_third_one_decides_between_two():
    world = World()
    world.add(wanted=2)
    world.desk.label("t0", "refund", "bo")
    world.wait(minutes=1)
    assert world.desk.label("t0", "other", "ana").status == "open"
    world.wait(minutes=1)
    assert world.desk.next("support", "cy").id == "t0"
    world.desk.label("t0", "other", "cy")
    assert world.labels() == [("p0", "other", "audit", "ana, cy")]


def test_three_that_all_differ_give_no_label():
    world = World()
    world.add(wanted=2)
    for label, name in (("refund", "bo"), ("other", "ana"), ("invoice", "cy")):
        done = world.desk.label("t0", label, name)
    assert (done.status, done.label, world.labels()) == ("done", "", [])


def test_where_one_person_knows_the_language_their_answer_does():
    world = World(reviewers=ANA)
    world.add(wanted=2)
    world.desk.label("t0", "refund", "ana")
    assert world.labels() == [("p0", "refund", "audit", "ana")]


def test_a_task_that_was_skipped_goes_to_others():
    world = World()
    world.add()
    world.desk.next("support", "bo")
    assert world.desk.skip("t0", "bo").status == "open"
    assert world.desk.next("support", "bo") is None
    assert world.desk.next("support", "ana").id == "t0"


def test_a_task_that_everybody_skipped_is_over():
    world = World()
    world.add(language="fr")
    assert world.desk.skip("t0", "ana").status == "skipped"
    assert world.desk.undo("t0").status == "open"


def test_what_was_undone_takes_the_label_back():
    world = World()
    world.add()
    world.desk.label("t0", "refund", "bo")
    undone = world.desk.undo("t0")
    assert (undone.status, undone.label) == ("open", "")
    world.desk.label("t0", "other", "bo")
    assert [label for _, label, _, _ in world.labels()] == ["refund", "", "other"]
    times = world.tables.read("labels")["time"].to_pylist()
    assert times == sorted(set(times))


def test_one_of_two_answers_can_be_taken_back():
    world = World()
    world.add(wanted=2)
    world.desk.label("t0", "refund", "bo")
    world.wait(minutes=1)
    world.desk.label("t0", "other", "ana")
    world.desk.undo("t0", name="bo")
    assert [one.reviewer for one in world.catalog.review_decisions() if one.undone] == ["bo"]
    assert world.desk.label("t0", "other", "cy").label == "other"


def test_nothing_is_undone_twice():
    world = World()
    world.add()
    world.desk.label("t0", "refund", "bo")
    world.desk.undo("t0", name="bo")
    with pytest.raises(Conflict, match="No decision of 'bo' about the task 't0'"):
        world.desk.undo("t0", name="bo")


def test_a_task_is_answered_once_by_each():
    world = World()
    world.add(wanted=2)
    world.desk.label("t0", "refund", "bo")
    with pytest.raises(Conflict, match="'bo' has answered the review task 't0' already"):
        world.desk.label("t0", "refund", "bo")


@pytest.mark.parametrize(
    ("name", "label", "error", "words"),
    [
        ("eve", "refund", NotFound, "no reviewer 'eve'"),
        ("cy", "refund", InvalidRequest, "'fr', which 'cy' does not know"),
        ("ana", "", InvalidRequest, "needs a label"),
    ],
)
def test_who_may_not_answer_is_told_why(name, label, error, words):
    world = World()
    world.add(language="fr")
    with pytest.raises(error, match=words):
        world.desk.label("t0", label, name)


def test_a_day_has_an_end():
    world = World(reviewers=[Reviewer(name="bo", languages=["de"], per_day=2)])
    world.add(3)
    for _ in range(2):
        world.desk.label(world.desk.next("support", "bo").id, "refund", "bo")
    with pytest.raises(Conflict, match="has answered 2 tasks today"):
        world.desk.next("support", "bo")
    world.wait(hours=12)
    assert world.desk.next("support", "bo") is not None


def test_a_task_that_nobody_answered_is_taken_back():
    world = World()
    world.add(2)
    world.desk.next("support", "bo")
    world.wait(days=14)
    assert world.desk.next("support", "bo") is None
    with pytest.raises(Conflict, match="'t0' is expired"):
        world.desk.label("t0", "refund", "bo")
    assert world.desk.sweep("support") == 2
    assert world.desk.sweep("support") == 0
    assert world.task().status == "expired"


def test_one_answer_of_two_is_better_than_none_when_time_is_over():
    world = World()
    world.add(wanted=2)
    world.desk.label("t0", "refund", "bo")
    world.wait(days=15)
    assert world.desk.sweep("support") == 0
    assert world.labels() == [("p0", "refund", "audit", "bo")]


def test_an_answer_holds_although_its_label_cannot_be_kept_now(monkeypatch, caplog):
    def full(model, labels, *, by):
        raise StorageFull("No space left.")

    world = World()
    world.add()
    with monkeypatch.context() as patched:
        patched.setattr(world.desk.labels, "add", full)
        assert world.desk.label("t0", "refund", "bo").status == "done"
    assert "The label of the review task t0 is not told" in caplog.text
    world.desk.sweep("support")
    assert world.labels() == [("p0", "refund", "audit", "bo")]


def test_a_label_that_a_killed_process_did_not_keep_is_kept_by_the_next(monkeypatch):
    world = World()
    world.add()
    with monkeypatch.context() as patched:
        patched.setattr(world.desk, "_tell", lambda task, decisions, by: task)
        world.desk.label("t0", "refund", "bo")
    assert world.labels() == []
    world.desk.sweep("support")
    world.desk.sweep("support")
    assert world.labels() == [("p0", "refund", "audit", "bo")]


def test_two_reviewers_at_once_never_have_the_same_task(tmp_path):
    catalog = SqlCatalog(f"sqlite:///{tmp_path}/catalog.db")
    world = World(catalog=catalog)
    world.add(12)
    barrier = threading.Barrier(2)

    def work(name):
        barrier.wait()
        found = []
        while (task := world.desk.next("support", name)) is not None:
            found.append(task.id)
            world.desk.label(task.id, "refund", name)
        return found

    with ThreadPoolExecutor(2) as pool:
        ana, bo = pool.map(work, ["ana", "bo"])
    assert sorted(ana + bo) == sorted({*ana, *bo}) == sorted(f"t{n}" for n in range(12))
    assert len(world.labels()) == 12
    catalog.close()

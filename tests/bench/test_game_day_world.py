from __future__ import annotations

import json
import random

from bench.game_day.sayings import SAYINGS
from bench.game_day.world import NEW_SHARE, World, Writing, new_way, split_rows, varied

ORDINARY = {
    language: [Writing(f"{language} text {number}", language, "invoice") for number in range(50)]
    for language in ("de", "hi", "pt")
}


def texts(language: str, slots: int, *, changed: bool) -> list[Writing]:
    world = World(ORDINARY, seed=3)
    return [one for slot in range(slots) for one in world.texts(language, slot, 10, changed=changed)]


def test_a_world_says_the_same_whenever_it_is_asked():
    assert texts("pt", 5, changed=True) == texts("pt", 5, changed=True)


def test_no_two_ordinary_texts_of_a_world_are_the_same():
    written = [one.text for one in texts("de", 100, changed=False)]
    assert len(set(written)) == len(written) == 1_000


def test_the_new_way_has_its_share_in_hindi_and_portuguese():
    for language in ("hi", "pt"):
        share = sum(one.is_new for one in texts(language, 200, changed=True)) / 2_000
        assert abs(share - NEW_SHARE) < 0.05


def test_nobody_else_asks_in_the_new_way_and_nobody_before_the_change():
    assert not any(one.is_new for one in texts("de", 50, changed=True) + texts("hi", 50, changed=False))


def test_the_new_way_has_thirty_sayings_and_every_blank_is_filled():
    draw = random.Random(0)
    for language, sayings in SAYINGS.items():
        assert len(set(sayings)) >= 30
        assert not any("{" in new_way(language, draw).text for _ in range(500))


def test_a_varied_text_differs_each_time():
    assert len({varied("Where is it?", lap) for lap in range(200)}) == 200


def test_held_out_rows_stay_and_every_second_row_to_learn_from_is_kept_for_users(tmp_path):
    rows = [
        {"text": f"{split} {number}", "label": "refund", "language": "de", "split": split}
        for split in ("train", "test")
        for number in range(10)
    ]
    (tmp_path / "de.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    learned, written = split_rows(tmp_path, ["de"])
    assert [one.text for one in written["de"]] == [f"train {number}" for number in range(1, 10, 2)]
    assert len(learned["de"]) == 15

from __future__ import annotations

import pytest

from dragoman.errors import Conflict
from dragoman.loop.stages import Stage, stages_after

STAGES = [Stage(name, lambda job: {}) for name in ("one", "two", "three")]


@pytest.mark.parametrize(("done", "left"), [("", ["one", "two", "three"]), ("two", ["three"]), ("three", [])])
def test_the_stages_that_are_left_follow_the_one_that_is_done(done: str, left: list[str]) -> None:
    assert [stage.name for stage in stages_after(STAGES, done)] == left


def test_a_stage_of_another_release_is_refused() -> None:
    with pytest.raises(Conflict, match="'four' of the job is not known here"):
        stages_after(STAGES, "four")

from __future__ import annotations

import os

import pytest

from dragoman.data.sources.watching import WatchedFolder
from dragoman.errors import NotFound


class World:
    """A folder, and a clock that people turn."""

    def __init__(self, folder, pattern="*"):
        self.folder, self.now, self.pattern = folder / "inbox", 0.0, pattern
        self.folder.mkdir()
        self.memory = folder / "state" / "memory.json"
        self.watched = self.open()

    def open(self) -> WatchedFolder:
        return WatchedFolder(self.folder, self.pattern, self.memory, settle_seconds=5, clock=lambda: self.now)

    def write(self, name: str, text: str = "x", *, at: int = 1) -> None:
        (self.folder / name).parent.mkdir(exist_ok=True)
        (self.folder / name).write_text(text)
        os.utime(self.folder / name, (at, at))

    def ready(self, *, after: float = 5.0) -> list[str]:
        """Look, wait, and look again."""
        self.watched.ready()
        self.now += after
        return [path.relative_to(self.folder).as_posix() for path in self.watched.ready()]


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def test_a_file_is_taken_when_it_has_not_changed_for_a_while(world):
    world.write("a.jsonl")
    assert world.ready(after=4.9) == []
    assert world.watched.waiting == 1
    assert world.ready(after=0.2) == ["a.jsonl"]
    assert world.watched.waiting == 0


def test_a_file_that_grows_is_left_alone(world):
    for text in ("x", "xx", "xxx"):
        world.write("a.jsonl", text)
        assert world.ready(after=4) == []
    assert world.ready() == ["a.jsonl"]


def test_the_oldest_file_comes_first(world):
    for name, at in (("b", 2), ("a", 3), ("c", 1), ("d", 2)):
        world.write(name, at=at)
    assert world.ready() == ["c", "b", "d", "a"]


@pytest.mark.parametrize("name", [".a", "_a", "a.tmp", "a.part", "a.partial", "a.crdownload", "a~", "_tmp/a"])
def test_names_of_unfinished_files_are_left_alone(tmp_path, name):
    world = World(tmp_path, "**/*")
    world.write(name)
    world.write("b/c.csv")
    assert world.ready() == ["b/c.csv"]


def test_a_taken_file_is_not_taken_again_even_by_the_next_process(world):
    world.write("a.jsonl")
    world.ready()
    world.watched.take(world.folder / "a.jsonl")
    assert world.ready() == []
    world.watched = world.open()
    assert world.ready() == []


def test_a_file_that_has_changed_since_is_looked_at_again(world):
    world.write("a.jsonl")
    world.ready()
    world.watched.take(world.folder / "a.jsonl", refused="it is bad")
    world.write("a.jsonl", "better", at=2)
    assert world.ready() == ["a.jsonl"]


def test_a_memory_that_cannot_be_read_is_none(world):
    world.write("a.jsonl")
    world.memory.parent.mkdir()
    world.memory.write_text("{")
    world.watched = world.open()
    assert world.ready() == ["a.jsonl"]


def test_a_folder_must_be_there(tmp_path):
    with pytest.raises(NotFound, match="There is no folder"):
        WatchedFolder(tmp_path / "missing", "*", tmp_path / "m", settle_seconds=1)


def test_only_files_of_the_pattern_are_taken(tmp_path):
    world = World(tmp_path, "*.csv")
    world.write("a.jsonl"), world.write("b.csv")
    assert world.ready() == ["b.csv"]

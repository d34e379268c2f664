from __future__ import annotations

import pytest
from tests.monitoring.prediction_log.world import MemoryOnce, open_log, rows

from dragoman.monitoring.prediction_log import verify_wal
from dragoman.monitoring.prediction_log.segment import segments_in


@pytest.fixture
def segments(tmp_path):
    """Three segments of three rows each that wait for a table."""
    log = open_log(tmp_path, MemoryOnce(is_held=True), segment_bytes=1)
    for number in range(0, 9, 3):
        log.append(rows(number, number + 1, number + 2)).wait()
    log.close()
    return segments_in(tmp_path / "log" / "0")


def problems(segments) -> list[str]:
    return verify_wal(segments[0].parent.parent)


def test_segments_as_they_were_written_are_right(segments):
    assert len(segments) == 3
    assert problems(segments) == []


def test_a_folder_that_is_not_there_has_nothing_wrong(tmp_path):
    assert verify_wal(tmp_path / "nowhere") == []


def test_any_changed_byte_is_named_with_its_file(segments):
    content = segments[1].read_bytes()
    for at in range(0, len(content), 7):
        segments[1].write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        assert any(problem.startswith(f"{segments[1]}: ") for problem in problems(segments)), at


def test_a_segment_cut_short_is_named_unless_it_is_the_last(segments):
    for path in (segments[0], segments[2]):
        path.write_bytes(path.read_bytes()[:-50])
    assert problems(segments) == [
        f"{segments[0]}: it has no end: records may be missing from byte {beginning(segments)}"
    ]


def beginning(segments) -> int:
    """Where the last record of the first segment began."""
    return segments[0].read_bytes().rindex(b"\xffRow")


def test_a_missing_segment_is_named(segments):
    segments[1].unlink()
    assert problems(segments) == [f"{segments[2]}: the 1 segments before it are missing"]


def test_bytes_after_the_end_are_named(segments):
    with segments[0].open("ab") as file:
        file.write(b"more")
    assert problems(segments) == [f"{segments[0]}: 4 bytes stand after its end"]


def test_a_segment_under_another_name_is_named(segments):
    segments[2].rename(segments[2].with_name(segments[2].name.replace("03.wal", "04.wal")))
    found = problems(segments)
    assert "its header names the segment 3 of" in found[1]


def test_a_file_that_was_kept_aside_is_named_until_it_is_removed(segments):
    aside = segments[2].with_name(segments[2].name + ".damaged")
    aside.write_bytes(segments[2].read_bytes()[:-1] + b"?")
    segments[2].unlink()
    assert problems(segments)[0].startswith(f"{aside}: ")
    aside.unlink()
    assert problems(segments) == []

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.data.sources import expand_files, read_examples
from dragoman.errors import InvalidData, NotFound
from dragoman.records import Example

LABELS = ("refund", "order_status")
LANGUAGES = ("en", "de", "zh")


def row(id: str, **changes: Any) -> dict[str, Any]:
    return {"id": id, "text": f"text {id}", "label": "refund", "language": "en", "split": "train"} | changes


GOOD = [row("1"), row("2", split="test", language="de"), row("3", split="dev", label="order_status")]


def write_lines(path: Path, *lines: Any) -> Path:
    encoded = [line if isinstance(line, bytes) else json.dumps(line, ensure_ascii=False).encode() for line in lines]
    path.write_bytes(b"".join(line + b"\n" for line in encoded))
    return path


def read(*files: Path) -> list[Example]:
    return read_examples(files, labels=LABELS, languages=LANGUAGES)


def problem_with(folder: Path, line: Any) -> str:
    """What the reader says of a fourth line after three good ones."""
    with pytest.raises(InvalidData) as caught:
        read(write_lines(folder / "data.jsonl", *GOOD, line))
    assert "1 problem:" in caught.value.message
    return caught.value.message.split(str(folder / "data.jsonl"))[1].strip()


def test_good_rows_come_in_the_order_of_the_files(tmp_path: Path) -> None:
    first = write_lines(tmp_path / "b.jsonl", *GOOD)
    second = write_lines(tmp_path / "a.jsonl", row("0", text="我的包裹\u2028哪里", language="zh"))
    examples = read(first, second)
    assert [example.id for example in examples] == ["1", "2", "3", "0"]
    assert examples[3] == Example(id="0", text="我的包裹\u2028哪里", label="refund", language="zh", split="train")


def test_line_ends_of_windows_and_a_missing_last_one_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_bytes(b"\r\n".join(json.dumps(line).encode() for line in GOOD))
    assert len(read(path)) == 3


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b'{"id": "4"', ":4: not JSON: Expecting ',' delimiter at character 11"),
        (b"hello", ":4: not JSON: Expecting value at character 1"),
        (b"", ":4: an empty line"),
        (b"  \r", ":4: an empty line"),
        (b'["4"]', ":4: not a JSON object but a list"),
        (b"null", ":4: not a JSON object but null"),
        (b"[" * 100_000, ":4: not JSON that can be read: too deeply nested"),
        (b'{"id": "caf\xe9"}', ":4: not UTF-8: byte 0xe9 at byte 12 of the line"),
        (b"\xef\xbb\xbf{}", ":4: a byte order mark at the beginning; save the file as UTF-8 without one"),
        (b'{"id": "4", "id": "5"}', ':4: the field "id" twice'),
        (row("4", text=""), ':4: "text" is empty'),
        (row("4", text=" \u3000\n"), ':4: "text" is empty'),
        (row(""), ':4: "id" is empty'),
        (row("4", text=None), ':4: "text" is null, not a string'),
        (row("4", label=7), ':4: "label" is a number, not a string'),
        (row("4", text=["a"]), ':4: "text" is a list, not a string'),
        (b'{"id": ' + b"1" * 9_999 + json.dumps(row("4")).encode()[10:], ':4: "id" is a number, not a string'),
        (json.dumps(row("4", text="a\ud83d")).encode(), ':4: "text" has a lone surrogate, \\ud83d, at character 2'),
        (row("4", label="refnd"), ':4: unknown label "refnd"; did you mean "refund"?'),
        (row("4", label="hat"), ':4: unknown label "hat"; valid are refund, order_status'),
        (row("4", language="En"), ':4: unknown language "En"; did you mean "en"?'),
        (row("4", language="fr"), ':4: unknown language "fr"; valid are en, de, zh'),
        (row("4", split="tset"), ':4: unknown split "tset"; did you mean "test"?'),
        (row("4", lable="x"), ':4: unknown field "lable"'),
        ({"id": "4", "txt": "a"}, ':4: unknown field "txt"; did you mean "text"?'),
        ({"id": "4", "text": "a", "label": "refund", "language": "en"}, ':4: no field "split"'),
        (row("4", label="a\n\u202e" + "b" * 99), ':4: unknown label "a\\n\\u202e' + "b" * 37 + '..."'),
    ],
)
def test_a_bad_line_is_named_with_what_is_wrong(tmp_path: Path, line: Any, problem: str) -> None:
    assert problem_with(tmp_path, line).startswith(problem)


def test_a_second_row_with_the_same_id_is_named_with_both_places(tmp_path: Path) -> None:
    first, second = write_lines(tmp_path / "a.jsonl", *GOOD), write_lines(tmp_path / "b.jsonl", row("9"), row("2"))
    with pytest.raises(InvalidData) as caught:
        read(first, second)
    assert f'{second}:2: the id "2" stands already at {first}:2' in caught.value.message


def test_the_first_ten_problems_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "data.jsonl", *GOOD, *[row(str(number), label="x") for number in range(10, 35)])
    with pytest.raises(InvalidData) as caught:
        read(path)
    assert "25 problems, the first 10:" in caught.value.message
    places = [line.strip().split(": ")[0] for line in caught.value.message.splitlines()[1:]]
    assert places == [f"{path}:{number}" for number in range(4, 14)]


def test_problems_of_all_files_are_reported_together(tmp_path: Path) -> None:
    first, second = write_lines(tmp_path / "a.jsonl", *GOOD, b"x"), write_lines(tmp_path / "b.jsonl", b"y")
    with pytest.raises(InvalidData, match=r"2 problems:\n  .*a\.jsonl:4: .*\n  .*b\.jsonl:1: "):
        read(first, second)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match=r"empty\.jsonl: the file is empty"):
        read(write_lines(tmp_path / "data.jsonl", *GOOD), write_lines(tmp_path / "empty.jsonl"))


@pytest.mark.parametrize("missing", ["train", "test"])
def test_data_without_a_needed_split_is_refused(tmp_path: Path, missing: str) -> None:
    rest = [line for line in GOOD if line["split"] != missing]
    with pytest.raises(InvalidData, match=f'no row has the split "{missing}"'):
        read(write_lines(tmp_path / "data.jsonl", *rest))


def test_a_utf_16_file_is_refused_at_its_first_byte(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text("\n".join(map(json.dumps, GOOD)), encoding="utf-16")
    with pytest.raises(InvalidData, match=r"data\.jsonl:1: not UTF-8: byte 0x.. at byte 1 of the line"):
        read(path)


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no data file"):
        read(tmp_path / "data.jsonl")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match="cannot be read: Is a directory"):
        read(tmp_path)


# Against an oracle --------------------------------------------------------------------------------------------------


def is_good(line: bytes) -> bool:
    """The contract in a few lines, for one row."""
    try:
        row = json.loads(line.decode("utf-8"))
        return (
            set(row) == {"id", "text", "label", "language", "split"}
            and all(isinstance(value, str) and value.strip() and value.encode() for value in row.values())
            and row["label"] in LABELS
            and row["language"] in LANGUAGES
            and row["split"] in {"train", "dev", "test"}
        )
    except (ValueError, TypeError, AttributeError):
        return False


JUNK = st.one_of(
    st.none(), st.integers(), st.text(st.characters(), max_size=5), st.sampled_from(["refund", "en", "de", "test", "4"])
)
JUNK_ROWS = st.dictionaries(st.sampled_from(["id", "text", "label", "language", "split", "lang"]), JUNK)
CHANGED_ROWS = JUNK_ROWS.map(lambda changes: row("4") | changes)
LINES = st.one_of(
    JUNK_ROWS.map(json.dumps).map(str.encode),
    CHANGED_ROWS.map(json.dumps).map(str.encode),
    st.tuples(CHANGED_ROWS.map(json.dumps).map(str.encode), st.integers(0, 40)).map(lambda pair: pair[0][pair[1] :]),
    st.binary(max_size=30).filter(lambda line: b"\n" not in line),
)


@given(line=LINES)
def test_a_row_is_accepted_exactly_when_the_oracle_accepts_it(
    tmp_path_factory: pytest.TempPathFactory, line: bytes
) -> None:
    path = write_lines(tmp_path_factory.getbasetemp() / "oracle.jsonl", row("train"), row("test", split="test"), line)
    try:
        accepted = len(read(path)) == 3
    except InvalidData:
        accepted = False
    assert accepted == (is_good(line) and json.loads(line)["id"] not in {"train", "test"})


# Patterns -----------------------------------------------------------------------------------------------------------


def names(root: Path, *patterns: str) -> list[str]:
    return [path.relative_to(root).as_posix() for path in expand_files(root, patterns)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("data/en.jsonl", "data/de.jsonl", "data/more/zh.jsonl", "data/notes.txt", "data/odd[1].jsonl"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_patterns_give_each_file_once_and_sorted(folder: Path) -> None:
    assert names(folder, "data/en.jsonl", "data/[de][ne].jsonl") == ["data/de.jsonl", "data/en.jsonl"]


def test_two_stars_reach_into_folders(folder: Path) -> None:
    assert "data/more/zh.jsonl" in names(folder, "data/**/*.jsonl")


def test_a_name_with_brackets_is_a_name(folder: Path) -> None:
    assert names(folder, "data/odd[1].jsonl") == ["data/odd[1].jsonl"]


def test_an_absolute_pattern_is_taken_as_it_is(folder: Path) -> None:
    assert expand_files(Path("/nowhere"), [f"{folder}/data/e*.jsonl"]) == [folder / "data/en.jsonl"]


@pytest.mark.parametrize("pattern", ["data/*.csv", "data/more", "nowhere/*.jsonl", "data/fr.jsonl", ""])
def test_a_pattern_without_a_file_is_not_found(folder: Path, pattern: str) -> None:
    with pytest.raises(NotFound, match="No file matches"):
        expand_files(folder, ["data/en.jsonl", pattern])


def test_the_nearest_file_is_suggested(folder: Path) -> None:
    with pytest.raises(NotFound) as caught:
        expand_files(folder, ["data/en.json"])
    assert caught.value.help == "did you mean 'data/en.jsonl'?"

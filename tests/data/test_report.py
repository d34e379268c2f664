from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import dataset as ds

from dragoman.data.report import report_of, report_page, report_text
from dragoman.data.thinness import balance_of, thin_reasons, usual_labels
from dragoman.errors import InvalidInput
from dragoman.records import DatasetReport

TEXTS = {
    "de": "Wo bleibt mein Paket Nummer {} und wann kommt es endlich bei mir an",
    "en": "Where is my parcel number {} and when will it finally arrive at my door",
    "hi": "मेरा पार्सल नंबर {} कहाँ है और वह आखिर कब मेरे घर पहुँचेगा बताइए",
}
WORDS = ("eins", "zwei", "drei", "vier", "five", "six", "seven", "eight", "नौ", "दस")


class Reader:
    """A detector that knows the languages by a word of theirs, and Swahili."""

    def __init__(self) -> None:
        self.languages = ["de", "en", "hi", "sw"]

    def detect(self, text: str, *, script: str = "") -> tuple[str, float]:
        found = {"Paket": "de", "parcel": "en", "पार्सल": "hi", "asante": "sw"}
        return next(((code, 0.99) for word, code in found.items() if word in text), ("en", 0.4))

    def probability_of(self, language: str, text: str) -> float:
        return float(self.detect(text)[0] == language)


def row(language: str | None, text: str, *, label: str | None = "order", split: str | None = "train") -> dict[str, Any]:
    return {"text": text, "language": language, "label": label, "split": split}


def report(*rows: dict[str, Any], **how: Any) -> DatasetReport:
    schema = pa.schema([(name, pa.string()) for name in ("text", "language", "label", "split")])
    return report_of(pa.Table.from_pylist(list(rows), schema), name="support 3", detector=Reader(), **how)


def test_rows_labels_splits_and_lengths_are_counted_per_language() -> None:
    found = report(
        row("de", "abc"),
        row("de", "abcdefgh", label="refund", split="test"),
        row("de", "äöü€𝔘"),
        row("en", "where", label=None, split=None),
    )
    german, english = found.languages
    assert (german.language, german.rows, german.labels) == ("de", 3, {"order": 2, "refund": 1})
    assert (german.splits, english.splits) == ({"test": 1, "train": 2}, {})
    assert (german.lengths.min, german.lengths.p50, german.lengths.max) == (3, 5, 8)
    assert found.missing == {"text": 0, "language": 0, "label": 1, "split": 1}
    assert (found.splits, found.columns["text"]) == ({"train": 2, "test": 1}, "string")


def test_duplicates_and_leaks_are_counted_where_they_stand() -> None:
    text = TEXTS["de"].format("eins")
    found = report(
        row("de", text),
        row("de", text.upper() + "!", split="test"),
        row("de", text.replace("Wo", "Wann")),
        row("en", "something that stands alone"),
    )
    german, english = found.languages
    assert (german.duplicates, german.near_duplicates, german.leaking) == (2, 1, 3)
    assert (english.duplicates, english.near_duplicates, english.leaking) == (0, 0, 0)


def test_damage_is_counted() -> None:
    damaged = "Où est ma commande, déjà payée ?".encode().decode("latin-1")
    (french,) = report(row("fr", damaged), row("fr", "Où est ma commande ?"), row("fr", "bris\ufffd")).languages
    assert french.damaged == 2


def test_texts_in_another_language_than_they_claim_are_found() -> None:
    texts = [TEXTS["de"].format(word) for word in WORDS]
    found = report(
        *(row("de", text) for text in texts),
        row("de", "asante sana"),
        row("de", "ok"),
        row("xh", "molo"),
    )
    german, xhosa = found.languages
    assert (german.sampled, german.agreeing, german.unsure, german.detected) == (12, 10, 1, {"sw": 1})
    assert (xhosa.agreeing, xhosa.unsure) == (0, 1)
    assert "1 of 12 sampled texts of de look like sw (1)." in report_text(found)


def test_scripts_are_those_of_the_texts() -> None:
    (hindi,) = report(*(row("hi", TEXTS["hi"].format(word)) for word in WORDS), row("hi", "mera order")).languages
    assert hindi.scripts == {"Deva": 10, "Latn": 1}


def test_a_sample_is_as_large_as_asked_for_and_the_same_for_any_order() -> None:
    rows = [row("en", TEXTS["en"].format(number)) for number in range(50)]
    first, second = report(*rows, sample=20), report(*reversed(rows), sample=20)
    assert first == second
    assert first.languages[0].sampled == 20


def test_rows_that_name_no_language_are_und() -> None:
    found = report(row(None, "a b c"), row("", "d e f"), row("en", "g h i"))
    assert [(one.language, one.rows) for one in found.languages] == [("und", 2), ("en", 1)]


def test_only_the_text_must_be_there() -> None:
    table = pa.table({"text": ["a b c", "a b c", None]})
    found = report_of(table, name="texts", detector=Reader())
    (only,) = found.languages
    assert (only.language, only.rows, only.duplicates, only.balance, only.labels) == ("und", 3, 2, None, {})
    assert "texts: 3 rows" in report_text(found)
    assert "texts" in report_page(found)


def test_a_table_and_a_dataset_give_the_same() -> None:
    table = pa.Table.from_pylist([row("de", TEXTS["de"].format(word)) for word in WORDS])
    assert report_of(table, name="x", detector=Reader()) == report_of(ds.dataset(table), name="x", detector=Reader())


def test_an_empty_table_has_a_report() -> None:
    found = report()
    assert (found.rows, found.languages) == (0, [])
    assert "0 rows" in report_text(found)
    assert "</html>" in report_page(found)


def test_without_texts_there_is_no_report() -> None:
    with pytest.raises(InvalidInput, match="no column 'text'"):
        report_of(pa.table({"body": ["a"]}), name="x")


def test_languages_are_detected_by_default() -> None:
    table = pa.Table.from_pylist([row("de", TEXTS["de"].format(word)) for word in WORDS[:3]])
    (german,) = report_of(table, name="x").languages
    assert german.agreeing == 3


# Thin languages -----------------------------------------------------------------------------------------------------


def test_a_language_is_thin_for_reasons_that_are_named() -> None:
    reasons = thin_reasons(
        150,
        labels={"a": 140, "b": 9},
        splits={"train": 110, "test": 40},
        usual=["a", "b", "c"],
        all_splits=["train", "dev", "test"],
    )
    assert reasons == [
        "150 rows",
        "no row in dev",
        "40 rows in test: a share of 90% is known to 9 points",
        "fewer than 10 rows of b, c",
    ]


def test_a_language_with_enough_of_everything_is_not_thin() -> None:
    assert thin_reasons(900, labels={"a": 900}, splits={"test": 100}, usual=["a"], all_splits=["test"]) == []


def test_a_label_of_few_languages_makes_the_others_no_thinner() -> None:
    labels = {"de": {"a": 50, "b": 50}, "en": {"a": 50}, "fr": {"a": 9, "b": 1}}
    assert usual_labels(labels) == ["a"]


@given(st.dictionaries(st.sampled_from("abcde"), st.integers(0, 50), max_size=5))
def test_balance_is_1_for_equal_labels_and_less_for_others(labels: dict[str, int]) -> None:
    balance = balance_of(labels, 5)
    if sum(labels.values()):
        assert balance is not None
        assert (balance == 1) == (len(labels) == 5 and len(set(labels.values())) == 1)
        assert 0 <= balance <= 1
    else:
        assert balance is None


# As a page ----------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """Collects tags and attributes, and refuses tags that are not closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [name for name, _ in attributes if name in {"src", "href", "onclick", "onload"}]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_page_needs_nothing_else_and_runs_nothing() -> None:
    hostile = '<script>alert(1)</script>"'
    page = Page(report_page(report(row("de", "a b c", label=hostile), row(hostile, "d e f", split=hostile))))
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert page.links == []
    assert page.open == []


def test_a_page_and_a_text_show_what_stands_out() -> None:
    text = TEXTS["de"].format("eins")
    found = report(row("de", text), row("de", text, split="test"))
    for shown in (report_page(found), report_text(found)):
        assert "2 rows have the same or a similar text in another split" in shown
        assert "de is thin: 2 rows" in shown

"""The rows that a model learns from already: where a labelled row would be a repeat, or must not cross a split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from dragoman.feedback.learning.contents import key_of_features, keys_of_texts
from dragoman.records import Example

__all__ = ["Known"]

Content = tuple[str, ...]


class Known(NamedTuple):
    """Old rows, by what they say."""

    splits: Mapping[bytes, str]  # key → split
    contents: frozenset[Content]  # what need not be learned again
    train: Mapping[str, int]  # language → rows of the train split

    @classmethod
    def of_examples(cls, examples: Sequence[Example]) -> Known:
        """Texts. The very same text is not learned again, whatever its label: whoever doubts it corrects the data."""
        ordered = sorted(examples, key=lambda one: one.id, reverse=True)  # of the same texts, the first id decides
        keys = keys_of_texts([one.text for one in ordered])
        return cls(
            {key: one.split for key, one in zip(keys, ordered, strict=True)},
            frozenset((one.text,) for one in ordered),
            Counter(one.language for one in ordered if one.split == "train"),
        )

    @classmethod
    def of_rows(cls, rows: Iterable[tuple[Mapping[str, Any], str, str, str]]) -> Known:
        """Rows of a table: columns, label, split and language. Rows alike with other labels are nothing strange."""
        splits, contents, train = {}, set(), Counter[str]()
        for features, label, split, language in rows:
            key = key_of_features(features)
            splits[key] = split
            contents.add((key.hex(), label))
            train[language] += split == "train"
        return cls(splits, frozenset(contents), train)

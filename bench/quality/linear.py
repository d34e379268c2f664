"""What does a linear classifier over character n-grams reach on the example workspace?

    pip install scikit-learn
    python bench/quality/linear.py

The plain thing that users would try first: tf-idf of character 1- to 4-grams and a linear support vector machine, one
model for all languages. Prints accuracy on the test split, and in the worst language.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from pathlib import Path

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

DATA = Path(__file__).resolve().parents[2] / "examples" / "support" / "data"


def main() -> None:
    rows = [json.loads(line) for file in sorted(DATA.glob("*.jsonl")) for line in file.open(encoding="utf-8")]
    train = [row for row in rows if row["split"] == "train"]
    test = [row for row in rows if row["split"] == "test"]
    grams = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True, min_df=2, lowercase=True)
    model = make_pipeline(grams, LinearSVC(C=0.5))
    started = time.perf_counter()
    model.fit([row["text"] for row in train], [row["label"] for row in train])
    seconds = time.perf_counter() - started
    hits: dict[str, list[bool]] = defaultdict(list)
    for row, label in zip(test, model.predict([row["text"] for row in test]), strict=True):
        hits[row["language"]].append(bool(row["label"] == label))
    worst = min((sum(found) / len(found), name) for name, found in hits.items())
    accuracy = sum(map(sum, hits.values())) / len(test)
    print(f"accuracy {accuracy:.3f}, worst language {worst[0]:.3f} ({worst[1]}), fitted in {seconds:.1f} s")


if __name__ == "__main__":
    main()

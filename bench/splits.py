"""How long does the leak-free split of 30,000 texts take, in many languages and in one?

    python bench/splits.py

Near-duplicates are found exactly, by trigrams, within a language. Prints seconds; no limit is checked.
"""

from __future__ import annotations

import random
import time

from dragoman.data.splits import assign_splits

TEXTS = 30_000


def main() -> None:
    texts = make_texts(random.Random(0))
    print("| languages | seconds |\n|---|---|")
    for languages in (24, 1):
        groups = [str(row % languages) for row in range(TEXTS)]
        started = time.perf_counter()
        assign_splits(texts, groups, dev=0.1, test=0.2, seed="bench")
        print(f"| {languages} | {time.perf_counter() - started:.1f} |")


def make_texts(chance: random.Random) -> list[str]:
    syllables = [first + second for first in "bcdfghklmnprstvw" for second in "aeiou"]
    words = ["".join(chance.choices(syllables, k=chance.randint(1, 4))) for _ in range(3_000)]
    return [" ".join(chance.choices(words, k=chance.randint(2, 9))) for _ in range(TEXTS)]


if __name__ == "__main__":
    main()

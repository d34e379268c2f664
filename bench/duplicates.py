"""How fast are near-duplicates found among a million texts, how many are missed, and what does datasketch do?

    python bench/duplicates.py                       # a million texts
    python bench/duplicates.py --texts 100000
    python bench/duplicates.py --peer PYTHON         # beside datasketch, in the environment of that interpreter

Texts are generated in six scripts: words of random letters, drawn as often as words of languages are (Zipf). One in
ten is an edit of the text before it: some of its characters are replaced. Recall is the share of planted
pairs that were found, by their exact similarity and script. The peer gets the same n-grams, on a sample of the texts
(`--peer-texts`), with the hashes and bands that its own documentation proposes for the threshold; its time is
extrapolated in proportion. Prints tables; no limit is checked.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import accumulate, pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from dragoman.data.duplicates import Duplicates, chance_of_missing, find_duplicates, similarity_of
from dragoman.data.duplicates.grams import grams_of
from dragoman.data.duplicates.normal_form import normalize_texts

NEAR = 0.7
PLANTED_EVERY = 10
LETTERS = {
    "Latn": "etaoinsrhldcumfpgwybvk",
    "Cyrl": "оеаинтсрвлкмдпуяыьгзбчйхжшю",
    "Deva": "कखगघचछजझटठडढतथदधनपफबभमयरलवशषसहािीुूेैोौं",
    "Arab": "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "Thai": "กขคงจชซดตถทนบปผพฟมยรลวสหอะาิีุูเแโไ",
    "Hani": "".join(chr(0x4E00 + 7 * number) for number in range(2_500)),
}
SPACELESS = {"Thai", "Hani"}
STEPS = (0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.001)

PEER = """
import json, sys, time
from datasketch import MinHash, MinHashLSH
rows = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
started = time.process_time()
index, found = MinHashLSH(threshold=float(sys.argv[2]), num_perm=128), []
for number, grams in enumerate(rows):
    signature = MinHash(num_perm=128)
    signature.update_batch([gram.encode() for gram in grams])
    found += [(int(other), number) for other in index.query(signature)]
    index.insert(str(number), signature)
print(json.dumps({"seconds": time.process_time() - started, "pairs": found}))
"""


class Planted(NamedTuple):
    """Two rows, one an edit of the other."""

    first: int
    second: int
    script: str
    similarity: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=1_000_000)
    parser.add_argument("--near", type=float, default=NEAR)
    parser.add_argument("--peer", help="a Python interpreter that has datasketch")
    parser.add_argument("--peer-texts", type=int, default=20_000)
    options = parser.parse_args()
    texts, planted = make_texts(options.texts)
    column = pa.chunked_array([pa.array(texts)])
    print(f"{len(texts):,} texts of {sum(map(len, texts)) / len(texts):.0f} characters, near {options.near}\n")
    before, started, processor = peak(), time.perf_counter(), time.process_time()
    found = find_duplicates(column, near=options.near)
    seconds, processor = time.perf_counter() - started, time.process_time() - processor
    print(f"{seconds:.1f} s, {processor:.1f} s of processor; peak {peak():,.0f} MB, {before:,.0f} MB of it before")
    print(f"{len(found.pairs):,} pairs, {found.exact:,} exact duplicates, {found.crowded:,} texts in crowds\n")
    show_recall(planted, found, near=options.near)
    if options.peer:
        show_peer(options.peer, texts[: options.peer_texts], planted, near=options.near, texts_in_all=len(texts))


def make_texts(count: int) -> tuple[list[str], list[Planted]]:
    chance = random.Random(0)
    makers = {script: sentences(script, letters, chance) for script, letters in LETTERS.items()}
    texts, planted = [], []
    for number in range(count):
        script = list(makers)[number // PLANTED_EVERY % len(makers)]
        if number % PLANTED_EVERY:
            texts.append(next(makers[script]) if number % PLANTED_EVERY > 1 else edited(texts[-1], script, chance))
        else:
            texts.append(next(makers[script]))
        if number % PLANTED_EVERY == 1:
            planted.append(Planted(number - 1, number, script, similarity_of(texts[-2], texts[-1])))
    return texts, planted


def sentences(script: str, letters: str, chance: random.Random) -> Iterator[str]:
    lengths = (1, 2, 2, 3) if script == "Hani" else (2, 3, 4, 5, 6, 7, 8, 10)
    weights = [1 / (place + 4) for place in range(len(letters))]
    words = ["".join(chance.choices(letters, weights, k=chance.choice(lengths))) for _ in range(30_000)]
    sums = list(accumulate(1 / (place + 2.7) for place in range(len(words))))
    space = "" if script in SPACELESS else " "
    while True:
        yield space.join(chance.choices(words, cum_weights=sums, k=chance.randint(6, 16)))


def edited(text: str, script: str, chance: random.Random) -> str:
    """A copy of which some characters are replaced, so many that similarities from 0.5 to 1 come out."""
    characters = list(text)
    for _ in range(chance.randint(1, max(1, round(len(text) * 0.12)))):
        characters[chance.randrange(len(characters))] = chance.choice(LETTERS[script])
    return "".join(characters)


def show_recall(planted: list[Planted], found: Duplicates, *, near: float) -> None:
    pairs = {(found.same[one], found.same[other]) for one, other in found.pairs.tolist()}
    hits = [
        found.same[one.first] == found.same[one.second]
        or tuple(sorted((found.same[one.first], found.same[one.second]))) in pairs
        for one in planted
    ]
    print("| similarity | planted | " + " | ".join(LETTERS) + " | all | missed, as stated |")
    print("|" + "---|" * (len(LETTERS) + 4))
    for low, high in pairwise(STEPS):
        rows = [place for place, one in enumerate(planted) if low <= one.similarity < high]
        cells = [[hits[place] for place in rows if planted[place].script == script] for script in LETTERS]
        shares = [f"{np.mean(cell):.4f}" if cell else "" for cell in [*cells, [hits[place] for place in rows]]]
        stated = np.mean([chance_of_missing(planted[place].similarity, near=near) for place in rows]) if rows else 0
        words = f"{stated:.2%}" if low >= near else "not asked for"
        print(f"| {low:.2f} to {min(high, 1):.2f} | {len(rows):,} | {' | '.join(shares)} | {words} |")


def show_peer(python: str, texts: list[str], planted: list[Planted], *, near: float, texts_in_all: int) -> None:
    started = time.process_time()
    found = find_duplicates(texts, near=near)
    own = time.process_time() - started
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "grams.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for start in range(0, len(texts), 4096):
                for row in gram_words(texts[start : start + 4096]):
                    file.write(json.dumps(row) + "\n")
        answer = subprocess.run([python, "-c", PEER, str(path), str(near)], check=True, capture_output=True, text=True)
    peer = json.loads(answer.stdout)
    own_pairs, peer_pairs = set(map(tuple, found.pairs.tolist())), {tuple(sorted(pair)) for pair in peer["pairs"]}
    wanted = {(one.first, one.second) for one in planted if one.second < len(texts) and one.similarity >= near}
    doubles = {pair for pair in wanted if found.same[pair[0]] == found.same[pair[1]]}
    false = sum(similarity_of(texts[one], texts[other]) < near for one, other in peer_pairs)
    print(f"\n{len(texts):,} texts, {len(wanted):,} planted pairs of at least {near}:\n")
    print("| | seconds of processor | extrapolated | recall | pairs that are not similar |\n|---|---|---|---|---|")
    for name, seconds, pairs, wrong in (
        ("dragoman", own, own_pairs | doubles, 0),
        ("datasketch", peer["seconds"], peer_pairs, false),
    ):
        whole = seconds * texts_in_all / len(texts)
        print(f"| {name} | {seconds:.1f} | {whole:.0f} | {len(wanted & pairs) / len(wanted):.4f} | {wrong:,} |")


def gram_words(texts: list[str]) -> list[list[str]]:
    """The n-grams of each text as words, so that the peer need not make them."""
    grams = grams_of(normalize_texts(texts))
    words = [f"{key:x}" for key in grams.keys.tolist()]
    ends = grams.starts.tolist()
    return [words[start:stop] for start, stop in pairwise(ends)]


def peak() -> float:
    """Memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()

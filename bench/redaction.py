"""How fast is personal data found, in ordinary texts and in texts made to be slow?

    python bench/redaction.py [MEGABYTES]

Ordinary texts are those of the example workspace, and sentences with personal data in them. Prints megabytes of UTF-8
for a second of processor time, the median of some rounds, and how long the whole takes beside its first half: about 2.0
means linear.
"""

# ruff: noqa: RUF001 (texts in other scripts)

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path

from dragoman.text.redaction import Redactor
from dragoman.training.environment import hardware_state

DATA = Path(__file__).resolve().parent.parent / "examples" / "support" / "data"
ROUNDS = 3
SENTENCES = (
    "Bitte rufen Sie mich unter +49 30 1234567 an oder schreiben Sie an erika@beispiel.de. ",
    "Ma commande 4711 du 03.05.2024 n'est pas arrivée, mon numéro : 06 12 34 56 78. ",
    "我的订单 20240503001 还没到，请打 138 1234 5678 或发邮件到 zhang@example.com。",
    "طلبيتي رقم ٤٧١١ لم تصل، هاتفي ٠٥٠ ١٢٣ ٤٥٦٧ وبريدي ali@example.com. ",
)
HOSTILE = {
    "1111…": "1",
    "@@@@…": "@",
    "a@a@…": "a@",
    "a@a.a.a…": "a@" + "a." * 120,
    "1-1-1-…": "1-",
    "1 1 1 …": "1 ",
    "12 12 12 …": "12 ",
    "123456782 …": "123456782 ",
    "tel 12345678 …": "tel 12345678 ",
    "06 12 34 56 78 …": "06 12 34 56 78 ",
    "http://http://…": "http://",
    "://://…": "://",
    ".com/.com/…": ".com/",
    "a.com/ a.com/…": "a.com/ ",
    "www.www.…": "www.",
    "1:1:1:…": "1:",
    "1.1.1.1.…": "1.",
    "DE89DE89…": "DE89",
    "DE89 DE89 …": "DE89 ",
    "DE89 3704 … wrong": "DE89 3704 0044 0532 0130 01 ",
    "((((…": "(1",
    "http://a)))…": "http://a" + ")" * 200,
    "digits with joiners": "1\u200d",
    "Arabic digits": "\u0661",
}


def main(megabytes: float = 1.0) -> None:
    rows = [json.loads(line)["text"] for file in sorted(DATA.glob("*.jsonl")) for line in file.open(encoding="utf-8")]
    texts = {
        "example texts, one by one": rows,
        "example texts, as one": [filled(" ".join(rows), megabytes)],
        "the same without digits": [filled("".join(char for char in " ".join(rows) if not char.isdigit()), megabytes)],
        "a value in every sentence": [filled("".join(SENTENCES), megabytes)],
        **{name: [filled(piece, megabytes)] for name, piece in HOSTILE.items()},
    }
    print(f"{hardware_state()}, Python {sys.version.split()[0]}; {megabytes} MB each, {ROUNDS} rounds\n")
    print("| text | MB/s | the whole beside its half |\n|---|---|---|")
    redactor = Redactor(bytes(32))
    for name, some in texts.items():
        half, whole = measure(redactor, some)
        print(f"| {name} | {sum(len(text.encode()) for text in some) / 1e6 / whole:.1f} | × {whole / half:.2f} |")


def filled(piece: str, megabytes: float) -> str:
    return piece * max(1, round(megabytes * 1e6 / len(piece.encode())))


def measure(redactor: Redactor, texts: list[str]) -> tuple[float, float]:
    """Median seconds for the first half of each text, and for each text."""
    halves = [text[: len(text) // 2] for text in texts]
    rounds = [(seconds(redactor, halves), seconds(redactor, texts)) for _ in range(ROUNDS)]
    return statistics.median(half for half, _ in rounds), statistics.median(whole for _, whole in rounds)


def seconds(redactor: Redactor, texts: list[str]) -> float:
    started = time.process_time()
    for text in texts:
        redactor.redact(text)
    return time.process_time() - started


if __name__ == "__main__":
    main(*map(float, sys.argv[1:2]))

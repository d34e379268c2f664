"""A small workspace that trains in seconds, and the command run as a user runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

WORDS = {
    "en": {
        "refund": "money back please refund",
        "order_status": "where is my parcel order",
        "invoice": "send the invoice bill",
    },
    "de": {
        "refund": "geld zurück bitte erstattung",
        "order_status": "wo ist mein paket",
        "invoice": "rechnung beleg senden",
    },
    "ru": {
        "refund": "верните деньги пожалуйста возврат",
        "order_status": "где моя посылка заказ",
        "invoice": "пришлите счёт накладную",
    },
}
SPEC = """
name = "support"
owner = "team@example.com"
languages = ["de", "en", "ru"]

[base]
vocabulary = 600
max_tokens = 32

[data]
files = ["data/*.jsonl"]
labels = ["refund", "order_status", "invoice"]

[training]
epochs = {epochs}
batch_tokens = 512
learning_rate = 0.005
dropout = 0
token_dropout = 0
checkpoint_seconds = 0
threads = 1
"""


def rows():
    """Texts made of a label's words, each with a number of its own."""
    for language, labels in WORDS.items():
        for label, words in labels.items():
            for number in range(24):
                first, *rest = words.split()
                text = f"{' '.join(rest)} {first} {number * 7 + len(label)}" if number % 2 else f"{words} {number * 13}"
                split = ("train", "train", "train", "train", "dev", "test")[number % 6]
                yield {
                    "id": f"{language}-{label}-{number}",
                    "text": text,
                    "label": label,
                    "language": language,
                    "split": split,
                }


def write_workspace(root: Path, *, epochs: int = 12) -> Path:
    (root / "data").mkdir(parents=True)
    (root / "models").mkdir()
    (root / "dragoman.toml").write_text("")
    (root / "models" / "support.toml").write_text(SPEC.format(epochs=epochs))
    lines = (json.dumps(row, ensure_ascii=False) for row in rows())
    (root / "data" / "texts.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def command(*arguments, **options):
    """The arguments of a child process that runs the command."""
    return [sys.executable, "-m", "dragoman", *map(str, arguments)]


def run(*arguments, cwd=None, env=None):
    environment = {**os.environ, **(env or {})}
    child = command(*arguments)
    return subprocess.run(child, check=False, capture_output=True, text=True, cwd=cwd, env=environment, timeout=120)


@pytest.fixture
def workspace(tmp_path):
    return write_workspace(tmp_path / "shop")


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A workspace with one trained version; tests must not change it."""
    root = write_workspace(tmp_path_factory.mktemp("trained") / "shop")
    done = run("train", "-w", root)
    assert done.returncode == 0, done.stderr
    return root

"""How much personal data is found, and how much else is taken for it, in texts of many languages?

    python bench/redaction_quality.py [--half test|development] [--seed N] [--language CODE …] [--show KIND …]

Makes texts from sentences of each language and seeded values, redacts them, and prints tables of Markdown: by language,
by kind, and by spelling. Rules are tuned on the development half, whose sentences and values are others; the test half
is reported.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.redaction_texts.language import HALVES, languages
from bench.redaction_texts.score import Outcome, Share, outcome_of, share_of
from bench.redaction_texts.texts import Text, Value, made_texts

from dragoman.text.redaction import KINDS, find_personal_data

SEEDS = {"development": 1, "test": 2}
PERSONAL, OTHER = 500, 500  # texts with and without personal data, for each language
ADDRESSES = ("email", "url", "ip", "iban", "card", "phone")
SHOWN = 40
COLUMNS = (
    *("language", "n", "recall, %", "addresses, accounts, cards", "phones", "ids", "precision, findings", "characters"),
    "of 1,000 texts without any, with a false alarm",
)
SPELLINGS_OF_PHONES = ("international", "grouped", "bare")

Wanted = Callable[[Value], bool]
Played = list[tuple[Text, Outcome]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--half", choices=HALVES, default="test", help="which sentences")
    parser.add_argument("--seed", type=int, help="of the values")
    parser.add_argument("--texts", type=int, default=PERSONAL, help="with personal data, and as many without")
    parser.add_argument("--language", nargs="*", default=sorted(languages()), help="codes")
    parser.add_argument("--show", nargs="*", default=[], help="kinds, or `alarm`: print what was missed")
    options = parser.parse_args()
    seed = SEEDS[options.half] if options.seed is None else options.seed
    played = {code: play(code, options.half, seed, options.texts) for code in options.language}
    for kind in options.show:
        show(played, kind)
    if not options.show:
        print(f"{options.half} half, seed {seed}, {options.texts} + {options.texts} texts for each language\n")
        print_tables({code: [outcome for _, outcome in some] for code, some in played.items()}, options.texts)


def play(code: str, half: str, seed: int, texts: int) -> Played:
    made = made_texts(languages()[code], half, seed=seed, personal=texts, other=texts)
    return [(text, outcome_of(text, find_personal_data(text.text))) for text in made]


# Tables ---------------------------------------------------------------------------------------------------------------


def print_tables(outcomes: Mapping[str, list[Outcome]], texts: int) -> None:
    everything = [outcome for some in outcomes.values() for outcome in some]
    print(f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|")
    for code, some in outcomes.items():
        print(language_row(f"{languages()[code].name} `{code}`", some, texts))
    print(language_row("**all**", everything, texts * len(outcomes)))
    print("\n| kind | beside it | n | recall, % |\n|---|---|---|---|")
    for kind, word, wanted in groups():
        share = share_of(everything, wanted)
        print(f"| {kind} | {word} | {share.total} | {share} |")
    print("\n| national id | n | beside its name, % | n | without, % |\n|---|---|---|---|---|")
    for kind in KINDS[len(ADDRESSES) :]:
        named, bare = (share_of(everything, of_kind(kind, is_named=flag)) for flag in (True, False))
        print(f"| `{kind}` | {named.total} | {named} | {bare.total} | {bare} |")


def language_row(name: str, outcomes: Sequence[Outcome], texts: int) -> str:
    recall = share_of(outcomes)
    parts = [share_of(outcomes, wanted) for wanted in (is_address, of_kind("phone"), is_id)]
    right = sum(outcome.right_findings for outcome in outcomes)
    findings = Share(right, right + sum(len(outcome.alarms) for outcome in outcomes))
    characters = Share(sum(one.right_characters for one in outcomes), sum(one.characters for one in outcomes))
    alarmed = sum(bool(outcome.alarms) for outcome in outcomes if not outcome.found)
    cells = [recall.total, recall, *map(percent, parts), findings, percent(characters), f"{1000 * alarmed / texts:.0f}"]
    return f"| {name} | {' | '.join(map(str, cells))} |"


def percent(share: Share) -> str:
    return f"{100 * share.hits / share.total:.1f}" if share.total else "-"


def groups() -> Iterator[tuple[str, str, Wanted]]:
    """Names of rows, what stands beside the values, and which those are."""
    yield from ((f"`{kind}`", "anything", of_kind(kind)) for kind in ADDRESSES[:-1])
    for spelling in SPELLINGS_OF_PHONES:
        yield f"`phone`, {spelling}", "a word for telephones", of_phone(spelling, is_named=True)
        yield f"`phone`, {spelling}", "nothing", of_phone(spelling, is_named=False)
    yield "national id", "its name", lambda value: is_id(value) and value.is_named
    yield "national id", "nothing", lambda value: is_id(value) and not value.is_named
    yield "number in digits of the script", "anything", lambda value: value.spelling == "own digits"


def of_kind(kind: str, *, is_named: bool | None = None) -> Wanted:
    return lambda value: value.kind == kind and is_named in {None, value.is_named}


def of_phone(spelling: str, *, is_named: bool) -> Wanted:
    return lambda value: (value.kind, value.spelling, value.is_named) == ("phone", spelling, is_named)


def is_address(value: Value) -> bool:
    return value.kind in ADDRESSES[:-1]


def is_id(value: Value) -> bool:
    return value.kind not in ADDRESSES


# Misses ---------------------------------------------------------------------------------------------------------------


def show(played: Mapping[str, Played], kind: str) -> None:
    """What was missed of a kind, or taken for personal data by mistake."""
    for code, some in played.items():
        lines = [line for text, outcome in some for line in wrong(text, outcome, kind)]
        print(f"{code}: {len(lines)}", *lines[:SHOWN], sep="\n    ")


def wrong(text: Text, outcome: Outcome, kind: str) -> Iterator[str]:
    if kind == "alarm":
        yield from (f"{name}: {text.text[start:end]!r} in {text.text!r}" for name, start, end in outcome.alarms)
    for value, is_found in outcome.found:
        if value.kind == kind and not is_found:
            yield f"{'named' if value.is_named else ''} {text.text[value.start : value.end]!r} in {text.text!r}"


if __name__ == "__main__":
    main()

"""How much personal data is found, and how much else is taken for it, in texts of many languages?

    python bench/redaction_quality.py [--half test|development] [--seed N] [--language CODE …] [--show KIND …]

Makes texts from sentences of each language and seeded values, redacts them, and prints tables of Markdown: by language,
by kind, and by spelling. Rules are tuned on the development half, whose sentences and values are others; the test half
is reported.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
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
    print("| language | n | recall, % | addresses, accounts, cards | phones | ids | precision, findings | characters |"
          " texts with a false alarm, of 1,000 |\n" + "|---" * 9 + "|")  # fmt: skip
    for code, some in outcomes.items():
        print(language_row(f"{languages()[code].name} `{code}`", some, texts))
    print(language_row("**all**", everything, texts * len(outcomes)))
    print("\n| kind | with | n | recall, % |\n|---|---|---|---|")
    for kind, word, wanted in groups():
        share = share_of(everything, wanted)
        print(f"| {kind} | {word} | {share.total} | {share} |") if share.total else None
    print("\n| national id | n | recall beside a word, % | n | without, % |\n|---|---|---|---|---|")
    for kind in KINDS[len(ADDRESSES) :]:
        named, bare = (share_of(everything, lambda value, kind=kind, flag=flag: value.kind == kind and value.is_named == flag)  # type: ignore[misc]
                       for flag in (True, False))  # fmt: skip
        print(f"| `{kind}` | {named.total} | {named} | {bare.total} | {bare} |")


def language_row(name: str, outcomes: Sequence[Outcome], texts: int) -> str:
    recalls = [
        share_of(outcomes),
        share_of(outcomes, lambda value: value.kind in ADDRESSES[:-1]),
        share_of(outcomes, lambda value: value.kind == "phone"),
        share_of(outcomes, lambda value: value.kind not in ADDRESSES),
    ]
    right = sum(outcome.right_findings for outcome in outcomes)
    findings = Share(right, right + sum(len(outcome.alarms) for outcome in outcomes))
    characters = Share(sum(one.right_characters for one in outcomes), sum(one.characters for one in outcomes))
    alarmed = sum(bool(outcome.alarms) for outcome in outcomes if not outcome.found)
    cells = [str(recalls[0]), *(percent(one) for one in recalls[1:]), str(findings), percent(characters)]
    return f"| {name} | {recalls[0].total} | {' | '.join(cells)} | {1000 * alarmed / texts:.0f} |"


def percent(share: Share) -> str:
    return f"{100 * share.count / share.total:.1f}" if share.total else "-"


def groups() -> Iterator[tuple[str, str, Callable[[Value], bool]]]:
    for kind in ADDRESSES[:-1]:
        yield f"`{kind}`", "", lambda value, kind=kind: value.kind == kind  # type: ignore[misc]
    for spelling in ("international", "grouped", "bare"):
        for is_named, word in ((True, "a word for telephones"), (False, "none")):
            yield (f"`phone`, {spelling}", word,
                   lambda value, one=spelling, flag=is_named: (value.kind, value.spelling, value.is_named) == ("phone", one, flag))  # type: ignore[misc]  # fmt: skip
    for is_named, word in ((True, "its name"), (False, "none")):
        yield "national id", word, lambda value, flag=is_named: value.kind not in ADDRESSES and value.is_named == flag  # type: ignore[misc]
    yield "any but e-mail, URL", "own digits", lambda value: value.spelling == "own digits" and value.kind != "email"


# Misses ---------------------------------------------------------------------------------------------------------------


def show(played: Mapping[str, Played], kind: str) -> None:
    """What was missed of a kind, or taken for personal data by mistake."""
    missed: dict[str, list[str]] = defaultdict(list)
    for code, some in played.items():
        for text, outcome in some:
            if kind == "alarm":
                missed[code] += [f"{one[0]}: {text.text[one[1] : one[2]]!r} in {text.text!r}" for one in outcome.alarms]
            else:
                missed[code] += [
                    f"{value.kind} {value.spelling} {'named' if value.is_named else ''}: {text.text[value.start : value.end]!r} in {text.text!r}"
                    for value, hit in outcome.found
                    if not hit and value.kind == kind
                ]
    for code, lines in missed.items():
        print(f"{code}: {len(lines)}", *lines[:SHOWN], sep="\n    ")


if __name__ == "__main__":
    main()

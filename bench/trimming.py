"""What does trimming a model to a few of its languages keep, and what does it cost?

usage: python bench/trimming.py WORKSPACE MODEL [LANGUAGES ...]     LANGUAGES: de,en,fr

Each set of languages is tuned by the data of these languages only. Nothing is registered.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from dragoman import open_workspace
from dragoman.data.sources import expand_files, read_examples
from dragoman.records import Example, TuningReport
from dragoman.registry.bundle import Bundle
from dragoman.text.trimming import KEEPS, Keep
from dragoman.training.environment import hardware_state
from dragoman.training.tuning import tune_bundle

SETS = ("de,en,fr", "ja,ko,zh", "ar,fa", "bn,hi,th")


def main(root: str, model: str, *sets: str) -> None:
    place = open_workspace(root)
    version = place.registry.resolve(model)
    bundle = place.registry.open(version)
    spec = place.spec(version.model)
    files = expand_files(place.root, spec.data.files)
    examples = read_examples(files, labels=spec.data.labels, languages=spec.languages)
    print(f"{version.uri} on {hardware_state()}")
    print("| languages | keeps | pieces | form | agreement | worst language | accuracy | gates |")
    print("|---|---|---|---|---|---|---|---|")
    for languages in sets or SETS:
        mine = [one for one in examples if one.language in languages.split(",")]
        for keep in KEEPS:
            show(languages, keep, tuned(bundle, mine, keep))


def tuned(bundle: Bundle, examples: list[Example], keep: Keep) -> TuningReport:
    with tempfile.TemporaryDirectory() as scratch:
        return tune_bundle(bundle, examples, Path(scratch) / "bundle", keep=keep, report=lambda step: None).report


def show(languages: str, keep: Keep, report: TuningReport) -> None:
    for one in report.forms:
        worst = one.agreement.worst_language
        print(
            f"| {languages} | {keep} | {report.kept_pieces} of {report.pieces} | {one.form.name} "
            f"| {one.agreement.labels:.4f} | {worst} {one.agreement.languages[worst]:.4f} "
            f"| {one.accuracy or 0:.4f} | {'; '.join(one.missed) or 'passed'} |"
        )


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])

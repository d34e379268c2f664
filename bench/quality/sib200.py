"""How good is a model trained from scratch on SIB-200, in each of its 205 languages?

    DRAGOMAN_DATA=… python bench/quality/sib200.py [--folder FOLDER] [--epochs N]

Reads `sib200/{train,dev,test}.jsonl.gz` from DRAGOMAN_DATA, writes a workspace, trains the spec beside this file
through the public interface, and prints the table of docs/quality.md: accuracy, its mean over languages, and the worst
ten. Exits 1 if the training took more than 40 minutes.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import resource
import sys
import time
import tomllib
from pathlib import Path

from dragoman import open_workspace
from dragoman.cli.progress import training_progress
from dragoman.records import Report

LIMIT_MINUTES = 40
SPEC = Path(__file__).with_suffix(".toml")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path(".bench/sib200"))
    parser.add_argument("--epochs", type=int, help="instead of the spec's")
    options = parser.parse_args()
    if "DRAGOMAN_DATA" not in os.environ:
        print("DRAGOMAN_DATA is not set: name the folder that holds sib200/.", file=sys.stderr)
        return 2
    write_workspace(Path(os.environ["DRAGOMAN_DATA"]) / "sib200", options.folder, options.epochs)
    workspace = open_workspace(options.folder)
    started = time.monotonic()
    with training_progress("topics") as report:
        outcome = workspace.train("topics", report=report)
    minutes = (time.monotonic() - started) / 60
    bundle = workspace.registry.open(outcome.version)
    print_table(bundle.evaluation, minutes if outcome.trained else outcome.run.seconds / 60, outcome.run.hardware)
    return 1 if minutes > LIMIT_MINUTES else 0


def write_workspace(source: Path, folder: Path, epochs: int | None) -> None:
    languages: set[str] = set()
    for split in ("train", "dev", "test"):
        languages |= write_split(source / f"{split}.jsonl.gz", folder / "data" / f"{split}.jsonl", split)
    (folder / "models").mkdir(parents=True, exist_ok=True)
    (folder / "dragoman.toml").write_text("# The workspace of bench/quality/sib200.py\n", encoding="utf-8")
    text = SPEC.read_text(encoding="utf-8")
    text = text.replace("languages = []", f"languages = {json.dumps(sorted(languages))}")
    if epochs:
        text = text.replace(f"epochs = {tomllib.loads(text)['training']['epochs']}\n", f"epochs = {epochs}\n")
    (folder / "models" / "topics.toml").write_text(text, encoding="utf-8")


def write_split(source: Path, target: Path, split: str) -> set[str]:
    """Copy one part into the workspace. FLORES codes such as `ace_Arab` become BCP 47's `ace-Arab`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    languages = set()
    with gzip.open(source, "rt", encoding="utf-8") as lines, target.open("w", encoding="utf-8") as out:
        for line in lines:
            row = json.loads(line)
            language = row["lang"].replace("_", "-")
            languages.add(language)
            example = {
                "id": f"{language}-{split}-{row['id']}",
                "text": row["text"],
                "label": row["label"],
                "language": language,
                "split": split,
            }
            out.write(json.dumps(example, ensure_ascii=False) + "\n")
    return languages


def print_table(report: Report, minutes: float, hardware: dict[str, str]) -> None:
    accuracies = [score.accuracy.value for score in report.languages]
    memory = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 2**20
    print(f"\nHardware: {hardware['processor']}, {hardware['cores']} cores.")
    print(f"Training took {minutes:.1f} minutes and {memory:.1f} GB.\n")
    print("| measure | value |\n|---|---|")
    interval = report.accuracy
    bounds = f"{interval.low:.3f} to {interval.high:.3f}"
    print(f"| accuracy over all {interval.n} test texts | {interval.value:.3f} ({bounds}) |")
    print(f"| mean over {len(accuracies)} languages | {sum(accuracies) / len(accuracies):.3f} |")
    print(f"| median language | {sorted(accuracies)[len(accuracies) // 2]:.3f} |")
    print(f"| best language | {accuracies[-1]:.3f} ({report.languages[-1].language}) |")
    print(f"| macro F1 | {report.macro_f1:.3f} |")
    print("\n| worst ten languages | accuracy (95% interval) |\n|---|---|")
    for score in report.languages[:10]:
        print(
            f"| {score.language} | {score.accuracy.value:.3f} ({score.accuracy.low:.3f} to {score.accuracy.high:.3f}) |"
        )


if __name__ == "__main__":
    sys.exit(main())

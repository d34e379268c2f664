"""The workspace of a day: the example with a spec for it, its first champion, and the people who review."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from bench.game_day.world import split_rows

from dragoman.clock import CLOCK_VARIABLE, RehearsalClock

__all__ = ["BEGIN", "EXAMPLE", "MODEL", "REVIEWERS", "Place", "make_place"]

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "support"
MODEL = "support"
BEGIN = datetime(2026, 3, 2, tzinfo=UTC).timestamp()  # a Monday
EPOCHS = 8  # enough for 24 languages, in about a minute; the fewer, the more
MOST_EPOCHS = 12
LANGUAGES = tuple(sorted(path.stem for path in (EXAMPLE / "data").glob("*.jsonl")))
LEARNT_AHEAD = 3_600.0  # how long before its first request the champion was trained
TRAINED = "trained.json"  # written last: a folder without it is not whole
REVIEWERS: dict[str, tuple[str, ...]] = {
    "ana": ("pt", "es", "it"),
    "joao": ("pt", "fr", "en"),
    "priya": ("hi", "bn", "en"),
    "arjun": ("hi", "fa", "ar"),
    "kenji": ("ja", "ko", "zh"),
    "olena": ("uk", "ru", "pl", "cs"),
    "mert": ("tr", "el", "de", "nl"),
    "siti": ("id", "vi", "th", "sw"),
}
PLAN = """
[log]
text = true
durability = "each"

[drift]
false_alarms = 0.5
reference = "traffic"
reference_days = 3
every_minutes = 720
windows = [1, 2, 6]
min_texts = 30
texts_per_second = 10000

[feedback]
maturity_days = 1
window_days = 5

[review]
per_day = 120
audit = 0.7
drift = 0.3
per_language = 1
expire_days = 7

[retraining]
new_labels = 0
loss = 0.02
drift_hours = 72
fewest_labels = 200
forgetting = 0.1
cooldown_days = 7
replay = 2

[budget]
trainings = 4

[release]
steps = [5, 25, 100]
step_minutes = 240
min_requests = 50
required = ["errors", "confidence"]
disagreement = 0.6
max_hours = 240

[release.before]
accuracy = 0.03
forgetting = 0.1

[release.margins]
errors = 0.08
latency = 0.3
agreement = 0.1
confidence = 0.15
abstention = 0.08
quality = 0.1
"""
SETTINGS = """
loop_evaluate_minutes = 360
loop_compact_hours = 168
"""


class Place(NamedTuple):
    """The folders of a day."""

    folder: Path

    @property
    def root(self) -> Path:
        """The workspace."""
        return self.folder / "workspace"

    @property
    def languages(self) -> tuple[str, ...]:
        """Those of the day."""
        return tuple((self.folder / "languages").read_text().split())

    @property
    def clock(self) -> RehearsalClock:
        return RehearsalClock(self.folder / "clock")

    @property
    def journal(self) -> Path:
        return self.folder / "journal.sqlite"

    @property
    def environment(self) -> dict[str, str]:
        """What every process of the day gets."""
        return os.environ | {CLOCK_VARIABLE: str(self.folder / "clock")}

    def port(self) -> int:
        """Where the server listens: the same all day, whoever starts it again."""
        file = self.folder / "port"
        if not file.exists():
            file.write_text(str(free_port()))
        return int(file.read_text())

    def dragoman(self, *arguments: Any) -> subprocess.CompletedProcess[str]:
        """A command of the platform, on this workspace and at this time."""
        command = [sys.executable, "-m", "dragoman", *map(str, arguments), "-w", str(self.root)]
        return subprocess.run(command, check=False, capture_output=True, text=True, env=self.environment)

    def asked(self, *arguments: Any) -> Any:
        """What a command says with --json; None where it fails."""
        done = self.dragoman(*arguments, "--json")
        return json.loads(done.stdout) if done.returncode == 0 else None


def make_place(folder: Path, cache: Path, *, fresh: bool, languages: Sequence[str] = LANGUAGES) -> Place:
    """A workspace with its champion in an empty folder; the champion is trained once and kept in `cache`."""
    place = open_place(folder, languages)
    kept = cache / digest_of({"spec": spec_text(languages), "data": data_digest(languages), "begin": str(BEGIN)})
    if fresh or not (kept / TRAINED).exists():
        train_champion(kept, languages)
    shutil.copytree(kept / "workspace", place.root, symlinks=True)
    write_spec(place, PLAN)
    with (place.root / "dragoman.toml").open("a", encoding="utf-8") as file:
        file.write(SETTINGS)
    (place.root / "reviewers.toml").write_text(reviewers_text(), encoding="utf-8")
    place.clock.set(BEGIN)
    return place


def open_place(folder: Path, languages: Sequence[str]) -> Place:
    folder.mkdir(parents=True)
    (folder / "languages").write_text(" ".join(languages))
    return Place(folder)


def train_champion(kept: Path, languages: Sequence[str]) -> None:
    """Train on every second row of the example, an hour before the first day begins."""
    shutil.rmtree(kept, ignore_errors=True)
    place = open_place(kept, languages)
    shutil.copytree(EXAMPLE, place.root, ignore=shutil.ignore_patterns(".dragoman", "contracts", "data"))
    (place.root / "data").mkdir()
    for language, lines in split_rows(EXAMPLE / "data", languages)[0].items():
        (place.root / "data" / f"{language}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    write_spec(place, "")
    place.clock.set(BEGIN - LEARNT_AHEAD)
    done = place.dragoman("train")
    if done.returncode:
        raise SystemExit(f"the first champion was not trained: {done.stderr[-2_000:]}")
    (kept / TRAINED).write_text(json.dumps({"trained": True}), encoding="utf-8")


def write_spec(place: Place, plan: str) -> None:
    (place.root / "models" / f"{MODEL}.toml").write_text(spec_text(place.languages) + plan, encoding="utf-8")


def spec_text(languages: Sequence[str]) -> str:
    """The example's spec for these languages, with fewer epochs, and floors for half of its rows."""
    text = (EXAMPLE / "models" / f"{MODEL}.toml").read_text(encoding="utf-8").split("# A later version")[0]
    epochs = min(MOST_EPOCHS, EPOCHS * len(LANGUAGES) // len(languages))
    head, _, tail = text.partition("languages = [")
    text = f"{head}languages = {json.dumps(list(languages))}{tail.partition(']')[2]}"
    changes = {"epochs = 14": f"epochs = {epochs}", "= 0.75": "= 0.6", "= 0.88": "= 0.75"}
    for before, after in changes.items():
        text = text.replace(before, after)
    return text


def reviewers_text() -> str:
    tables = (
        f"[[reviewers]]\nname = {json.dumps(name)}\nlanguages = {json.dumps(list(languages))}\n"
        for name, languages in REVIEWERS.items()
    )
    return "\n".join(tables)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def data_digest(languages: Sequence[str]) -> str:
    files = [EXAMPLE / "data" / f"{language}.jsonl" for language in languages]
    return digest_of({path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files})


def digest_of(parts: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]

"""Game days: days in which something goes wrong with the example, played in rehearsed time with real processes.

    python -m bench.game_day [--day drift|schema-break] [--folder FOLDER] [--resume] [--fresh] [--kills N] [--seed N]

The exit code is 0 if the day ended as it must: every line of its checklist holds. docs/game-day.md says what is played.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path

from bench.game_day.day import play_drift
from bench.game_day.director import CHANGED, Director
from bench.game_day.place import LANGUAGES, Place
from bench.game_day.schema_break import play_schema_break

DAYS = {"drift": play_drift, "schema-break": play_schema_break}


def main() -> int:
    """Play a day, or be its director."""
    if sys.argv[1:2] == ["direct"]:
        return direct(sys.argv[2:])
    options = read_options()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # what runs for the day ends, too
    return DAYS[options.day](options)


def direct(arguments: list[str]) -> int:
    """What the supervisor starts, and starts again."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    place = Place(given.folder)
    Director(place, f"http://127.0.0.1:{place.port()}", seed=given.seed).run()
    return 0


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--day", choices=sorted(DAYS), default="drift")
    parser.add_argument("--folder", type=Path, help="where the day is played, and left; default: a new one")
    parser.add_argument("--cache", type=Path, default=cache_folder(), help="where the trained champion is kept")
    parser.add_argument("--resume", action="store_true", help="go on with the day in --folder")
    parser.add_argument("--fresh", action="store_true", help="train the champion, even if it is kept")
    parser.add_argument("--kills", type=int, default=0, help="how many processes are killed")
    parser.add_argument("--seed", type=int, default=0, help="of texts, mistakes and kills")
    parser.add_argument("--languages", type=languages_of, default=LANGUAGES, help="play with these only: de,en,hi,pt")
    options = parser.parse_args()
    if options.resume and not options.folder:
        parser.error("--resume needs --folder")
    options.folder = (options.folder or Path(tempfile.mkdtemp(prefix="game-day-")) / "day").resolve()
    if options.folder.exists() and not options.resume:
        parser.error(f"{options.folder} is there already: name another folder, or go on with --resume")
    if options.resume and not (options.folder / "journal.sqlite").exists():
        parser.error(f"no day was begun in {options.folder}")
    return options


def languages_of(text: str) -> tuple[str, ...]:
    """Some languages of the example; those that change must be among them."""
    named = tuple(sorted(set(text.split(","))))
    if unknown := set(named) - set(LANGUAGES):
        raise argparse.ArgumentTypeError(f"the example does not have {', '.join(sorted(unknown))}")
    if missing := set(CHANGED) - set(named):
        raise argparse.ArgumentTypeError(f"without {', '.join(sorted(missing))} nothing would change")
    return named


def cache_folder() -> Path:
    """Where programs of this user keep what they can make again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dragoman-game-day"


if __name__ == "__main__":
    sys.exit(main())

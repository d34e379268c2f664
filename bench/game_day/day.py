"""The first day: users begin to ask in a new way, and the platform learns it."""

from __future__ import annotations

import argparse
import time

from bench.game_day.checks import Check, checks_of, said
from bench.game_day.course import course_of
from bench.game_day.director import CHANGE
from bench.game_day.journal import Journal
from bench.game_day.kills import Killer, plan_kills
from bench.game_day.page import write_page
from bench.game_day.place import Place, make_place
from bench.game_day.supervisor import Supervisor
from bench.game_day.table import timeline

__all__ = ["play_drift"]

KILLED = range(8, CHANGE + 40)  # slots in which somebody is killed


def place_of(options: argparse.Namespace) -> Place:
    if options.resume:
        return Place(options.folder)
    return make_place(options.folder, options.cache, fresh=options.fresh, languages=options.languages)


def play_drift(options: argparse.Namespace) -> int:
    """Play the day, print its timeline and checklist, write its page; 0 if every check holds."""
    began = time.monotonic()
    place = place_of(options)
    print(f"The day is played in {place.folder}.", flush=True)
    kills = plan_kills(options.kills, seed=options.seed, slots=KILLED)
    ended = Supervisor(place, Killer(kills), seed=options.seed).run()
    journal = Journal(place.journal)
    course = course_of(journal)
    checks = [Check("the director came to the end", holds=ended == 0, numbers=f"exit code {ended}")]
    checks += checks_of(place, journal, course, kills=options.kills)
    print(*timeline(journal, course), sep="\n")
    print(*map(said, checks), sep="\n")
    page = write_page(place.folder / "report.html", journal, course, checks)
    print(f"Played in {time.monotonic() - began:.0f} s. The report: {page}")
    return 0 if all(one.holds for one in checks) else 1

"""The day as a page: one file, without scripts, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from bench.game_day.checks import Check
from bench.game_day.course import Course
from bench.game_day.director import CHANGED
from bench.game_day.drawing import Frame, drawing, small
from bench.game_day.journal import Journal
from bench.game_day.table import moment, spans

__all__ = ["write_page"]

STYLE = """
:root { --ink: #1d2733; --soft: #66727f; --line: #dde3e8; --true: #1d2733; --expected: #c77700; --accuracy: #1565c0;
  --bad: #b3261e; --good: #1b7f3b; --paper: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaee; --soft: #98a4b0; --line: #333d47; --true: #e6eaee;
  --expected: #f0a83c; --accuracy: #6fb1ff; --bad: #ff8a80; --good: #6fd08c; --paper: #14191f; } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1080px;
  margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .2rem .8rem .2rem 0;
  border-bottom: 1px solid var(--line); vertical-align: top; }
.soft { color: var(--soft); } .yes { color: var(--good); } .no { color: var(--bad); font-weight: 600; }
.nowrap { white-space: nowrap; } .scroll { overflow-x: auto; }
.few { display: grid; grid-template-columns: repeat(auto-fill, minmax(160px, 1fr)); gap: .6rem; }
svg { width: 100%; height: auto; display: block; } svg text { fill: var(--soft); font: 11px system-ui, sans-serif; }
.key span { margin-right: 1.2rem; } .key i { display: inline-block; width: 1.4rem; height: 3px; margin-right: .4rem;
  vertical-align: middle; }
"""
KEY = (
    '<p class="key"><span><i style="background:var(--true)"></i>right, by what users wanted (half a day each)</span>'
    '<span><i style="background:var(--expected)"></i>estimated before labels</span>'
    '<span><i style="background:var(--accuracy)"></i>measured by labels, with 95% interval</span></p>'
)


def write_page(path: Path, journal: Journal, course: Course, checks: Sequence[Check]) -> Path:
    """Write the page, and return where it is."""
    path.write_text("\n".join(page(journal, course, checks)), encoding="utf-8")
    return path


def page(journal: Journal, course: Course, checks: Sequence[Check]) -> Iterator[str]:
    frame = Frame.of(journal, course)
    yield "<!doctype html><html lang='en'><meta charset='utf-8'><title>A game day</title>"
    yield f"<meta name='viewport' content='width=device-width'><style>{STYLE}</style>"
    held = sum(one.holds for one in checks)
    yield f"<h1>A game day: {held} of {len(checks)} checks hold</h1>"
    served = f"{len(frame.languages)} languages"
    yield f"<p>The example serves {served}. Users begin to ask for refunds in a new way.</p>"
    yield "<h2>How long it took</h2><table>"
    for row in spans(course):
        yield f"<tr><td class='nowrap'>{row[0]}<td class='nowrap'><b>{row[1]}</b><td class='soft'>{escape(row[2])}"
    yield f"</table><h2>Quality</h2>{KEY}"
    for language in CHANGED:
        yield drawing(frame, language)
    yield "<h2>The other languages</h2><div class='few'>"
    yield from (small(frame, language) for language in frame.languages if language not in CHANGED)
    yield "</div><h2>What happened</h2><div class='scroll'><table>"
    for event in journal.events():
        yield f"<tr><td class='nowrap soft'>{moment(event.time)}<td>{escape(event.text)}"
    yield "</table></div><h2>Checklist</h2><table>"
    for one in checks:
        mark = "<td class='yes'>yes" if one.holds else "<td class='no'>NO"
        yield f"<tr>{mark}<td>{escape(one.text)}<td class='soft'>{escape(one.numbers)}"
    yield "</table></html>"

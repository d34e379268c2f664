"""The style of the page of a report."""

from __future__ import annotations

__all__ = ["STYLE"]

STYLE = """
:root { color-scheme: light dark; --ink: #1c2330; --soft: #667085; --line: #dfe3ea; --paper: #fff; --tint: #f5f7fa;
  --main: #2f6fb3; --second: #e0a030; --third: #4d9a6a; --bad: #b3362b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #98a2b3; --line: #323a48; --paper: #14181f;
  --tint: #1c222c; --main: #6aa5e3; --second: #e0b04a; --third: #6fbf8d; --bad: #f08a7d; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 82rem; margin: 0 auto; padding: 2rem 1.5rem 4rem; }
h1 { font-size: 1.6rem; margin: 0 0 1rem; }
h2 { font-size: 1.1rem; margin: 2.2rem 0 .6rem; }
.facts { display: flex; flex-wrap: wrap; gap: .6rem; margin: 0; }
.facts div { background: var(--tint); border: 1px solid var(--line); border-radius: 6px; padding: .5rem .9rem; }
.facts dt { color: var(--soft); font-size: .8rem; }
.facts dd { margin: 0; font-size: 1.2rem; font-variant-numeric: tabular-nums; }
.notes { margin: 0; padding: 0; list-style: none; }
.notes li { border-left: 3px solid var(--second); background: var(--tint); padding: .35rem .8rem; margin: .3rem 0; }
.fine { color: var(--third); }
section { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: start; padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { color: var(--soft); font-weight: 500; font-size: .82rem; white-space: nowrap; }
tbody th { font-weight: 600; white-space: nowrap; }
td.number, th.number { text-align: end; white-space: nowrap; }
.bad { color: var(--bad); font-weight: 600; }
small { display: block; color: var(--soft); font-weight: 400; font-size: .78rem; }
.thin { background: var(--second); color: #241a02; border-radius: 4px; padding: 0 .35rem; font-size: .72rem; }
.bar, .stack, .range { display: block; height: 6px; margin-top: .3rem; border-radius: 3px; background: var(--line);
  overflow: hidden; min-width: 6rem; }
.bar span { display: block; height: 100%; background: var(--main); }
.stack { display: flex; }
.stack span { display: block; height: 100%; }
.part0 { background: var(--second); } .part1 { background: var(--third); } .part2 { background: var(--main); }
.range { position: relative; }
.range span { position: absolute; height: 100%; background: var(--main); opacity: .55; }
.range i { position: absolute; width: 2px; height: 100%; background: var(--ink); }
.shades td { background: color-mix(in srgb, var(--main) calc(var(--strength, 0%) * .55), transparent); }
.shades th, .shades td { padding: .2rem .5rem; font-size: .85rem; }
footer { color: var(--soft); font-size: .82rem; margin-top: 2.5rem; max-width: 60rem; }
"""

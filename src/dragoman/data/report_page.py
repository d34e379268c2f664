"""A report of a dataset as one HTML page: no scripts, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from dragoman.data.report_notes import NONE, agreement_of, notes_of
from dragoman.data.report_style import STYLE
from dragoman.records import DatasetReport, LanguageReport

__all__ = ["report_page"]

SHOWN_OTHERS = 3  # languages that texts are in, beside the declared one
SHOWN_LABELS = 100


def report_page(report: DatasetReport) -> str:
    """The report as HTML: what to look at first, then languages, labels, and columns. Names are escaped."""
    title = escape(report.name)
    parts = [_facts(report), _notes(report), _languages(report), _labels(report), _columns(report), _legend(report)]
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
        + "\n".join(part for part in parts if part)
        + "\n</main>\n</body>\n</html>\n"
    )


def _facts(report: DatasetReport) -> str:
    facts = {"rows": report.rows, "languages": len(report.languages), "labels": len(report.labels), **report.splits}
    items = "".join(f"<div><dt>{_name(name)}</dt><dd>{count:,}</dd></div>" for name, count in facts.items())
    return f'<dl class="facts">{items}</dl>'


def _notes(report: DatasetReport) -> str:
    notes = list(notes_of(report))
    if not notes:
        return '<p class="fine">Nothing stands out.</p>'
    items = _all(f"<li>{escape(note)}</li>" for note in notes)
    return f'<section><h2>To look at</h2><ul class="notes">{items}</ul></section>'


# Languages ----------------------------------------------------------------------------------------------------------


def _languages(report: DatasetReport) -> str:
    splits = " / ".join(map(_name, report.splits)) or "splits"
    heads = {"language": "", "rows": "number", splits: "", "length": "", "script": ""}
    heads |= dict.fromkeys(("same", "near", "leaking", "damaged", "balance", "detected"), "number")
    most = max((one.rows for one in report.languages), default=1)
    longest = max((one.lengths.p95 for one in report.languages), default=1.0)
    rows = _all(_language(one, most, max(longest, 1.0), list(report.splits)) for one in report.languages)
    cells = _all(_head(head, kind) for head, kind in heads.items())
    return f"<section><h2>Languages</h2><table><thead><tr>{cells}</tr></thead><tbody>{rows}</tbody></table></section>"


def _head(words: str, kind: str) -> str:
    return f'<th scope="col" class="{kind}">{words}</th>'


def _language(one: LanguageReport, most: int, longest: float, splits: list[str]) -> str:
    thin = f' <span class="thin" title="{escape("; ".join(one.thin))}">thin</span>' if one.thin else ""
    scripts = ", ".join(f"{name} {count / one.sampled:.0%}" for name, count in one.scripts.items())
    other = ", ".join(f"{name} {count}" for name, count in [*one.detected.items()][:SHOWN_OTHERS])
    balance = NONE if one.balance is None else f"{one.balance:.2f}"
    return (
        f'<tr><th scope="row">{_name(one.language)}{thin}</th>'
        f'<td class="number">{one.rows:,}{_bar(one.rows / max(most, 1))}</td>'
        f"<td>{_stack(one.splits, splits)}</td>"
        f"<td>{_range(one, longest)}</td>"
        f"<td>{escape(scripts)}</td>"
        + _all(_count(count, one.rows) for count in (one.duplicates, one.near_duplicates))
        + _all(_count(count, one.rows, bad=True) for count in (one.leaking, one.damaged))
        + f'<td class="number">{balance}</td>'
        f'<td class="number">{agreement_of(one.sampled, one.agreeing, one.unsure)}'
        f"<small>{_name(other)}</small></td></tr>"
    )


def _bar(share: float) -> str:
    return f'<span class="bar"><span style="width:{100 * share:.1f}%"></span></span>'


def _stack(counts: Mapping[str, int], names: Iterable[str]) -> str:
    """The splits of a language beside each other, each as wide as its share."""
    total = max(sum(counts.values()), 1)
    parts = [
        f'<span class="part{place % 3}" style="width:{100 * counts.get(name, 0) / total:.1f}%" '
        f'title="{escape(name)}: {counts.get(name, 0):,}"></span>'
        for place, name in enumerate(names)
    ]
    words = " / ".join(f"{counts.get(name, 0):,}" for name in names)
    return f'{escape(words)}<span class="stack">{"".join(parts)}</span>' if parts else NONE


def _range(one: LanguageReport, longest: float) -> str:
    """From the 5% shortest to the 5% longest texts, with the median."""
    start, middle, end = (
        100 * min(value / longest, 1) for value in (one.lengths.p05, one.lengths.p50, one.lengths.p95)
    )
    words = f"{one.lengths.p05:.0f} / {one.lengths.p50:.0f} / {one.lengths.p95:.0f}"
    return (
        f'{words}<span class="range"><span style="left:{start:.1f}%;width:{max(end - start, 0.5):.1f}%"></span>'
        f'<i style="left:{middle:.1f}%"></i></span>'
    )


def _count(count: int, rows: int, *, bad: bool = False) -> str:
    kind = "number bad" if bad and count else "number"
    share = f"<small>{count / rows:.1%}</small>" if count else ""
    return f'<td class="{kind}">{count:,}{share}</td>'


# Labels and columns -------------------------------------------------------------------------------------------------


def _labels(report: DatasetReport) -> str:
    """Labels by language: the share of the language's rows, as a shade."""
    if not report.labels:
        return ""
    languages = [one for one in report.languages if one.labels]
    shown = sorted(report.labels, key=lambda name: (-report.labels[name], name))[:SHOWN_LABELS]
    more = f"<p>and {len(report.labels) - len(shown):,} others</p>" if len(shown) < len(report.labels) else ""
    heads = _all(_head(_name(one.language), "number") for one in languages)
    highest = max(_label_share(one, name) for one in languages for name in report.labels)
    rows = _all(
        f'<tr><th scope="row">{_name(name)}</th><td class="number">{report.labels[name]:,}</td>'
        + _all(_shade(one.labels.get(name, 0), _label_share(one, name) / highest) for one in languages)
        + "</tr>"
        for name in sorted(shown)
    )
    return (
        f'<section><h2>Labels</h2><table class="shades"><thead><tr>{_head("label", "")}{_head("rows", "number")}{heads}'
        f"</tr></thead><tbody>{rows}</tbody></table>{more}</section>"
    )


def _label_share(one: LanguageReport, label: str) -> float:
    return one.labels.get(label, 0) / max(sum(one.labels.values()), 1)


def _shade(count: int, strength: float) -> str:
    return f'<td class="number" style="--strength:{100 * strength:.0f}%">{count:,}</td>'


def _columns(report: DatasetReport) -> str:
    rows = _all(
        f'<tr><th scope="row">{_name(name)}</th><td>{escape(kind)}</td>'
        f"{_count(report.missing.get(name, 0), report.rows)}</tr>"
        for name, kind in report.columns.items()
    )
    heads = '<th scope="col">column</th><th scope="col">type</th><th scope="col" class="number">without a value</th>'
    return f"<section><h2>Columns</h2><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></section>"


def _legend(report: DatasetReport) -> str:
    return (
        "<footer><p>Length: code points; the 5% shortest, the median, the 5% longest. Same: rows whose text another row"
        f" has. Near: similarity of n-grams of at least {report.near:g}. Leaking: the same or a similar text stands in"
        " another split. Balance: entropy of the labels, 1 if all are equally frequent. Script and detected language:"
        f" of at most {report.sample} texts of each language; detected is the share in the declared language of those"
        " that the detector is sure of.</p></footer>"
    )


def _name(name: str) -> str:
    """A name in any script, whose direction does not turn what stands around it."""
    return f"<bdi>{escape(name)}</bdi>"


def _all(parts: Iterable[str]) -> str:
    return "".join(parts)

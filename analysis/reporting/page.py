"""A report as plain text for a terminal, and as one HTML file that needs nothing else.

Everything that is printed comes from the report ready to print; here it is only set.
"""

from __future__ import annotations

import html as markup
import re
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis import formatting as fmt
from analysis.reporting.tables import Table

if TYPE_CHECKING:
    from analysis.reporting.report import Report

_WIDTH = 88
_SHARES = ("Method", "Votes", "Share", "95 % interval")
_TESTS = ("Test", "Holds its level", "Statistic", "p", "Effect")
_ANOVA = ("Source", "Sum of squares", "df", "Mean square", "F", "p")
_FLAG = "Tukey HSD finds differences too readily here, as one-way ANOVA does: see the caveat below."

_STYLE = """
:root { color-scheme: light dark;
  --ink: #1f2328; --muted: #59636e; --ground: #fdfdfc; --rule: #d1d5da; --accent: #0b6e99 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --muted: #9da7b1; --ground: #14171a; --rule: #3a4149; --accent: #5db7e0 }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif }
main { max-width: 54rem; margin: 0 auto; padding: 2.5rem 1rem 4rem }
h1 { font-size: 28px; line-height: 1.25; font-weight: 600; margin: 0 0 1.5rem; text-wrap: pretty }
h2 { font-size: 20px; line-height: 1.3; font-weight: 600; margin: 3rem 0 .75rem }
p, li { max-width: 66ch }
.note { color: var(--muted); font-size: 14px }
.caveat { border-left: 3px solid var(--accent); padding: .1rem 0 .1rem 1rem }
.caveat p { margin: .5rem 0 }
figure { margin: 1rem 0 1.5rem; max-width: 30rem }
figure svg { display: block; width: 100%; height: auto }
figcaption { color: var(--muted); font-size: 14px }
.whole { white-space: nowrap }
.scroll { overflow-x: auto }
.scroll + .scroll { margin-top: 1.5rem }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums }
caption { text-align: left; color: var(--muted); padding-bottom: .5rem }
caption span { display: inline-block; position: sticky; left: 0; max-width: min(66ch, 100vw - 2rem) }
th, td { padding: .35rem 1.25rem .35rem 0; text-align: right; white-space: nowrap }
th, td { border-bottom: 1px solid var(--rule); vertical-align: baseline }
th { font-weight: 600 }
th:first-child { text-align: left }
th:last-child, td:last-child { padding-right: 0 }
tbody th { font-weight: 400; text-align: left }
.words { text-align: left; white-space: normal; min-width: 12ch }
footer { margin-top: 3rem; border-top: 1px solid var(--rule); overflow-wrap: anywhere }
@media (max-width: 30rem) {
  main { padding-top: 1.5rem }
  h1 { font-size: 20px; line-height: 1.35 }
  th, td { padding-right: .7rem }
  tbody th { white-space: normal }
}
@page { size: A4; margin: 18mm }
@media print {
  :root { color-scheme: light;
    --ink: #000; --muted: #454c54; --ground: #fff; --rule: #b6bcc2; --accent: #0b6e99 }
  body { font-size: 10.5pt; line-height: 1.4 }
  main { max-width: none; padding: 0 }
  h1 { font-size: 18pt; margin-bottom: 1rem }
  h2 { font-size: 13pt; margin-top: 2rem }
  h2, caption { break-after: avoid }
  figure { max-width: 9cm; margin: .75rem 0 1rem }
  table, .note, figcaption { font-size: 9pt }
  figure, table, tr, .caveat { break-inside: avoid }
  .scroll { overflow: visible }
  th, td { padding: .2rem .8rem .2rem 0 }
  caption span { max-width: 66ch }
}
"""


_STATISTIC = re.compile(r"\b\w (?:=|&lt;|&gt;) \d+(?:\.\d+)?(?:e-?\d+)?")  # p = 1.00e-4, ε = 0.691


def text(report: Report) -> str:
    """The report in lines of at most 88 characters, but for wide tables."""
    parts = [_wrapped(report.answer), *map(_wrapped, report.notes)]
    parts += [_headed(report.share_heading), fmt.text_table(_SHARES, share_cells(report))]
    parts += [_wrapped(report.interval_note)]
    if report.pair_rows:
        parts += [
            _headed(report.pair_heading),
            fmt.text_table(_pairs(report), pair_cells(report)),
            _wrapped(f"{_tukey(report)}. {_FLAG}"),
        ]
        parts += [_headed(report.test_heading), fmt.text_table(_TESTS, omnibus_cells(report), left=2)]
        parts += [*map(_wrapped, report.test_notes), _wrapped(report.caveat)]
        parts += [_headed(report.anova_heading), fmt.text_table(_ANOVA, report.anova_rows)]
    for section in report.sections:
        parts += [_headed(section.heading)]
        parts += [f"{_wrapped(table.caption)}\n\n{table}" for table in section.tables]
        parts += map(_wrapped, section.notes)
    return "\n\n".join([*parts, _wrapped(report.source)]) + "\n"


def classic(report: Report) -> list[tuple[str, tuple[Table, ...], tuple[str, ...]]]:
    """The classic analysis as headings, tables and notes, as the sections are."""
    shares = Table("shares", "Votes and shares", _SHARES, tuple(share_cells(report)))
    chapters: list[tuple[str, tuple[Table, ...], tuple[str, ...]]] = [
        (report.share_heading, (shares,), (report.interval_note,))
    ]
    if report.pair_rows:
        tukey = Table("tukey", _tukey(report), _pairs(report), tuple(pair_cells(report)))
        caption = "Tests of no difference at all"
        tests = Table("tests", caption, _TESTS, tuple(omnibus_cells(report)), left=2)
        caption = "Analysis of variance of the participants' shares"
        anova = Table("anova", caption, _ANOVA, report.anova_rows)
        chapters += [
            (report.pair_heading, (tukey,), (_FLAG,)),
            (report.test_heading, (tests,), (*report.test_notes, report.caveat)),
            (report.anova_heading, (anova,), ()),
        ]
    return chapters


def html(report: Report) -> str:
    """The report as a page: light or dark, from 360 pixels of width, both figures inside."""
    title = _escape(report.heading(f"Votes of {report.name}"))
    parts = [
        f"<h1>{_sentence(report.answer)}</h1>",
        *(f"<p>{_sentence(note)}</p>" for note in report.notes),
        f"<section>\n<h2>{_escape(report.share_heading)}</h2>",
        f"<figure>\n{report.shares_svg}</figure>",
        _table("Votes and shares", _SHARES, share_cells(report)),
        f'<p class="note">{_escape(report.interval_note)}</p>\n</section>',
    ]
    if report.pair_rows:
        parts += [
            f"<section>\n<h2>{_escape(report.pair_heading)}</h2>",
            f"<figure>\n{report.pairs_svg}</figure>",
            _table(_tukey(report), _pairs(report), pair_cells(report)),
            f'<p class="note">{_dots(report)} {_FLAG}</p>\n</section>',
            f"<section>\n<h2>{_escape(report.test_heading)}</h2>",
            _table("Tests of no difference at all", _TESTS, omnibus_cells(report)),
            *(f"<p>{_sentence(note)}</p>" for note in report.test_notes),
            f'<div class="caveat"><p>{_escape(report.caveat)}</p></div>\n</section>',
            f"<section>\n<h2>{_escape(report.anova_heading)}</h2>",
            _table("Analysis of variance of the participants' shares", _ANOVA, report.anova_rows),
            "</section>",
        ]
    for section in report.sections:
        parts += [f'<section id="{section.slug}">\n<h2>{_escape(section.heading)}</h2>']
        for drawing in section.figures.values():
            caption = f"<figcaption>{_escape(drawing.title)}</figcaption>"
            parts += [f"<figure>\n{drawing.svg}{caption}\n</figure>"]
        parts += [_table(table.caption, table.headings, table.rows, table.left) for table in section.tables]
        parts += [f'<p class="note">{_sentence(note)}</p>' for note in section.notes]
        parts += ["</section>"]
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n"
        f'<footer><p class="note">{_escape(report.source)}</p></footer>\n</main>\n</body>\n</html>\n'
    )


def _pairs(report: Report) -> tuple[str, ...]:
    return ("Difference", "Points", f"{report.difference_level} interval", "p")


def _tukey(report: Report) -> str:
    level = report.difference_level
    return f"Differences of mean shares in percentage points: Tukey HSD, simultaneous {level} intervals"


def _dots(report: Report) -> str:
    return f"A filled dot marks a difference with p below {report.alpha:g}, a hollow one any other."


def share_cells(report: Report) -> list[tuple[str, ...]]:
    return [(row.method, row.votes, row.share, row.interval) for row in report.share_rows]


def pair_cells(report: Report) -> list[tuple[str, ...]]:
    return [(row.label, row.difference, row.interval, row.p) for row in report.pair_rows]


def omnibus_cells(report: Report) -> list[tuple[str, ...]]:
    rows = report.test_rows
    return [
        (row.name, "yes" if row.holds_its_level else "no", row.statistic, row.p, row.effect) for row in rows
    ]


def _escape(text: str) -> str:
    """Text for HTML, in which a number and its percent sign stay on one line."""
    space = "\N{NO-BREAK SPACE}"
    return markup.escape(text).replace(" %", f"{space}%").replace("p &lt; ", f"p{space}&lt;{space}")


def _sentence(text: str) -> str:
    """Text for a paragraph, in which a statistic stays on one line, whatever signs are in its number."""
    return _STATISTIC.sub(r'<span class="whole">\g<0></span>', _escape(text))


def _table(caption: str, headings: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """A table that scrolls by itself where it is wider than the page; `left` columns hold words."""
    words = ' class="words"'
    head = "".join(
        f'<th scope="col"{words if 0 < i < left else ""}>{_escape(heading)}</th>'
        for i, heading in enumerate(headings)
    )
    body = "\n".join(
        f'<tr><th scope="row">{_escape(row[0])}</th>'
        + "".join(
            f"<td{words if i < left else ''}>{_escape(cell)}</td>" for i, cell in enumerate(row[1:], start=1)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="scroll" role="region" aria-label="{_escape(caption)}" tabindex="0">\n<table>\n'
        f"<caption><span>{_escape(caption)}</span></caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody>\n</table>\n</div>"
    )


def _headed(heading: str) -> str:
    return f"{heading}\n{'=' * len(heading)}"


def _wrapped(paragraph: str) -> str:
    return textwrap.fill(paragraph, _WIDTH, break_long_words=False, break_on_hyphens=False)

"""A report as one HTML file that needs nothing else, and as a fragment for a notebook.

The page follows the reader's light or dark colour scheme, from 360 pixels of width to printed A4.
"""

import html
import re
from functools import cache
from importlib import resources

from analysis.reporting.charts.canvas import Chart
from analysis.reporting.document import Document
from analysis.reporting.elements import Section, Table

# p = 1.00e-4, p &lt; .001, ε = 0.691, F(1.92, 40.22) = 80.40, min F&#x27;(2.21, 109.77) = 117.05
_STATISTIC = re.compile(
    r"\b(?:min )?\w(?:&#x27;)?(?:\([\d., ]+\))? (?:=|&lt;|&gt;|≤) "
    r"[\N{MINUS SIGN}-]?(?=[.\d])\d*(?:\.\d+)?(?:e-?\d+)?"
)


def write(document: Document) -> str:
    """The report as a page."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_escape(document.title)}</title>\n<style>\n{_style()}</style>\n</head>\n"
        f'<body class="beholder-report">\n{_main(document)}\n</body>\n</html>\n'
    )


def fragment(document: Document) -> str:
    """The report as an element that brings its style along."""
    return f'<div class="beholder-report"><style>\n{_style()}</style>\n{_main(document)}\n</div>'


@cache
def _style() -> str:
    return resources.files(__package__).joinpath("report.css").read_text("utf-8")


def _main(document: Document) -> str:
    parts = [f"<h1>{_sentence(document.answer)}</h1>"]
    parts += [f"<p>{_sentence(text)}</p>" for text in (document.scope, *document.notes) if text]
    parts += [_section(section) for section in document.sections]
    parts += [f'<footer><p class="note">{_escape(document.source)}</p></footer>']
    return "<main>\n" + "\n".join(parts) + "\n</main>"


def _section(section: Section) -> str:
    parts = [f'<section id="{section.slug}">', f"<h2>{_escape(section.heading)}</h2>"]
    parts += [f'<p class="verdict">{_sentence(section.verdict)}</p>'] if section.verdict else []
    parts += [_figure(chart) for chart in section.charts]
    parts += [_table(table) for table in section.tables]
    parts += [f'<p class="note">{_sentence(note)}</p>' for note in section.notes]
    parts += [f'<div class="caveat"><p>{_sentence(section.caveat)}</p></div>'] if section.caveat else []
    return "\n".join([*parts, "</section>"])


def _figure(chart: Chart) -> str:
    return f"<figure>\n<figcaption>{_escape(chart.title)}</figcaption>\n{chart.svg}</figure>"


def _table(table: Table) -> str:
    """A table that scrolls by itself if it is wider than the page."""
    words = ' class="words"'
    head = "".join(
        f'<th scope="col"{words if 0 < i < table.left else ""}>{_escape(heading)}</th>'
        for i, heading in enumerate(table.headings)
    )
    body = "\n".join(
        f'<tr><th scope="row">{_escape(row[0])}</th>'
        + "".join(
            f"<td{words if i < table.left else ''}>{_escape(cell)}</td>"
            for i, cell in enumerate(row[1:], start=1)
        )
        + "</tr>"
        for row in table.rows
    )
    caption = _escape(table.caption)
    return (
        f'<div class="scroll" role="region" aria-label="{caption}" tabindex="0">\n<table>\n'
        f"<caption><span>{caption}</span></caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody>\n</table>\n</div>"
    )


def _escape(text: str) -> str:
    """Text for HTML, in which an inequality stays on one line."""
    space = "\N{NO-BREAK SPACE}"
    return html.escape(text).replace("p &lt; ", f"p{space}&lt;{space}")


def _sentence(text: str) -> str:
    """Text for a paragraph, in which a statistic stays on one line."""
    return keep_statistics_whole(_escape(text))


def keep_statistics_whole(text: str) -> str:
    """Enclose each statistic of HTML without tags in a span of class `whole`."""
    return _STATISTIC.sub(r'<span class="whole">\g<0></span>', text)

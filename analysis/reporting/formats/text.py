"""A report as plain text for a terminal."""

import textwrap

from analysis.reporting.document import Document
from analysis.reporting.elements import Section

_WIDTH = 88


def write(document: Document) -> str:
    """The report in lines of at most 88 characters, except wide tables."""
    lead = filter(None, (document.answer, document.scope, *document.notes))
    parts = [*map(_wrap, lead), *(part for section in document.sections for part in _section(section))]
    return "\n\n".join([*parts, _wrap(document.source)]) + "\n"


def _section(section: Section) -> list[str]:
    parts = [f"{section.heading}\n{'=' * len(section.heading)}"]
    parts += [_wrap(section.verdict)] if section.verdict else []
    parts += [f"{_wrap(table.caption)}\n\n{table}" for table in section.tables]
    parts += map(_wrap, section.notes)
    return [*parts, _wrap(section.caveat)] if section.caveat else parts


def _wrap(paragraph: str) -> str:
    return textwrap.fill(paragraph, _WIDTH, break_long_words=False, break_on_hyphens=False)

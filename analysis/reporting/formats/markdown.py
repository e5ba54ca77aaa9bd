"""A report as Markdown without its charts, for a README or a notebook."""

import re

from analysis.reporting.document import Document
from analysis.reporting.elements import Section, Table


def write(document: Document) -> str:
    """Headline, notes and all sections."""
    parts = [f"# {escape(document.answer)}"]
    parts += [escape(text) for text in (document.scope, *document.notes) if text]
    for section in document.sections:
        parts += _section(section)
    return "\n\n".join([*parts, f"*{escape(document.source)}*"]) + "\n"


def escape(text: str) -> str:
    """Escape every character that Markdown could read as markup."""
    return re.sub(r"([\\`*_{}\[\]<>#|])", r"\\\1", text)


def _section(section: Section) -> list[str]:
    parts = [f"## {escape(section.heading)}"]
    parts += [escape(section.verdict)] if section.verdict else []
    parts += [f"{escape(table.caption)}\n\n{_table(table)}" for table in section.tables]
    parts += map(escape, section.notes)
    return [*parts, f"> {escape(section.caveat)}"] if section.caveat else parts


def _table(table: Table) -> str:
    align = ["---" if i < table.left else "---:" for i in range(len(table.headings))]
    rows = [tuple(map(escape, cells)) for cells in (table.headings, *table.rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (rows[0], align, *rows[1:]))

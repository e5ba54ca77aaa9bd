"""Every estimate and test of a report as CSV: one row each, with all digits."""

import csv
import io
from dataclasses import astuple

from analysis.reporting.document import Document

COLUMNS = ("quantity", "a", "b", "value", "low", "high", "statistic", "df1", "df2", "p", "log10_p")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(document: Document) -> str:
    """The columns of `elements.Quantity`; empty where undefined."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    if document.design_sha256:
        writer.writerow(("design SHA-256", document.design_sha256, *[""] * (len(COLUMNS) - 2)))
    writer.writerows([_cell(value) for value in astuple(quantity)] for quantity in document.quantities)
    return out.getvalue()


def _cell(value: str | float | None) -> str | float:
    """A cell; a text that a spreadsheet would run as a formula is quoted with an apostrophe."""
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value

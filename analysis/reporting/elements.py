"""The parts of a report that every format prints: sections, tables and charts.

Nothing is computed here. A section holds all that any format prints of one topic, so that no format knows a
test or a heading.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from analysis import formatting as fmt
from analysis.reporting.charts.canvas import Chart


@dataclass(frozen=True)
class Table:
    """Rows of text, ready to print.

    `name` is unique in a report. The first `left` columns hold words, the others numbers.
    """

    name: str
    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 1

    def __str__(self) -> str:
        return fmt.text_table(self.headings, self.rows, self.left)


@dataclass(frozen=True)
class Quantity:
    """One number with everything known about it: a row of the CSV report. None is undefined.

    `a` and `b` name what it is about, such as a method or two methods.
    """

    name: str
    a: str = ""
    b: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    statistic: float | None = None
    df1: float | None = None
    df2: float | None = None
    p: float | None = None
    log10_p: float | None = None


@dataclass(frozen=True)
class Section:
    """One topic of a report.

    `verdict` is its result in one line. `notes` are sentences below the tables; `caveat` is a note that must
    never be separated from the numbers. `record` holds the section's keys of the JSON report, `quantities`
    its rows of the CSV report, `apa` its sentences for a paper's results section, and `method` those for a
    paper's methods section.
    """

    slug: str
    heading: str
    verdict: str = ""
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    caveat: str = ""
    charts: tuple[Chart, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)
    quantities: tuple[Quantity, ...] = ()
    apa: tuple[str, ...] = ()
    method: tuple[str, ...] = ()

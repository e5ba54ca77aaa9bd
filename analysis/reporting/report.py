"""The report on a vote table: numbers, the document made of them, and the formats it is written in."""

from collections.abc import Callable
from dataclasses import fields
from functools import cached_property
from typing import Any

import pandas as pd

from analysis.metric_agreement.metric_table import MetricTable
from analysis.reporting import headline
from analysis.reporting.charts.canvas import Chart
from analysis.reporting.document import Document, document
from analysis.reporting.formats import apa, csv, html, json, latex, markdown, text
from analysis.reporting.results import AnalysisPlan, Results
from analysis.votes.table import VoteTable

FORMATS: dict[str, Callable[[Document], str]] = {
    "text": text.write,
    "html": html.write,
    "markdown": markdown.write,
    "latex": latex.write,
    "csv": csv.write,
    "json": json.write,
    "apa": apa.write,
}


class Report(Results):
    """The report on a vote table. Prints as text, and displays itself in a notebook."""

    @cached_property
    def document(self) -> Document:
        """The report as sections of sentences, tables, charts and numbers."""
        return document(self)

    def write(self, name: str) -> str:
        """The report in one of FORMATS. Raises ValueError for any other."""
        if name not in FORMATS:
            raise ValueError(f"format must be one of {', '.join(FORMATS)} (got {name!r})")
        return FORMATS[name](self.document)

    @cached_property
    def answer(self) -> str:
        """The headline: a few sentences that claim no more than the tests do."""
        return headline.answer(self)

    def chart(self, name: str) -> Chart | None:
        """The chart of that name; None if the report has none."""
        return next((chart for chart in self.document.charts if chart.name == name), None)

    def as_dict(self) -> dict[str, Any]:
        """The content of the JSON format."""
        return self.document.record

    def __str__(self) -> str:
        return self.write("text")

    def _repr_html_(self) -> str:
        return html.fragment(self.document)


_PLAN = frozenset(field.name for field in fields(AnalysisPlan))


def report(votes: VoteTable | pd.DataFrame, *, metrics: MetricTable | None = None, **plan: Any) -> Report:
    """Count the votes of a table and test them.

    `votes` is a VoteTable, or a DataFrame with one row for each answer. `metrics` of the maps are compared
    with the votes. `plan` holds the fields of `AnalysisPlan`: min_passed, simulated, primary, alpha, seed,
    contrasts, baseline, smallest_difference, by, all_tests. Raises NoVotesError if there is no vote to count,
    VoteTableError for a faulty table, TypeError for an unknown argument and ValueError for an impossible one.
    """
    unknown = sorted(set(plan) - _PLAN)
    if unknown:
        raise TypeError(f"report() has no argument {unknown[0]!r}; allowed are {', '.join(sorted(_PLAN))}")
    table = votes if isinstance(votes, VoteTable) else VoteTable.from_frame(votes)
    return Report(table, AnalysisPlan(**plan), metrics)

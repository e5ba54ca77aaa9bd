"""A report as Markdown, as a LaTeX table, as CSV, and as a paragraph in the style of the APA.

What is printed comes from the report ready to print; CSV alone has numbers with all their digits.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from analysis import formatting as fmt
from analysis.inference.omnibus import NAMES
from analysis.reporting.tables import Table
from analysis.significance import at

if TYPE_CHECKING:
    from analysis.estimation.intervals import Estimate
    from analysis.estimation.pairs import PairEstimate
    from analysis.reporting.report import Report

_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "%": r"\%", "#": r"\#",
    "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    fmt.MINUS: "$-$", "<": "$<$", ">": "$>$",
}  # fmt: skip


def markdown(report: Report) -> str:
    """Everything but the figures, for a README or a notebook."""
    parts = [f"# {_plain(report.answer)}", *map(_plain, report.notes)]
    for heading, tables, notes in report.chapters:
        parts += [f"## {_plain(heading)}"]
        parts += [f"{_plain(table.caption)}\n\n{_markdown_table(table)}" for table in tables]
        parts += map(_plain, notes)
    return "\n\n".join([*parts, f"*{_plain(report.source)}*"]) + "\n"


def latex(report: Report) -> str:
    """Shares, and differences within participants, as two tables for the package booktabs."""
    wanted = ("shares", "paired-differences")
    tables = [table for _, tables, _ in report.chapters for table in tables if table.name in wanted]
    frozen = f"% design SHA-256 {report.design_sha256}\n" if report.design_sha256 else ""
    return f"% needs \\usepackage{{booktabs}}\n{frozen}" + "\n".join(map(_latex_table, tables))


def csv_table(report: Report) -> str:
    """Every estimate and test, one a row, with all digits: empty where undefined."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("quantity", "a", "b", "value", "low", "high", "p", "log10_p"))
    if report.design_sha256:
        writer.writerow(("design SHA-256", report.design_sha256, "", "", "", "", "", ""))
    for share in report.methods:
        writer.writerow(("votes", share.method, "", share.votes, "", "", "", ""))
        writer.writerow(("share", share.method, "", share.share, *_ends(share.low, share.high), "", ""))
    for tukey in report.tukey.pairs if report.tukey else ():
        ends = _ends(tukey.low, tukey.high)
        numbers = (tukey.difference, *ends, _cell(tukey.p), _cell(tukey.log10_p))
        writer.writerow(("difference (Tukey)", tukey.a, tukey.b, *numbers))
    for pair in report.estimates.pairs:
        tail = (_cell(pair.p), _cell(pair.log10_p))
        writer.writerow(("difference (paired)", pair.a, pair.b, *_estimate(pair.difference), *tail))
        writer.writerow(("ratio", pair.a, pair.b, *_estimate(pair.ratio), "", ""))
        writer.writerow(("Cohen's h", pair.a, pair.b, *_estimate(pair.cohens_h), "", ""))
    for name, effect in report.estimates.effects.items():
        writer.writerow((name, "", "", *_estimate(effect), "", ""))
    for row in report.concordance.metrics if report.concordance else ():
        for quantity, estimate in (
            ("rank correlation over maps", row.correlation),
            ("rank correlation in questions", row.within),
            ("share of votes predicted", row.predicted),
            ("share predicted over favourite", row.over_favourite),
        ):
            writer.writerow((quantity, row.metric, row.title, *_estimate(estimate), "", ""))
        for quantity, odds in (("odds ratio", row.odds), ("odds ratio at equal methods", row.beyond)):
            tail = (_cell(odds.p), _cell(odds.log10_p))
            writer.writerow((quantity, row.metric, row.title, *_estimate(odds.ratio), *tail))
    for name, effect in report.one_sided_effects.items():
        writer.writerow((f"{name} (noncentral F)", "", "", *_estimate(effect), "", ""))
    for name, test in report.omnibus.tests.items() if report.omnibus else ():
        writer.writerow((NAMES[name], "", "", "", "", "", _cell(test.p), _cell(test.log10_p)))
    return out.getvalue()


def apa(report: Report) -> str:
    """The paragraph for a results section, which claims no more than the tests do."""
    if report.omnibus is None or report.omnibus.decisive.p is None:
        return report.answer
    test, name = report.omnibus.decisive, NAMES[report.omnibus.primary]
    effect = _effect(report)
    verb = "differed" if test.p is not None and test.p < report.alpha else "did not differ significantly"
    first = (
        f"The shares of votes of the {fmt.counted(report.n_participants, 'participant')} {verb} between the "
        f"methods ({name}{at(report.alpha)}: {test.statement}, {_apa_p(test.p, test.log10_p)}{effect})."
    )
    shares = "; ".join(
        f"{row.method} {row.share}, 95 % CI {_bracketed(row.interval)}" for row in report.share_rows
    )
    pairs = "; ".join(_apa_pair(pair) for pair in report.estimates.pairs)
    level = report.difference_level
    how = f"Holm-adjusted paired t tests with simultaneous {level} intervals of the differences, in points"
    caution = " Votes of simulated participants are among them." if report.n_simulated else ""
    frozen = (
        f" Design and plan of the analysis were frozen as SHA-256 {report.design_sha256}."
        if report.design_sha256
        else ""
    )
    return f"{first} Shares: {shares}. {how}: {pairs}.{caution}{frozen}"


def _effect(report: Report) -> str:
    within = report.repeated_measures
    if report.primary != "repeated-measures" or within is None or within.partial_eta_squared is None:
        return ""
    return f", partial η² = {_no_zero(fmt.share_of_variance(within.partial_eta_squared))}"


def _apa_pair(pair: PairEstimate) -> str:
    d, shown = pair.difference, fmt.points(pair.difference.value or 0.0)
    ends = "" if d.low is None or d.high is None else f" [{fmt.points(d.low)}, {fmt.points(d.high)}]"
    return f"{pair.a} {fmt.MINUS} {pair.b}, {shown}{ends}, {_apa_p(pair.p, pair.log10_p)}"


def _apa_p(p: float | None, log10_p: float | None) -> str:
    """ "p < .001", "p = .0495": no zero before the point, and no rounding across a level of significance."""
    if p is None:
        return "p undefined"
    if p < 0.001:
        return "p < .001"
    text = _no_zero(fmt.p_value(p, log10_p))
    return f"p {text}" if text.startswith(">") else f"p = {text}"


def _no_zero(text: str) -> str:
    return re.sub(r"\b0\.", ".", text)


def _bracketed(interval: str) -> str:
    return f"[{interval.replace(' to ', ', ')}]" if " to " in interval else interval


def _ends(low: float | None, high: float | None) -> tuple[object, object]:
    return _cell(low), _cell(high)


def _estimate(estimate: Estimate) -> tuple[object, object, object]:
    return _cell(estimate.value), *_ends(estimate.low, estimate.high)


def _cell(value: float | None) -> object:
    return "" if value is None else value


def _plain(text: str) -> str:
    """Text in which Markdown finds no sign of its own."""
    return re.sub(r"([\\`*_{}\[\]<>#|])", r"\\\1", text)


def _markdown_table(table: Table) -> str:
    align = ["---" if i < table.left else "---:" for i in range(len(table.headings))]
    rows = [tuple(map(_plain, cells)) for cells in (table.headings, *table.rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (rows[0], align, *rows[1:]))


def _latex_table(table: Table) -> str:
    columns = "l" * table.left + "r" * (len(table.headings) - table.left)
    head, *body = (" & ".join(map(_latex, cells)) + r" \\" for cells in (table.headings, *table.rows))
    lines = [
        r"\begin{table}", r"\centering", rf"\caption{{{_latex(table.caption)}}}",
        rf"\begin{{tabular}}{{{columns}}}", r"\toprule", head, r"\midrule", *body, r"\bottomrule",
        r"\end{tabular}", r"\end{table}", "",
    ]  # fmt: skip
    return "\n".join(lines)


def _latex(text: str) -> str:
    return "".join(_LATEX.get(sign, sign) for sign in text)

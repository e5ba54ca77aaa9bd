"""Which figures a report has beyond the two of the classic analysis. A report in, SVG by name out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.report import Report


def of_pairs(report: Report) -> dict[str, str]:
    return {}


def of_rules(report: Report) -> dict[str, str]:
    return {}


def of_design(report: Report) -> dict[str, str]:
    return {}

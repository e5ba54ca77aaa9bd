"""What an evaluation found, as a table on a terminal, as CSV, as JSON. Computes means and intervals only."""

import csv
import io
import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy import stats

from explanations.metrics.subject import HIGHER, Score

FORMAT = "beholder-metrics/1"
COLUMNS = (
    "method",
    "title",
    "label",
    "replicate",
    "metric",
    "value",
    "standard_error",
    "n",
    "better",
    "note",
)


@dataclass(frozen=True)
class Value:
    """A score of one map, or of one method where `label` is empty.

    `value` is the mean of `n` images, replicates, layers or trainings, None where it is undefined, and
    `note` then says why.
    """

    method: str  # slug
    label: str
    replicate: int
    score: str  # slug
    value: float | None
    standard_error: float | None
    n: int
    note: str = ""


@dataclass(frozen=True)
class Summary:
    """A method's score over its maps, with a 95 % t interval that takes a map as the unit."""

    mean: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True)
class Results:
    """All values of a set: `methods` are slugs and titles in the order of the table."""

    name: str
    methods: dict[str, str]
    scores: tuple[Score, ...]
    values: tuple[Value, ...]
    about: dict[str, Any]  # seed, parameters, versions, what the set is
    curves: tuple[dict[str, Any], ...] = field(default=())  # of retraining: errors by share and seed

    def summary(self, method: str, score: str) -> Summary:
        """The mean over the method's maps; of a retraining, the mean over its trainings."""
        rows = [v for v in self.values if v.method == method and v.score == score and v.value is not None]
        if len(rows) == 1 and rows[0].standard_error is not None:
            return _around(rows[0].value, rows[0].standard_error, rows[0].n)
        found = np.array([row.value for row in rows], dtype=float)
        if not len(found):
            return Summary(None, None, None, 0)
        error = float(found.std(ddof=1) / math.sqrt(len(found))) if len(found) > 1 else None
        return _around(float(found.mean()), error, len(found))

    def best(self, score: Score) -> set[str]:
        """The methods with the best mean of a score; all that share it, the control too."""
        means = {method: self.summary(method, score.slug).mean for method in self.methods}
        defined = {method: mean for method, mean in means.items() if mean is not None}
        if not defined:
            return set()
        top = max(defined.values()) if score.better == HIGHER else min(defined.values())
        return {method for method, mean in defined.items() if mean == top}

    # Forms

    def to_text(self, width: int | None = None) -> str:
        """Tables for a terminal, a family of scores each: methods down, the best with a star."""
        file = io.StringIO()
        self.show(Console(file=file, width=width or 120))
        return file.getvalue()

    def show(self, console: Console) -> None:
        """Print the tables: methods down, scores across, the best in bold with a star."""
        for start in range(0, len(self.scores), 4):
            console.print(self._table(self.scores[start : start + 4]))
        console.print(
            f"Means of {self.name} with 95 % t intervals; the unit is {self._unit()}. * best of its column."
        )

    def _unit(self) -> str:
        """What the intervals count: maps, trainings, or each where both are there."""
        maps = {(v.method, v.label, v.replicate) for v in self.values if v.label}
        units = [f"the map ({len(maps)} in all)"] if maps else []
        if any(not v.label for v in self.values):
            units.append("of retraining the seed" if maps else "the seed of a training")
        return ", ".join(units) or "the map"

    def _table(self, scores: Iterable[Score]) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0))
        table.add_column("Method")
        columns = list(scores)
        for score in columns:
            table.add_column(f"{score.title}\n({score.better} is better)", justify="right")
        best = {score.slug: self.best(score) for score in columns}
        for method, title in self.methods.items():
            cells = []
            for score in columns:
                shown = _shown(self.summary(method, score.slug))
                cells.append(f"[bold]{shown} *[/bold]" if method in best[score.slug] else f"{shown}  ")
            table.add_row(title, *cells)
        return table

    def to_csv(self) -> str:
        """One row a map and score, all digits; an empty value is undefined, an empty label is every one."""
        better = {score.slug: score.better for score in self.scores}
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        for v in self.values:
            numbers = ["" if x is None else repr(x) for x in (v.value, v.standard_error)]
            head = (v.method, self.methods[v.method], v.label, v.replicate, v.score)
            writer.writerow((*head, *numbers, v.n, better[v.score], v.note))
        return out.getvalue()

    def to_json(self) -> str:
        """Everything, strict JSON: what is undefined is null, and a note says why."""
        record = {
            "format": FORMAT,
            "name": self.name,
            **self.about,
            "scores": [asdict(score) for score in self.scores],
            "methods": [
                {
                    "slug": slug,
                    "title": title,
                    "scores": {score.slug: asdict(self.summary(slug, score.slug)) for score in self.scores},
                }
                for slug, title in self.methods.items()
            ],
            "values": [asdict(value) for value in self.values],
            "curves": list(self.curves),
        }
        return json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def summarised(values: Iterable[float]) -> tuple[float | None, float | None, int]:
    """Mean, standard error and number of the values that are finite; None where there are too few."""
    found = np.array([value for value in values if math.isfinite(value)])
    mean = float(found.mean()) if len(found) else None
    error = float(found.std(ddof=1) / math.sqrt(len(found))) if len(found) > 1 else None
    return mean, error, len(found)


def _around(mean: float | None, error: float | None, n: int) -> Summary:
    if mean is None or error is None or n < 2:
        return Summary(mean, None, None, n)
    margin = float(stats.t.ppf(0.975, n - 1)) * error
    return Summary(mean, mean - margin, mean + margin, n)


def _shown(summary: Summary) -> str:
    if summary.mean is None:
        return "–"
    if summary.low is None or summary.high is None:
        return f"{summary.mean:.3g}"
    return f"{summary.mean:.3g} ±{summary.mean - summary.low:.2g}"

"""Results of an evaluation, as a table, CSV or JSON. Computes only means and intervals."""

import csv
import io
import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy import stats

from explanations.metrics.retraining_curves import Curve, Point, gains
from explanations.metrics.subject import HIGHER, Score

FORMAT = "beholder-metrics/1"
COLUMNS_SHOWN = 4  # of a table, so that it fits in 80 columns of a terminal
COLUMNS = (
    "method",
    "title",
    "label",
    "replicate",
    "metric",
    "metric_title",
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
    curves: tuple[Curve, ...] = ()  # of networks trained again

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

    def reasons(self, score: Score) -> list[str]:
        """Why a score is undefined for every method; nothing where one has it."""
        found = [value for value in self.values if value.score == score.slug]
        is_defined = any(value.value is not None for value in found)
        return [] if is_defined else sorted({value.note for value in found if value.note})

    def gained(self, score: Score, share: float) -> dict[str, Summary]:
        """The error, in percentage points, that each method gained where `share` was removed: over seeds."""
        listed = [curve for curve in self.curves if curve.metric == score.slug]
        methods = [m for m in self.methods if any(curve.method == m for curve in listed)]
        return {m: _around(*summarise(gains(listed, m, share))) for m in methods}

    # Forms

    def to_text(self, width: int | None = None) -> str:
        """Tables for a terminal, a family of scores each: methods down, the best with a star."""
        file = io.StringIO()
        self.show(Console(file=file, width=width or 120))
        return file.getvalue()

    def show(self, console: Console) -> None:
        """Print the tables: methods down, scores across, the best in bold with a star."""
        for start in range(0, len(self.scores), COLUMNS_SHOWN):
            console.print(self._table(self.scores[start : start + COLUMNS_SHOWN]))
        for score in self.scores:
            if reasons := self.reasons(score):
                console.print(f"{score.title} is not measured: {'; '.join(reasons)}")
        for score in self.scores:
            if curve := next((c for c in self.curves if c.metric == score.slug), None):
                error = _shown(_around(*summarise(100 * e for e in curve.points[0].errors)))
                console.print(
                    f"{score.title}: points beyond {error} with nothing removed ({score.better} is better)"
                )
                for start in range(1, len(curve.points), COLUMNS_SHOWN):
                    console.print(self._gains(score, curve.points[start : start + COLUMNS_SHOWN]))
        console.print(
            f"Means of {self.name} with 95 % t intervals; the unit is {self._unit()}. * best of its column."
        )

    def _unit(self) -> str:
        """The unit of the intervals: maps, training seeds, or both."""
        maps = {(v.method, v.label, v.replicate) for v in self.values if v.label}
        units = [f"the map ({len(maps)} in all)"] if maps else []
        units += ["the seed of networks trained again"] if self.curves else []
        return " and ".join(units) or "the map"

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

    def _gains(self, score: Score, removed: Iterable[Point]) -> Table:
        """A table of the error that each method's networks gained: methods down, shares across."""
        table = Table(box=None, padding=(0, 2, 0, 0))
        table.add_column("Removed")
        columns = []
        for point in removed:
            table.add_column(f"{point.share:.0%}", justify="right")
            columns.append(self.gained(score, point.share))
        for method in columns[0]:
            cells = []
            for column in columns:
                shown = _shown(column[method], "+z.2f", ".2f")
                best = (max if score.better == HIGHER else min)(
                    s.mean for s in column.values() if s.mean is not None
                )
                cells.append(f"[bold]{shown} *[/bold]" if column[method].mean == best else f"{shown}  ")
            table.add_row(self.methods[method], *cells)
        return table

    def to_csv(self) -> str:
        """One row a map and score, all digits; an empty value is undefined, an empty label is every one."""
        scores = {score.slug: score for score in self.scores}
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        for v in self.values:
            numbers = ["" if x is None else repr(x) for x in (v.value, v.standard_error)]
            score = scores[v.score]
            head = (v.method, self.methods[v.method], v.label, v.replicate, v.score, score.title)
            writer.writerow((*head, *numbers, v.n, score.better, v.note))
        return out.getvalue()

    def to_json(self) -> str:
        """All results as strict JSON: undefined values are null, and a note says why."""
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
            "curves": [_record(curve) for curve in self.curves],
        }
        return json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def summarise(values: Iterable[float]) -> tuple[float | None, float | None, int]:
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


def _record(curve: Curve) -> dict[str, Any]:
    """A curve with the mean of every point and its standard error, as JSON has it."""
    points = []
    for point in curve.points:
        mean, standard_error, _ = summarise(point.errors)
        gained, error_gained, _ = summarise(point.gained)
        points.append(
            {
                "share": point.share,
                "errors": list(point.errors),
                "mean": mean,
                "standard_error": standard_error,
                "gained": gained,
                "standard_error_gained": error_gained,
            }
        )
    return {"metric": curve.metric, "method": curve.method, "replicate": curve.replicate, "points": points}


def _shown(summary: Summary, form: str = ".3g", margin: str = ".2g") -> str:
    if summary.mean is None:
        return "–"
    if summary.low is None or summary.high is None:
        return f"{summary.mean:{form}}"
    return f"{summary.mean:{form}} ±{summary.mean - summary.low:{margin}}"

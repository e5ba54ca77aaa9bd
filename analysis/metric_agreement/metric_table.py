"""Metrics of class maps: one row a map and metric. CSV comes in, values by map go out. Knows no votes.

Needed are `method`, `label`, `replicate`, `metric`, `value` and `better` (higher or lower); `title` is
another name of the method, `metric_title` what the metric is called where people read. An empty label stands
for every class, an empty value for one that is undefined.
The file metrics.csv of an evaluated explanation set is such a table.
"""

import csv
import hashlib
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from analysis.votes.columns import quoted

COLUMNS = ("method", "label", "replicate", "metric", "value", "better")
BETTER = ("higher", "lower")

Key = tuple[str, str, str]  # method, label, replicate


class MetricTableError(ValueError):
    """What is wrong with a table of metrics, in one line for the person who made it."""


@dataclass(frozen=True, eq=False)
class MetricTable:
    """Values by metric and map. `better` has the metrics in the order of the file, `titles` their names."""

    name: str
    sha256: str
    better: Mapping[str, str]
    titles: Mapping[str, str]
    values: Mapping[str, Mapping[Key, float]]

    @classmethod
    def read(cls, path: str | Path) -> "MetricTable":
        """Read a CSV file. Raises MetricTableError."""
        try:
            return cls.from_csv(Path(path).read_bytes(), str(path))
        except FileNotFoundError:
            raise MetricTableError(f"{path}: no such file; name a table of metrics in CSV") from None
        except OSError as error:
            raise MetricTableError(f"{path}: {error.strerror or error}") from None

    @classmethod
    def from_csv(cls, data: bytes, name: str) -> "MetricTable":
        """Read the bytes of a CSV file; `name` stands in messages and in the report."""
        try:
            reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
            header, rows = list(reader.fieldnames or ()), list(reader)
        except (UnicodeDecodeError, csv.Error) as error:
            raise MetricTableError(f"{name}: is no CSV in UTF-8 ({error})") from None
        for column in COLUMNS:
            if column not in header:
                there, needed = ", ".join(header), ", ".join(COLUMNS)
                raise MetricTableError(f"{name}: no column '{column}' among {there}; needed are {needed}")
        better: dict[str, str] = {}
        titles: dict[str, str] = {}
        values: dict[str, dict[Key, float]] = {}
        for number, row in enumerate(rows, start=2):
            _take(f"{name}, row {number}", row, better, titles, values)
        if not better:
            raise MetricTableError(f"{name}: no metrics below the header; one row a map and metric is wanted")
        return cls(name, hashlib.sha256(data).hexdigest(), better, titles, values)

    def value(self, metric: str, method: str, label: str, replicate: str) -> float:
        """The value of a map; NaN where there is none. Methods go by slug or title, in any case."""
        found = self.values[metric]
        every = ((method.casefold(), one, replicate) for one in (label, ""))
        return next((found[key] for key in every if key in found), math.nan)


def _take(
    where: str,
    row: Mapping[str, str | None],
    better: dict[str, str],
    titles: dict[str, str],
    values: dict[str, dict[Key, float]],
) -> None:
    """One row into `better`, `titles` and `values`. Raises MetricTableError."""
    cells = {column: (row[column] or "").strip() for column in row if isinstance(column, str)}
    metric, direction = cells["metric"], cells["better"]
    if not metric or not cells["method"]:
        raise MetricTableError(f"{where}: a method and a metric are wanted in every row")
    if direction not in BETTER:
        allowed = " or ".join(BETTER)
        raise MetricTableError(f"{where}, column better: {quoted(direction)}; allowed is {allowed}")
    if better.setdefault(metric, direction) != direction:
        raise MetricTableError(
            f"{where}, column better: {quoted(metric)} was {better[metric]} is better before"
        )
    title = cells.get("metric_title") or metric
    if titles.setdefault(metric, title) != title:
        raise MetricTableError(
            f"{where}, column metric_title: {quoted(metric)} is {quoted(titles[metric])} in rows above, "
            f"not {quoted(title)}"
        )
    found = values.setdefault(metric, {})
    if not cells["value"]:
        return
    try:
        value = float(cells["value"])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise MetricTableError(
            f"{where}, column value: {quoted(cells['value'])} is not allowed; a finite number is, or nothing"
        )
    for method in dict.fromkeys(cells[c].casefold() for c in ("method", "title") if cells.get(c)):
        key = (method, cells["label"], cells["replicate"])
        if key in found:
            raise MetricTableError(
                f"{where}: {quoted(metric)} of {quoted(method)} for class {quoted(cells['label'])}, "
                f"replicate {quoted(cells['replicate'])} is there already; allowed is one row"
            )
        found[key] = value

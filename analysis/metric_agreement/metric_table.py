"""Tables of metrics of class maps: one row per map and metric, in CSV.

Required columns are `method`, `label`, `replicate`, `metric`, `value` and `better` (higher or lower). `title`
is another name of the method, `metric_title` the name of the metric in reports. An empty label means every
class, an empty value one that is undefined. The file metrics.csv of an evaluated explanation set is such a
table.
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
    """A fault of a table of metrics, in one line for the person who made it."""


@dataclass(frozen=True, eq=False)
class MetricTable:
    """Values by metric and map.

    `better` says for each metric, in the order of the file, which direction is better; `titles` has their
    names.
    """

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
            raise MetricTableError(
                f"{path}: no such file; give the path of a table of metrics in CSV"
            ) from None
        except OSError as error:
            raise MetricTableError(f"{path}: {error.strerror or error}") from None

    @classmethod
    def from_csv(cls, data: bytes, name: str) -> "MetricTable":
        """Read the bytes of a CSV file; `name` is used in messages and in the report.

        Raises MetricTableError.
        """
        try:
            reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
            header, rows = list(reader.fieldnames or ()), list(reader)
        except (UnicodeDecodeError, csv.Error) as error:
            raise MetricTableError(f"{name}: is not CSV in UTF-8 ({error})") from None
        for column in COLUMNS:
            if column not in header:
                present, required = ", ".join(header), ", ".join(COLUMNS)
                raise MetricTableError(f"{name}: no column '{column}' among {present}; required: {required}")
        better: dict[str, str] = {}
        titles: dict[str, str] = {}
        values: dict[str, dict[Key, float]] = {}
        for number, row in enumerate(rows, start=2):
            _take(f"{name}, row {number}", row, better, titles, values)
        if not better:
            raise MetricTableError(f"{name}: no metrics below the header; give one row per map and metric")
        return cls(name, hashlib.sha256(data).hexdigest(), better, titles, values)

    def value(self, metric: str, method: str, label: str, replicate: str) -> float:
        """Return the value of a map; NaN without one. Methods match by slug or title, in any case."""
        values = self.values[metric]
        keys = ((method.casefold(), each, replicate) for each in (label, ""))
        return next((values[key] for key in keys if key in values), math.nan)


def _take(
    where: str,
    row: Mapping[str, str | None],
    better: dict[str, str],
    titles: dict[str, str],
    values: dict[str, dict[Key, float]],
) -> None:
    """Enter one row into `better`, `titles` and `values`. Raises MetricTableError."""
    cells = {column: (row[column] or "").strip() for column in row if isinstance(column, str)}
    metric, direction = cells["metric"], cells["better"]
    if not metric or not cells["method"]:
        raise MetricTableError(f"{where}: every row needs a method and a metric")
    if direction not in BETTER:
        allowed = " or ".join(BETTER)
        raise MetricTableError(f"{where}, column better: must be {allowed} (got {quoted(direction)})")
    if better.setdefault(metric, direction) != direction:
        raise MetricTableError(
            f"{where}, column better: {quoted(metric)} has {better[metric]} in rows above "
            f"(got {quoted(direction)})"
        )
    title = cells.get("metric_title") or metric
    if titles.setdefault(metric, title) != title:
        raise MetricTableError(
            f"{where}, column metric_title: {quoted(metric)} is {quoted(titles[metric])} in rows above, "
            f"not {quoted(title)}"
        )
    of_metric = values.setdefault(metric, {})
    if not cells["value"]:
        return
    try:
        value = float(cells["value"])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise MetricTableError(
            f"{where}, column value: must be a finite number or empty (got {quoted(cells['value'])})"
        )
    for method in dict.fromkeys(cells[c].casefold() for c in ("method", "title") if cells.get(c)):
        key = (method, cells["label"], cells["replicate"])
        if key in of_metric:
            raise MetricTableError(
                f"{where}: {quoted(metric)} of {quoted(method)} for class {quoted(cells['label'])}, "
                f"replicate {quoted(cells['replicate'])} appears twice; keep one row"
            )
        of_metric[key] = value
